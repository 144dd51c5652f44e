//! Texts for the log without the secrets that they may quote.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// `name=value` where the name is that of a secret: up to the comma, brace or quote behind it, and of a JAAS entry up to
/// its semicolon.
static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?ix)
        ( [\w.\-]* jaas [\w.\-]* = ) [^;}]*
        | ( [\w.\-]* (?: password | passphrase | secret | token | credential | (?: api | access | private | keystore ) [._\-]? key )
            [\w.\-]* = ) (?: "[^"]*" | [^,}\n]* )"#;
    Regex::new(pattern).ok()
});

/// The text with `[hidden]` in place of each value whose name is that of a password or the like.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    match &*SECRETS {
        Some(secrets) => secrets.replace_all(text, "$1$2[hidden]"),
        None => Cow::Borrowed(text),
    }
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
    }
}
