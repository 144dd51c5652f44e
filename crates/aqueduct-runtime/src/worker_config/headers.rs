//! Headers that the REST API adds to its answers (KIP-577).

/// What to do with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderAction {
    /// Replace it.
    Set,
    /// Add another one.
    Add,
    /// Replace it by a date.
    SetDate,
    /// Add a date.
    AddDate,
}

/// A header to add to answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRule {
    /// What to do.
    pub action: HeaderAction,
    /// The header's name.
    pub name: String,
    /// The value; for dates, milliseconds since 1970.
    pub value: String,
}

impl HeaderRule {
    /// Reads rules between commas, each `[action] [name]:[value]`, in double quotes if it holds a comma. Fails with
    /// Java's message.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        split(text).iter().map(|rule| Self::parse(rule)).collect()
    }

    fn parse(rule: &str) -> Result<Self, String> {
        let Some((action, header)) = rule.split_once(char::is_whitespace) else {
            return Err(format!(
                "Invalid format of header config '{rule}'. Expected: '[action] [header name]:[header value]'"
            ));
        };
        let action = match action {
            "set" => HeaderAction::Set,
            "add" => HeaderAction::Add,
            "setDate" => HeaderAction::SetDate,
            "addDate" => HeaderAction::AddDate,
            other => {
                return Err(format!(
                    "Invalid header config action: '{other}'. Expected one of [set, add, setDate, addDate]"
                ));
            }
        };
        let header = header.trim();
        let (name, value) = match header.split_once(':') {
            Some((name, value)) if !value.is_empty() => (name.trim(), value.trim()),
            _ => {
                return Err(format!(
                    "Invalid format of header name and header value pair '{header}'. Expected: '[header name]:[header \
                     value]'"
                ));
            }
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!(
                "Invalid header name '{name}'. The '[header name]' cannot contain whitespace"
            ));
        }
        Ok(Self { action, name: name.to_owned(), value: value.to_owned() })
    }
}

/// Cuts at commas outside of double quotes, and takes the quotes away.
fn split(text: &str) -> Vec<String> {
    let mut rules = Vec::new();
    let mut rule = String::new();
    let mut quoted = false;
    for char in text.chars() {
        match char {
            '"' => quoted = !quoted,
            ',' if !quoted => rules.push(std::mem::take(&mut rule)),
            char => rule.push(char),
        }
    }
    rules.push(rule);
    rules.iter().map(|rule| rule.trim().to_owned()).filter(|rule| !rule.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rules() {
        let rules = HeaderRule::parse_all(
            r#"add  x:y,  "set Cache-Control: no-cache, no-store", setDate Expires: 0"#,
        );
        let rule = |action, name: &str, value: &str| HeaderRule {
            action,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(
            rules,
            Ok(vec![
                rule(HeaderAction::Add, "x", "y"),
                rule(HeaderAction::Set, "Cache-Control", "no-cache, no-store"),
                rule(HeaderAction::SetDate, "Expires", "0"),
            ])
        );
        assert_eq!(HeaderRule::parse_all(""), Ok(Vec::new()));
    }

    #[test]
    fn says_what_java_says() {
        for (rule, message) in [
            (
                "foo",
                "Invalid format of header config 'foo'. Expected: '[action] [header name]:[header value]'",
            ),
            ("del a:b", "Invalid header config action: 'del'. Expected one of [set, add, setDate, addDate]"),
            (
                "add a",
                "Invalid format of header name and header value pair 'a'. Expected: '[header name]:[header value]'",
            ),
            (
                "set a:",
                "Invalid format of header name and header value pair 'a:'. Expected: '[header name]:[header value]'",
            ),
            ("add a b:c", "Invalid header name 'a b'. The '[header name]' cannot contain whitespace"),
            ("add :b", "Invalid header name ''. The '[header name]' cannot contain whitespace"),
        ] {
            assert_eq!(HeaderRule::parse_all(rule), Err(message.to_owned()));
        }
    }
}
