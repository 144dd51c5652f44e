//! Parts of URIs, read and written as the Java worker does.

/// The values of a query parameter, in order.
pub(super) fn query_values(query: Option<&str>, name: &str) -> Vec<String> {
    url_pairs(query.unwrap_or_default()).filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

/// Java's reading of a boolean parameter: the first value counts, and anything but true is false. `None` without a value.
pub(super) fn query_boolean(query: Option<&str>, name: &str) -> Option<bool> {
    query_values(query, name).first().map(|value| value.eq_ignore_ascii_case("true"))
}

/// The same where none means false.
pub(super) fn query_flag(query: Option<&str>, name: &str) -> bool {
    query_boolean(query, name).unwrap_or(false)
}

/// A name as part of a path. Java leaves the slash as it is.
pub(super) fn encode_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            | b';' | b'=' | b':' | b'@' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn url_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (url_decode(key), url_decode(value))
    })
}

fn url_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_java_reads_them() {
        let check = |query, expected| {
            assert_eq!(query_boolean(Some(query), "onlyFailed"), expected, "{query}");
            assert_eq!(query_flag(Some(query), "onlyFailed"), expected == Some(true), "{query}");
        };
        check("onlyFailed=true", Some(true));
        check("onlyFailed=TRUE&includeTasks=x", Some(true));
        check("onlyFailed=false&onlyFailed=true", Some(false));
        check("onlyFailed=bad", Some(false));
        check("onlyFailed", Some(false));
        check("onlyfailed=true", None);
        check("only%46ailed=%74rue", Some(true));
    }

    #[test]
    fn names_are_encoded_as_parts_of_a_path() {
        assert_eq!(encode_segment("s p"), "s%20p");
        assert_eq!(encode_segment("a/b?c=1þ"), "a/b%3Fc=1%C3%BE");
    }
}
