//! Keys from tables: one a line, with tabs between name, type, importance, default, check and documentation.

use aqueduct_api::config::{AnyClass, ConfigDefault, Parsed};
use aqueduct_api::{ConfigKey, ConfigType, Importance, Validator};

/// Reads a default: `!` if the key must be set, `~` for null, or a text behind `=`.
pub(crate) fn default(kind: ConfigType, name: &str, text: &str) -> Option<ConfigDefault> {
    match text {
        "!" => Some(ConfigDefault::Required),
        "~" => Some(Parsed::Null.into()),
        text => Some(kind.parse(name, text.strip_prefix('=')?, &AnyClass).ok()?.into()),
    }
}

/// Reads a line; `None` if it is malformed, which a test excludes.
pub(super) fn key(line: &'static str) -> Option<ConfigKey> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let kind = ConfigType::from_name(columns.next()?)?;
    let importance = Importance::from_name(columns.next()?)?;
    let default = default(kind, name, columns.next()?)?;
    let check = columns.next()?;
    let mut key = ConfigKey::required(name, kind, importance, columns.next()?);
    key.default = default;
    key.validator = match check {
        "-" => None,
        "own" => Some(super::checks::own(name)?),
        check => Some(validator(kind, check)?),
    };
    Some(key)
}

/// Reads a check: `list` (`:e` may be empty, `:n` may be null), `range:0..` or `range:0..9`, `one-of:a,b`, `any-case:A,B`.
fn validator(kind: ConfigType, check: &str) -> Option<Validator> {
    let (what, rest) = check.split_once(':').unwrap_or((check, ""));
    match what {
        "list" => Some(Validator::any_non_duplicate_values(rest.contains('e'), rest.contains('n'))),
        "one-of" => Some(Validator::valid_string(rest.split(','))),
        "any-case" => Some(Validator::case_insensitive(rest.split(','))),
        "range" => {
            let (min, max) = rest.split_once("..")?;
            Some(match (kind, max) {
                (ConfigType::Double, _) => {
                    Validator::between(min.parse::<f64>().ok()?, max.parse::<f64>().ok()?)
                }
                (_, "") => Validator::at_least(min.parse::<i64>().ok()?),
                _ => Validator::between(min.parse::<i64>().ok()?, max.parse::<i64>().ok()?),
            })
        }
        _ => None,
    }
}
