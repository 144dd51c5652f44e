//! Nothing that a configuration or a record can hold makes the crate panic.

use aqueduct_api::java_regex::JavaRegex;
use aqueduct_transforms::date_format::DateFormat;
use aqueduct_transforms::field_path::{FieldPath, FieldSyntax};
use proptest::prelude::*;

/// Texts that look like patterns.
fn regex_like() -> impl Strategy<Value = String> {
    const PARTS: [&str; 40] = [
        "a", "b", "Z", "0", "9", "é", "😀", " ", "#", "\\n", ".", "*", "+", "?", "{", "}", "{2,3}", "(", ")",
        "(?:", "(?=", "(?<!", "(?<n>", "(?i)", "(?x)", "(?>", "[", "]", "[^", "&&", "-", "|", "^", "$", "\\",
        "\\Q", "\\E", "\\p{L}", "\\b", "\\1",
    ];
    proptest::collection::vec(prop::sample::select(PARTS.to_vec()), 0..12).prop_map(|parts| parts.concat())
}

/// Texts that look like patterns of dates.
fn date_like() -> impl Strategy<Value = String> {
    "[GyYMLwWDdFEuaHkKhmsSzZX' :/.T0-9b-]{0,12}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn regular_expressions(pattern in regex_like(), any in any::<String>(), text in ".{0,12}", replacement in any::<String>()) {
        for pattern in [&pattern, &any] {
            let Ok(regex) = JavaRegex::new(pattern) else { continue };
            let whole = regex.matches(&text);
            let found = regex.find(&text);
            if let (Ok(true), Ok(None)) = (whole, found) {
                panic!("{pattern:?} matches all of {text:?}, and nothing in it");
            }
            if let Ok(replacement) = regex.replacement(&replacement) {
                let _ = regex.replace_first(&text, &replacement);
            }
        }
    }

    #[test]
    fn dates(pattern in date_like(), any in any::<String>(), text in "[0-9A-Za-z:+. -]{0,20}", epoch_ms in any::<i64>()) {
        for pattern in [&pattern, &any] {
            let Ok(format) = DateFormat::new(pattern) else { continue };
            let mut formatted = String::new();
            format.format(epoch_ms, &mut formatted);
            let _ = format.parse(&text);
            let _ = format.parse(&formatted);
            let _ = format.parse(&any);
        }
    }

    #[test]
    fn full_dates_come_back(epoch_ms in -200_000_000_000_000_i64..200_000_000_000_000) {
        for pattern in ["G yyyy-MM-dd HH:mm:ss.SSS", "yyyyMMddHHmmssSSS G", "G yyyy DDD kk mm ss SSS X"] {
            let format = DateFormat::new(pattern).expect("a good pattern");
            let mut text = String::new();
            format.format(epoch_ms, &mut text);
            // Without blanks, more than four digits of a year run into the month.
            if pattern.starts_with('y') && epoch_ms.abs() > 60_000_000_000_000 { continue }
            // The days of 1582 after the change are counted as Julian.
            if pattern.contains('D') && text.contains(" 1582 ") { continue }
            prop_assert_eq!(format.parse(&text), Some(epoch_ms), "{} as {}", pattern, text);
        }
    }

    #[test]
    fn paths(path in "[ab.`\\\\é]{0,10}") {
        let _ = FieldPath::parse(&path, FieldSyntax::V2);
        let v1 = FieldPath::parse(&path, FieldSyntax::V1).expect("any text is a name");
        prop_assert_eq!(v1.steps().map(|step| step.as_str()).collect::<Vec<_>>(), [path.as_str()]);
    }
}
