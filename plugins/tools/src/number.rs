//! Numbers in configurations, read as these connectors do: without a definition of their keys.

use std::str::FromStr;

use aqueduct_api::{ConfigMap, Error, ErrorKind, Result};

/// The number of this key. The error is what Java's parser throws.
pub(crate) fn required<N: FromStr>(config: &ConfigMap, key: &str) -> Result<N> {
    let Some(text) = config.get(key) else {
        return Err(Error::new(ErrorKind::NumberFormat, "Cannot parse null string"));
    };
    parse(text)
}

/// As [`required`], with a default for a key that is not there.
pub(crate) fn or<N: FromStr>(config: &ConfigMap, key: &str, default: N) -> Result<N> {
    config.get(key).map_or(Ok(default), parse)
}

fn parse<N: FromStr>(text: &str) -> Result<N> {
    text.parse().map_err(|_| Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\"")))
}

/// Wraps the error of a number as a task of this name does.
pub(crate) fn invalid_task(task: &str, error: Error) -> Error {
    Error::connect(format!("Invalid {task} configuration")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_as_java_does() {
        let config = ConfigMap::from([
            ("id", "3"),
            ("minus", "-1"),
            ("plus", "+2"),
            ("bad", "1.5"),
            ("big", "4294967296"),
        ]);
        for (key, expected) in [
            ("id", Ok(3)),
            ("minus", Ok(-1)),
            ("plus", Ok(2)),
            ("bad", Err("For input string: \"1.5\"")),
            ("big", Err("For input string: \"4294967296\"")),
            ("none", Err("Cannot parse null string")),
        ] {
            let found = required::<i32>(&config, key);
            assert_eq!(
                found.as_ref().map_err(|error| error.message().unwrap_or_default()),
                expected.as_ref().map_err(|text| *text)
            );
        }
        assert_eq!(or(&config, "none", 7i64).expect("the default"), 7);
    }
}
