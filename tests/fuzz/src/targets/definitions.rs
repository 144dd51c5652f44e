//! `ConfigDef`: texts to typed values, and all that validation says of them.

use aqueduct_api::{ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Validator};

use crate::target::{Target, text, texts};

pub(crate) const TARGET: Target = Target {
    name: "config",
    corpus: || {
        texts(&[
            "true",
            " 12 ",
            "-32768",
            "1.5e3",
            "0x1p-3",
            "a, b ,c,,a",
            "class.Name",
            "ERROR",
            "٣",
            "(a|b)+",
        ])
    },
    words: &[
        "true",
        "FALSE",
        "1",
        "-",
        "+",
        ".",
        "e",
        "E",
        "d",
        "f",
        "0x",
        "p",
        "NaN",
        "Infinity",
        "1e1000000000",
        "9",
        ",",
        " ",
        "\t",
        "\u{a0}",
        "٣",
        "a",
        "(",
        ")",
        "[",
        "\\",
        "*",
        "{2}",
        "\u{0}",
        "2147483648",
    ],
    run,
};

fn definition() -> ConfigDef {
    let key = |name: &'static str, kind| ConfigKey::required(name, kind, Importance::High, "");
    let kinds = [
        ConfigType::Boolean,
        ConfigType::String,
        ConfigType::Int,
        ConfigType::Short,
        ConfigType::Long,
        ConfigType::Double,
        ConfigType::List,
        ConfigType::Class,
        ConfigType::Password,
    ];
    let plain = kinds.into_iter().map(|kind| key(kind.name(), kind));
    let checked = [
        key("between", ConfigType::Double).validator(Validator::between(0.0, 1e9)),
        key("at least", ConfigType::Long).validator(Validator::at_least(1)),
        key("list", ConfigType::List).validator(Validator::any_non_duplicate_values(false, false)),
        key("list of", ConfigType::List).validator(Validator::list_in(["a", "b"])),
        key("name", ConfigType::String).validator(Validator::non_empty_without_control_chars()),
        key("any case", ConfigType::String).validator(Validator::case_insensitive(["NONE", "ALL"])),
        key("regex", ConfigType::String).validator(Validator::regex()),
    ];
    plain.chain(checked).collect()
}

fn run(bytes: &[u8]) {
    let text = text(bytes);
    let definition = definition();
    let config: ConfigMap =
        definition.keys().iter().map(|key| (key.name.to_string(), Some(text.to_string()))).collect();
    for value in definition.validate(&config) {
        let key = definition.key(&value.name).expect("a defined key");
        let alone: ConfigDef = [key.clone()].into_iter().collect();
        let parsed = alone.parse(&config);
        // Parsing drops the repeated entries that validation complains of.
        let is_repeated = value.errors.iter().any(|error| error.ends_with("values must not be duplicated."));
        assert!(
            is_repeated || parsed.is_ok() == value.errors.is_empty(),
            "{}: {:?}",
            value.name,
            value.errors
        );
    }
}
