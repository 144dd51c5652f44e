//! Texts for the log without the secrets that they may quote.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What a secret is called. Longer names with one of these in them are meant too.
const NAMES: &str = r"(?: password | passphrase | secret | token | credential | (?: api | access | private | keystore ) [._\-]? key )";

/// `name=value` or `"name": "value"` where the name is that of a secret, and the password of a URL. A value goes up to
/// the comma, brace or quote behind it, and that of a JAAS entry up to its semicolon.
static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = format!(
        r#"(?ix)
        ( [\w.\-]* jaas [\w.\-]* = ) [^;}}]*
        | ( [\w.\-]* {NAMES} [\w.\-]* = ) (?: "[^"]*" | [^,}}\n]* )
        | ( " [\w.\-]* (?: jaas | {NAMES} ) [\w.\-]* " \s* : \s* ) " (?: [^"\\] | \\. )* "
        | ( [a-z][a-z0-9+.\-]* :// [^\s:/@]* : ) [^\s/@]+ @"#
    );
    Regex::new(&pattern).ok()
});

/// The text with `[hidden]` in place of each value whose name is that of a password or the like.
pub fn masked(text: &str) -> Cow<'_, str> {
    let Some(secrets) = &*SECRETS else { return Cow::Borrowed(text) };
    secrets.replace_all(text, |found: &Captures<'_>| {
        let begin = |group: usize| found.get(group).map(|begin| begin.as_str());
        match (begin(1).or_else(|| begin(2)), begin(3), begin(4)) {
            (Some(name), ..) => format!("{name}[hidden]"),
            (_, Some(name), _) => format!("{name}\"[hidden]\""),
            (.., url) => format!("{}[hidden]@", url.unwrap_or_default()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_hidden() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
        check(
            "Connector config {name=c, topic=t} contains no connector type",
            "Connector config {name=c, topic=t} contains no connector type",
        );
        check("{db.password=a b, topic=t}", "{db.password=[hidden], topic=t}");
        check("{topic=t, aws.secret.access.key=x}", "{topic=t, aws.secret.access.key=[hidden]}");
        check("PASSWORD=\"a,b\", x=1", "PASSWORD=[hidden], x=1");
        check(
            "{p.sasl.jaas.config=a.B required username=\"u\" password=\"x,y\";, topic=t}",
            "{p.sasl.jaas.config=[hidden];, topic=t}",
        );
        check("ssl.keystore.key=k\nnext", "ssl.keystore.key=[hidden]\nnext");
        check(r#"{"db.Password": "a\",b", "topic":"t"}"#, r#"{"db.Password": "[hidden]", "topic":"t"}"#);
        check(
            "cannot reach https://u:p%40x@host:1/a?b=c or http://host:1/",
            "cannot reach https://u:[hidden]@host:1/a?b=c or http://host:1/",
        );
        check("Invalid value for password: too short", "Invalid value for password: too short");
    }
}
