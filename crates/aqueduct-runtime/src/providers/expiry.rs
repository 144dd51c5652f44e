//! How long the bundled providers' values are good for: Java's give none, so theirs are for ever.

use std::time::Duration;

use aqueduct_api::{ConfigMap, Error, Result};

/// The key, which is not Kafka's.
const TTL: &str = "aqueduct.ttl.ms";

/// Takes the time of a provider's configuration; `None` without one.
pub(super) fn configure(config: &ConfigMap) -> Result<Option<Duration>> {
    let Some(text) = config.get(TTL).map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.parse() {
        Ok(ms @ 1..) => Ok(Some(Duration::from_millis(ms))),
        Ok(0) | Err(_) => {
            Err(Error::config(format!("Invalid value {text} for configuration {TTL}: Must be at least 1")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_positive_number_of_milliseconds() {
        let ttl = |text: &str| configure(&[(TTL, text)].into()).ok();
        assert_eq!(ttl("1500"), Some(Some(Duration::from_millis(1500))));
        assert_eq!(ttl(" "), Some(None));
        assert_eq!(configure(&ConfigMap::new()).expect("good"), None);
        for bad in ["0", "-1", "1s"] {
            assert_eq!(ttl(bad), None, "{bad}");
        }
    }
}
