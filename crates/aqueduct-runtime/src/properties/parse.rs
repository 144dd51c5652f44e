//! The format of `java.util.Properties`.

use aqueduct_api::ConfigMap;

use super::PropertiesError;

/// The entries of a properties text, in the order of their lines; of a repeated key the last value counts.
///
/// A line that ends in a backslash goes on in the next. `#` and `!` begin comments. A key ends at `=`, `:` or white
/// space; `\t`, `\n`, `\r`, `\f` and `\uXXXX` are escapes, and any other character after a backslash stands for itself.
pub fn parse(text: &str) -> Result<ConfigMap, PropertiesError> {
    let mut entries = ConfigMap::new();
    let mut lines = Lines { rest: text, line: 0 };
    while let Some((line, logical)) = lines.next_logical() {
        let (key, value) = split(&logical);
        let malformed = || PropertiesError::Escape { line };
        let key = unescape(key).ok_or_else(malformed)?;
        let value = unescape(value).ok_or_else(malformed)?;
        entries.insert(key, value);
    }
    Ok(entries)
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\u{c}')
}

/// What is left of a text, cut into lines.
struct Lines<'a> {
    rest: &'a str,
    /// The number of the line that was cut off last.
    line: usize,
}

impl<'a> Lines<'a> {
    /// The next line of the text without its end, and how many characters the end has.
    fn next_natural(&mut self) -> Option<(&'a str, usize)> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let Some(end) = self.rest.find(['\n', '\r']) else {
            return Some((std::mem::take(&mut self.rest), 0));
        };
        let (line, rest) = self.rest.split_at(end);
        let ending = if rest.starts_with("\r\n") { 2 } else { 1 };
        self.rest = rest.get(ending..).unwrap_or_default();
        Some((line, ending))
    }

    /// The next line that is neither blank nor a comment, with the lines that go on from it, and its number.
    fn next_logical(&mut self) -> Option<(usize, String)> {
        let mut logical = String::new();
        let mut first = 0;
        let mut goes_on = false;
        while let Some((line, ending)) = self.next_natural() {
            let line = line.trim_start_matches(is_space);
            if goes_on && line.is_empty() && !logical.is_empty() {
                return Some((first, logical));
            }
            if !goes_on || line.is_empty() {
                if line.is_empty() || line.starts_with(['#', '!']) {
                    goes_on = false;
                    continue;
                }
                first = self.line;
            }
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if backslashes % 2 == 0 {
                logical.push_str(line);
                return Some((first, logical));
            }
            logical.push_str(line.get(..line.len() - 1).unwrap_or_default());
            // As in Java, a backslash on the last line makes an entry even of nothing, unless the line ends in CR LF.
            if self.rest.is_empty() && ending < 2 {
                return Some((first, logical));
            }
            goes_on = true;
        }
        (!logical.is_empty()).then_some((first, logical))
    }
}

/// Cuts a line into key and value, both still with their escapes.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|(_, char)| {
        let ends = !escaped && (is_space(*char) || matches!(char, '=' | ':'));
        escaped = !escaped && *char == '\\';
        ends
    });
    let Some((end, _)) = end else {
        return (line, "");
    };
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(is_space);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, value.trim_start_matches(is_space))
}

/// `None` for a malformed `\u`. Halves of surrogate pairs that stay alone become U+FFFD.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let unescaped = match char {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some('u') => {
                    let digits = chars
                        .as_str()
                        .get(..4)
                        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
                    units.push(u16::from_str_radix(digits, 16).ok()?);
                    chars = chars.as_str().get(4..)?.chars();
                    continue;
                }
                Some(other) => other,
                None => continue,
            },
            char => char,
        };
        units.extend_from_slice(unescaped.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, entries: &[(&str, &str)]) {
        let parsed = parse(text).expect(text);
        let parsed: Vec<(&str, &str)> =
            parsed.iter().map(|(key, value)| (key, value.expect("a text"))).collect();
        assert_eq!(parsed, entries, "{text:?}");
    }

    #[test]
    fn reads_what_java_writes() {
        check("a=b\nc : d\ne f\ng\n", &[("a", "b"), ("c", "d"), ("e", "f"), ("g", "")]);
        check("# no\n! no\n\n  a=b  \r\nc=d\re=f", &[("a", "b  "), ("c", "d"), ("e", "f")]);
        check("a=b\\\n   c\\\n#d\n", &[("a", "bc#d")]);
        check("a\\=b=c\\:\\ \\\\d\n", &[("a=b", "c: \\d")]);
        check("a=\\u00e9\\ud83d\\ude00\\t\\x", &[("a", "é😀\tx")]);
        check("a=1\na=2\n", &[("a", "2")]);
        check("", &[]);
        check("\\", &[("", "")]);
        check("\\\n", &[("", "")]);
        check("\\\r\n", &[]);
    }

    #[test]
    fn names_the_line_of_a_malformed_escape() {
        let error = parse("a=b\n\nc=\\u12\n").expect_err("malformed");
        assert_eq!(error.to_string(), "Malformed \\uxxxx encoding. (line 3)");
    }
}
