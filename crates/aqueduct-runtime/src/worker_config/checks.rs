//! Checks that only keys of workers have.

use aqueduct_api::Validator;
use aqueduct_api::config::Parsed;

use super::headers::HeaderRule;

/// The algorithms that sign requests between workers.
pub(super) const ALGORITHMS: [&str; 6] =
    ["HmacMD5", "HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"];

/// The check of a key that has one of its own.
pub(super) fn own(name: &str) -> Option<Validator> {
    Some(match name {
        "listeners" => listeners(),
        "response.http.headers.config" => response_headers(),
        "offset.storage.partitions" | "status.storage.partitions" => positive_or_default(
            "Positive number, or -1 to use the broker's default",
            "Number of partitions must be positive, or -1 to use the broker's default",
        ),
        "offset.storage.replication.factor"
        | "config.storage.replication.factor"
        | "status.storage.replication.factor" => positive_or_default(
            "Positive number not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's \
             default",
            "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 \
             to use the broker's default",
        ),
        "inter.worker.key.generation.algorithm" => {
            algorithm("Any KeyGenerator algorithm supported by the worker JVM")
        }
        "inter.worker.signature.algorithm" => algorithm("Any MAC algorithm supported by the worker JVM"),
        "inter.worker.verification.algorithms" => algorithms(),
        _ => return None,
    })
}

/// A whole message, or none.
fn message(text: Option<String>) -> Vec<String> {
    text.into_iter().collect()
}

fn listeners() -> Validator {
    let text = "List of comma-separated URLs, ex: http://localhost:8080,https://localhost:8443.";
    Validator::new(text, |_, value| {
        let text = match value {
            Parsed::List(urls) if urls.is_empty() => {
                "Invalid value for listeners, at least one URL is expected, ex: \
                 http://localhost:8080,https://localhost:8443."
            }
            Parsed::List(urls) if urls.iter().any(|url| url.trim().is_empty()) => {
                "Empty URL found when parsing listeners list."
            }
            Parsed::List(_) => return Vec::new(),
            _ => {
                "Invalid value type for listeners (expected list of URLs , ex: \
                 http://localhost:8080,https://localhost:8443)."
            }
        };
        message(Some(text.to_owned()))
    })
}

fn response_headers() -> Validator {
    let text = "Comma-separated header rules, where each header rule is of the form '[action] [header name]:[header value]' \
                and optionally surrounded by double quotes if any part of a header rule contains a comma";
    Validator::new(text, |_, value| match value {
        Parsed::String(rules) => message(HeaderRule::parse_all(rules).err()),
        _ => Vec::new(),
    })
}

fn positive_or_default(text: &'static str, reason: &'static str) -> Validator {
    Validator::lambda(text, move |_, value| {
        let good = match value {
            Parsed::Int(number) => *number == -1 || *number >= 1,
            Parsed::Short(number) => *number == -1 || *number >= 1,
            _ => false,
        };
        if good { Ok(()) } else { Err(reason.to_owned()) }
    })
}

fn unsupported(name: &str) -> Option<String> {
    let known = ALGORITHMS.iter().any(|algorithm| algorithm.eq_ignore_ascii_case(name));
    (!known).then(|| {
        let supported = ALGORITHMS.join(", ");
        format!("the algorithm is not supported by this JVM; the supported algorithms are: [{supported}]")
    })
}

fn algorithm(text: &'static str) -> Validator {
    Validator::lambda(text, |_, value| match value {
        Parsed::String(name) => unsupported(name).map_or(Ok(()), Err),
        _ => Err("the algorithm must be given".to_owned()),
    })
}

fn algorithms() -> Validator {
    Validator::new("A list of one or more MAC algorithms, each supported by the worker JVM", |key, value| {
        let frame =
            |value: &str, reason: &str| format!("Invalid value {value} for configuration {key}: {reason}");
        message(match value {
            Parsed::List(names) if !names.is_empty() => {
                names.iter().find_map(|name| unsupported(name).map(|reason| frame(name, &reason)))
            }
            _ => Some(frame("[]", "At least one signature verification algorithm must be provided")),
        })
    })
}
