//! Java's regular expressions: a pattern, a text and a replacement, with zero bytes between them.

use aqueduct_api::java_regex::JavaRegex;

use crate::target::{Target, parts, text, texts};

pub(crate) const TARGET: Target = Target {
    name: "regex",
    corpus: || {
        texts(&[
            "(.*)customers_shard(\\d+)\0db.customers_shard12\0$1all_$2",
            "(?<a>x+)(?i:y)*+\\k<a>\0xxyYxx\0${a}",
            "[a-z&&[^b]]{2,3}(?=\\.)|\\Qa.b\\E\0abc.ac.\0",
            "(a|b|ab)*c(?!d)(?<=c)\0abababc\0$0",
            "(a*)*b\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\0",
            "(?x) a # comment\n b\\p{L}\\p{javaLowerCase}\\x{1F600}\0abé\0\\$",
            "^\\W(?>a+)\\R\\h\\b.$\0 aa\n\tb\0",
        ])
    },
    words: &[
        "a",
        "b",
        "Z",
        "0",
        "9",
        "é",
        "😀",
        " ",
        "#",
        "\\n",
        ".",
        "*",
        "+",
        "?",
        "{",
        "}",
        "{2,3}",
        "{1000}",
        "{2147483647}",
        "(",
        ")",
        "(?:",
        "(?=",
        "(?!",
        "(?<!",
        "(?<=",
        "(?<n>",
        "(?i)",
        "(?x)",
        "(?s-m:",
        "(?>",
        "[",
        "]",
        "[^",
        "&&",
        "-",
        "|",
        "^",
        "$",
        "\\",
        "\\Q",
        "\\E",
        "\\p{L}",
        "\\P{IsGreek}",
        "\\b",
        "\\1",
        "\\k<n>",
        "\\x{10ffff}",
        "\\c",
        "\\0",
        "$1",
        "${n}",
        "\u{0}",
        "((((",
        "[[[[",
        "(?:(?:",
        "(a*)*",
    ],
    run,
};

fn run(bytes: &[u8]) {
    let [pattern, subject, replacement] = parts(bytes).map(text);
    let regex = match JavaRegex::new(&pattern) {
        Ok(regex) => regex,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let (whole, found) = (regex.matches(&subject), regex.find(&subject));
    if let (Ok(true), Ok(None)) = (&whole, &found) {
        panic!("{pattern:?} matches all of {subject:?}, and nothing in it");
    }
    if let Ok(replacement) = regex.replacement(&replacement) {
        let _ = regex.replace_first(&subject, &replacement);
    }
}
