//! Files of configuration: Java properties, and connector files.

use std::path::Path;

use aqueduct_runtime::properties::{self, ConnectorFile};

use crate::target::{Target, text, texts};

pub(crate) const PROPERTIES: Target = Target {
    name: "properties",
    corpus: || {
        texts(&[
            "a=b\nc : d\ne f\n# comment\n! comment\n",
            "key\\ with\\=signs = value\\u00e9\\\n    continued\r\n",
            "a\\:b\\u0041=\\t\\n\\q\n",
            "empty\n=\n",
        ])
    },
    words: &[
        "=", ":", " ", "\t", "\n", "\r\n", "\\", "\\\n", "\\u", "\\u00e9", "\\ud83d", "#", "!", "a", "é",
        "\u{c}",
    ],
    run: |bytes| {
        let _ = properties::parse(&text(bytes));
    },
};

pub(crate) const CONNECTOR_FILE: Target = Target {
    name: "connector-file",
    corpus: || {
        texts(&[
            r#"{"name":"c","tasks.max":2,"x":null,"y":true}"#,
            r#"{"name":"c","config":{"name":"c","a":"b"},"initial_state":"PAUSED"}"#,
            "name=c\ntasks.max=1\n",
        ])
    },
    words: &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"name\"",
        "\"config\"",
        "\"initial_state\"",
        "\"c\"",
        "1e999",
        "null",
        "true",
        "\\u",
        "name=",
        "\n",
        "[[",
        "{\"a\":",
    ],
    run: |bytes| {
        let _ = ConnectorFile::parse(bytes.to_vec(), Path::new("connector.json"));
    },
};
