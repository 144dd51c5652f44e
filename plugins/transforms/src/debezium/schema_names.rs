//! Names of schemas that a format can bear.

use aqueduct_api::{ConfigKey, ConfigType, Importance, Validator, Width};

use super::placed;

/// `schema.name.adjustment.mode`
pub(super) const MODE: &str = "schema.name.adjustment.mode";

/// What becomes of characters that Avro has not in its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Adjustment {
    /// They stay.
    #[default]
    None,
    /// Each becomes an underscore; one that is only no first character gets one before it.
    Avro,
    /// Each becomes `_u` and its number in hexadecimal, and so does the underscore itself, so that names stay distinct.
    AvroUnicode,
}

pub(super) fn key() -> ConfigKey {
    let key = ConfigKey::new(
        MODE,
        ConfigType::String,
        "none",
        Importance::Medium,
        "What becomes of characters in the new names of schemas that Avro has not in its names. none: they stay. avro: \
         each becomes an underscore. avro_unicode: each becomes `_u` and its four hexadecimal digits, the underscore too.",
    );
    let key = key.validator(Validator::case_insensitive(["none", "avro", "avro_unicode"]));
    placed(key, Width::Medium, "Schema Name Adjustment")
}

impl Adjustment {
    pub(super) fn from_name(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "avro" => Self::Avro,
            "avro_unicode" => Self::AvroUnicode,
            _ => Self::None,
        }
    }

    /// The name, adjusted.
    pub(super) fn adjust(self, name: &str) -> String {
        if self == Self::None {
            return name.to_owned();
        }
        let mut adjusted = String::with_capacity(name.len());
        for (at, unit) in name.encode_utf16().enumerate() {
            let c = char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
            let begins = c.is_ascii_alphabetic() || (c == '_' && self == Self::Avro);
            let follows = begins || c.is_ascii_digit() || c == '.';
            match self {
                _ if begins || (follows && at > 0) => adjusted.push(c),
                Self::AvroUnicode => adjusted.push_str(&format!("_u{unit:04x}")),
                _ if follows => adjusted.extend(['_', c]),
                _ => adjusted.push('_'),
            }
        }
        adjusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn avros_names_have_letters_digits_underscores_and_points() {
        let check = |name: &str, avro: &str, unicode: &str| {
            assert_eq!(Adjustment::None.adjust(name), name);
            assert_eq!(Adjustment::Avro.adjust(name), avro);
            assert_eq!(Adjustment::AvroUnicode.adjust(name), unicode);
        };
        check("a.b9.Key", "a.b9.Key", "a.b9.Key");
        check("a_b-c", "a_b_c", "a_u005fb_u002dc");
        check("9é.Key", "_9_.Key", "_u0039_u00e9.Key");
        check("😀", "__", "_ud83d_ude00");
    }
}
