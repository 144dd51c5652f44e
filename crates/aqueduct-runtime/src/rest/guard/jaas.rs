//! Files of JAAS entries: `Name { Module flag option="value" ...; };`.

use aqueduct_kafka::config::JaasEntry;

/// The only module of the entry of this name.
pub(super) fn entry(text: &str, name: &str) -> Result<JaasEntry, String> {
    let text = without_comments(text);
    let mut rest = text.as_str();
    while let Some(open) = find_outside_quotes(rest, '{') {
        let close = find_outside_quotes(&rest[open..], '}').ok_or("an entry has no closing brace")? + open;
        let found = rest[..open].trim_start_matches([';', ' ', '\t', '\r', '\n']).trim();
        if found.trim_matches(['"', '\'']) == name {
            return JaasEntry::parse(rest[open + 1..close].trim()).map_err(|error| error.to_string());
        }
        rest = &rest[close + 1..];
    }
    Err(format!("there is no entry {name}"))
}

/// Where a char stands that is part of no quoted value.
fn find_outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    text.char_indices().find_map(|(at, char)| {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if char == '\\' => escaped = true,
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if char == wanted => return Some(at),
            None if matches!(char, '"' | '\'') => quote = Some(char),
            None => {}
        }
        None
    })
}

/// The text with a blank for each comment in Java's two styles.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(slash) = find_outside_quotes(rest, '/') {
        out.push_str(&rest[..slash]);
        let after = &rest[slash..];
        rest = if after.starts_with("//") {
            out.push(' ');
            after.split_once('\n').map_or("", |(_, rest)| rest)
        } else if after.starts_with("/*") {
            out.push(' ');
            after.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            out.push('/');
            &after[1..]
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_name() {
        let text = r#"
            // KafkaConnect { a.Wrong required; };
            KafkaClient { a.Plain required password="};{ // no comment"; };
            /* and now */ KafkaConnect {
                a.b.Files required
                file=/etc/users.properties /* here */ ;
            };"#;
        let found = entry(text, "KafkaConnect").expect("an entry");
        assert_eq!((found.module.as_str(), found.option("file")), ("Files", Some("/etc/users.properties")));
        let found = entry(text, "KafkaClient").expect("an entry");
        assert_eq!(found.option("password"), Some("};{ // no comment"));
        assert_eq!(entry(text, "Other").expect_err("none"), "there is no entry Other");
        assert!(entry("A { x required;", "A").is_err());
        assert!(entry("KafkaConnect { A required; B required; };", "KafkaConnect").is_err());
    }
}
