//! The properties that `\p{…}` names.

use super::class::Class;
use super::cursor::Flags;

/// What Java says to the name of a property.
pub(super) enum Property {
    /// It is this set.
    Set(Class),
    /// There is none of this name.
    Unknown,
    /// Java has one of this name, and this engine has not.
    Unsupported,
}

const CASED_LETTERS: &str = r"[\p{Lu}\p{Ll}\p{Lt}]";
const CASED_CHARACTERS: &str = r"[\p{Lowercase}\p{Uppercase}\p{Lt}]";
pub(super) const UNICODE_WORD: &str = r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]";
const UNICODE_GRAPH: &str = r"[^\p{Z}\p{Cc}\p{Cn}]";

impl Property {
    fn found(text: Option<&str>) -> Self {
        text.map_or(Self::Unknown, |text| Self::Set(Class::raw(text)))
    }

    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Unknown => other(),
            found => found,
        }
    }

    /// The property of a name between braces.
    pub(super) fn named(name: &str, flags: Flags) -> Self {
        if let Some((key, value)) = name.split_once('=') {
            return match key.to_lowercase().as_str() {
                "sc" | "script" => script(value),
                "gc" | "general_category" => java(value, flags),
                "blk" | "block" => Self::Unsupported,
                _ => Self::Unknown,
            };
        }
        if name.starts_with("In") {
            return Self::Unsupported;
        }
        if let Some(short) = name.strip_prefix("Is") {
            return Self::found(unicode(short, flags))
                .or_else(|| java(short, flags))
                .or_else(|| script(short));
        }
        let posix = if flags.unicode_classes { posix_as_unicode(name, flags) } else { None };
        Self::found(posix).or_else(|| java(name, flags))
    }
}

/// The names of Unicode properties, which stand behind `Is`.
fn unicode(name: &str, flags: Flags) -> Option<&'static str> {
    Some(match name.to_uppercase().as_str() {
        "LOWERCASE" | "UPPERCASE" | "TITLECASE" if flags.ignore_case => CASED_CHARACTERS,
        "ALPHABETIC" => r"[\p{Alphabetic}]",
        "LETTER" => r"[\p{L}]",
        "IDEOGRAPHIC" => r"[\p{Ideographic}]",
        "LOWERCASE" => r"[\p{Lowercase}]",
        "UPPERCASE" => r"[\p{Uppercase}]",
        "TITLECASE" => r"[\p{Lt}]",
        "WHITE_SPACE" | "WHITESPACE" => r"[\p{White_Space}]",
        "CONTROL" => r"[\p{Cc}]",
        "PUNCTUATION" => r"[\p{P}]",
        "HEX_DIGIT" | "HEXDIGIT" => r"[\p{Nd}\p{Hex_Digit}]",
        "ASSIGNED" => r"[^\p{Cn}]",
        "NONCHARACTER_CODE_POINT" | "NONCHARACTERCODEPOINT" => r"[\p{Noncharacter_Code_Point}]",
        "DIGIT" => r"[\p{Nd}]",
        "ALNUM" => r"[\p{Alphabetic}\p{Nd}]",
        "BLANK" => r"[\p{Zs}\t]",
        "GRAPH" => UNICODE_GRAPH,
        "PRINT" => r"[\p{Zs}[^\p{Z}\p{Cc}\p{Cn}]]",
        "WORD" => UNICODE_WORD,
        "JOIN_CONTROL" | "JOINCONTROL" => r"[\x{200c}\x{200d}]",
        _ => return None,
    })
}

/// The POSIX names under the flag `U`.
fn posix_as_unicode(name: &str, flags: Flags) -> Option<&'static str> {
    let name = match name.to_uppercase().as_str() {
        "ALPHA" => "ALPHABETIC",
        "LOWER" => "LOWERCASE",
        "UPPER" => "UPPERCASE",
        "SPACE" => "WHITE_SPACE",
        "PUNCT" => "PUNCTUATION",
        "XDIGIT" => "HEX_DIGIT",
        "ALNUM" => "ALNUM",
        "CNTRL" => "CONTROL",
        "DIGIT" => "DIGIT",
        "BLANK" => "BLANK",
        "GRAPH" => "GRAPH",
        "PRINT" => "PRINT",
        _ => return None,
    };
    unicode(name, flags)
}

/// General categories, the POSIX names over ASCII, and the methods of `java.lang.Character`.
fn java(name: &str, flags: Flags) -> Property {
    const CATEGORIES: [&str; 35] = [
        "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf",
        "Co", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf", "L", "M", "N", "Z", "P", "S",
    ];
    if flags.ignore_case {
        match name {
            "Lu" | "Ll" | "Lt" => return Property::Set(Class::raw(CASED_LETTERS)),
            "Lower" | "Upper" => return Property::Set(Class::raw("[a-zA-Z]")),
            "javaLowerCase" | "javaUpperCase" | "javaTitleCase" => {
                return Property::Set(Class::raw(CASED_CHARACTERS));
            }
            _ => {}
        }
    }
    if CATEGORIES.contains(&name) {
        return Property::Set(Class::raw(format!(r"[\p{{{name}}}]")));
    }
    match name {
        // Halves of surrogate pairs: no text has any.
        "Cs" => Property::Set(Class::none()),
        "all" => Property::Set(Class::any()),
        "javaMirrored" => Property::Unsupported,
        _ => Property::found(posix(name).or_else(|| of_character(name))),
    }
}

fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "C" => r"[\p{C}]",
        "LC" => CASED_LETTERS,
        "LD" => r"[\p{L}\p{Nd}]",
        "L1" => r"[\x00-\x{ff}]",
        "ASCII" => r"[\x00-\x7f]",
        "Alnum" => "[0-9A-Za-z]",
        "Alpha" => "[A-Za-z]",
        "Blank" => r"[ \t]",
        "Cntrl" => r"[\x00-\x1f\x7f]",
        "Digit" => "[0-9]",
        "Graph" => r"[\x21-\x7e]",
        "Lower" => "[a-z]",
        "Print" => r"[\x20-\x7e]",
        "Punct" => r"[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]",
        "Space" => r"[\x09-\x0d\x20]",
        "Upper" => "[A-Z]",
        "XDigit" => "[0-9A-Fa-f]",
        _ => return None,
    })
}

/// `java…`, after the methods `is…` of `java.lang.Character`.
fn of_character(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("java")? {
        "LowerCase" => r"[\p{Lowercase}]",
        "UpperCase" => r"[\p{Uppercase}]",
        "Alphabetic" => r"[\p{Alphabetic}]",
        "Ideographic" => r"[\p{Ideographic}]",
        "TitleCase" => r"[\p{Lt}]",
        "Digit" => r"[\p{Nd}]",
        "Defined" => r"[^\p{Cn}]",
        "Letter" => r"[\p{L}]",
        "LetterOrDigit" => r"[\p{L}\p{Nd}]",
        "JavaIdentifierStart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}]",
        "JavaIdentifierPart" => {
            r"[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x{9f}]"
        }
        "UnicodeIdentifierStart" => r"[\p{L}\p{Nl}\p{Other_ID_Start}]",
        "UnicodeIdentifierPart" => {
            r"[\p{L}\p{Nl}\p{Other_ID_Start}\p{Other_ID_Continue}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x{9f}]"
        }
        "IdentifierIgnorable" => r"[\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x{9f}]",
        "SpaceChar" => r"[\p{Z}]",
        "Whitespace" => r"[\p{Z}\x09-\x0d\x1c-\x1f&&[^\x{a0}\x{2007}\x{202f}]]",
        "ISOControl" => r"[\x00-\x1f\x7f-\x{9f}]",
        _ => return None,
    })
}

fn script(name: &str) -> Property {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
        return Property::Unknown;
    }
    let class = format!(r"[\p{{Script={name}}}]");
    match fancy_regex::Regex::new(&class) {
        Ok(_) => Property::Set(Class::raw(class)),
        Err(_) => Property::Unknown,
    }
}
