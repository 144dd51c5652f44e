//! Checks that look at several keys, or ask the connector.

use aqueduct_api::config::{AnyClass, Parsed};
use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{ConfigMap, ConfigType, ConfigValue, Result, SourceConnector, Support};

use super::infos::plain_value;
use crate::connector_config::keys;

/// Adds a message to a key; to one that has no value yet, with what the configuration says.
fn add_error(values: &mut Vec<ConfigValue>, config: &ConfigMap, name: &str, message: impl Into<String>) {
    add_value(values, config, name);
    if let Some(value) = values.iter_mut().find(|value| value.name == name) {
        value.add_error(message);
    }
}

/// Lists a key among the values, with what the configuration says, if it is not.
fn add_value(values: &mut Vec<ConfigValue>, config: &ConfigMap, name: &str) {
    if values.iter().all(|value| value.name != name) {
        values.push(plain_value(name, config.get(name).map_or(Parsed::Null, Parsed::from)));
    }
}

/// What a sink reads, and that its dead letters do not come back to it.
pub(super) fn sink_topics(config: &ConfigMap, values: &mut Vec<ConfigValue>) {
    let set = |key: &str| config.get(key).map(str::trim).filter(|text| !text.is_empty());
    let (list, regex) =
        (set(keys::TOPICS), config.get(keys::TOPICS_REGEX).filter(|text| !text.trim().is_empty()));
    let message = match (list, regex) {
        (Some(_), Some(_)) => {
            Some("topics and topics.regex are mutually exclusive options, but both are set.")
        }
        (None, None) => Some("Must configure one of topics or topics.regex"),
        _ => None,
    };
    if let Some(message) = message {
        add_error(values, config, keys::TOPICS, message);
        add_error(values, config, keys::TOPICS_REGEX, message);
    }
    let Some(queue) = set(keys::DLQ_TOPIC) else { return };
    let topics = list.map(|list| ConfigType::List.parse(keys::TOPICS, list, &AnyClass));
    if let Some(Ok(Parsed::List(topics))) =
        topics.filter(|topics| topics.as_ref().is_ok_and(|topics| contains(topics, queue)))
    {
        let topics = topics.join(", ");
        add_error(
            values,
            config,
            keys::TOPICS,
            format!(
                "The DLQ topic '{queue}' may not be included in the list of topics ('topics=[{topics}]') consumed by the \
                 connector"
            ),
        );
    }
    let matched =
        |regex: &&str| JavaRegex::new(regex).is_ok_and(|regex| regex.matches(queue).unwrap_or(false));
    if let Some(regex) = regex.filter(matched) {
        add_error(
            values,
            config,
            keys::TOPICS_REGEX,
            format!(
                "The DLQ topic '{queue}' may not be matched by the regex for the topics ('topics.regex={regex}') consumed \
                 by the connector"
            ),
        );
    }
}

fn contains(list: &Parsed, entry: &str) -> bool {
    matches!(list, Parsed::List(entries) if entries.iter().any(|other| other == entry))
}

/// A sink's consumer group must not be the group of the workers. Java lists the key of the group twice, whatever it says:
/// once as what has been checked here, and once as a key of the client.
pub(super) fn sink_group(config: &ConfigMap, worker_group: &str, values: &mut Vec<ConfigValue>) {
    let key = "consumer.override.group.id";
    match (config.get(key), config.get(keys::NAME)) {
        (Some(group), _) if group == worker_group => {
            add_error(
                values,
                config,
                key,
                format!("Consumer group {group} conflicts with Connect worker group {worker_group}"),
            );
        }
        (Some(_), _) => add_value(values, config, key),
        (None, Some(name)) if format!("connect-{name}") == worker_group => add_error(
            values,
            config,
            keys::NAME,
            format!(
                "Consumer group for sink connector named {name} conflicts with Connect worker group {worker_group}"
            ),
        ),
        _ => {}
    }
}

/// Whether a value was accepted and is this text, in any case.
fn is_set_to(values: &[ConfigValue], name: &str, wanted: &str) -> bool {
    values.iter().find(|value| value.name == name).is_some_and(|value| {
        value.errors.is_empty()
            && matches!(&value.value, Parsed::String(text) if text.eq_ignore_ascii_case(wanted))
    })
}

fn unexpected(error: &aqueduct_api::Error) -> String {
    match error.message().filter(|message| !message.trim().is_empty()) {
        Some(message) => format!("An unexpected error occurred during validation: {message}"),
        None => {
            "An unexpected error occurred during validation; please see the worker logs for more details."
                .to_owned()
        }
    }
}

/// Whether a source that must deliver exactly once can.
pub(super) fn exactly_once(
    connector: &dyn SourceConnector,
    config: &ConfigMap,
    enabled: bool,
    values: &mut Vec<ConfigValue>,
) {
    if !is_set_to(values, keys::EXACTLY_ONCE_SUPPORT, "required") {
        return;
    }
    if !enabled {
        let message = "This worker does not have exactly-once source support enabled.";
        add_error(values, config, keys::EXACTLY_ONCE_SUPPORT, message);
    }
    let message = match connector.exactly_once_support(config) {
        Ok(Some(Support::Supported)) => return,
        Ok(Some(Support::Unsupported)) => {
            "The connector does not support exactly-once semantics with the provided configuration.".to_owned()
        }
        Ok(None) => "The connector does not implement the API required for preflight validation of exactly-once source \
                     support. Please consult the documentation for the connector to determine whether it supports \
                     exactly-once semantics, and then consider reconfiguring the connector to use the value \"requested\" \
                     for this property (which will disable this preflight check and allow the connector to be created)."
            .to_owned(),
        Err(error) => unexpected(&error),
    };
    add_error(values, config, keys::EXACTLY_ONCE_SUPPORT, message);
}

/// Whether a source that shall define transactions can.
pub(super) fn transaction_boundary(
    connector: &dyn SourceConnector,
    config: &ConfigMap,
    values: &mut Vec<ConfigValue>,
) {
    if !is_set_to(values, keys::TRANSACTION_BOUNDARY, "connector") {
        return;
    }
    let answer: Result<Option<Support>> = connector.can_define_transaction_boundaries(config);
    let message = match answer {
        Ok(Some(Support::Supported)) => return,
        Ok(Some(Support::Unsupported)) => {
            "The connector does not support connector-defined transaction boundaries with the given configuration. Please \
             reconfigure it to use a different transaction boundary definition."
                .to_owned()
        }
        Ok(None) => "This connector has returned a null value from its canDefineTransactionBoundaries method, which is not \
                     permitted. The connector will be treated as if it cannot define its own transaction boundaries, and \
                     cannot be configured with 'transaction.boundary' set to 'connector'."
            .to_owned(),
        Err(error) => unexpected(&error),
    };
    add_error(values, config, keys::TRANSACTION_BOUNDARY, message);
}

/// A null may be given only for keys that the connector defines.
pub(super) fn nulls(config: &ConfigMap, values: &mut Vec<ConfigValue>) {
    for (name, _) in config.iter().filter(|(_, text)| text.is_none()) {
        add_error(values, config, name, "Null value can not be supplied as the configuration value.");
    }
}
