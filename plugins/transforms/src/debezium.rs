//! Debezium's transformations of change events: what `io.debezium.transforms` does in release 3.3.
//!
//! A change event is a struct whose schema's name ends with `.Envelope`: the row before and after, where the change comes
//! from, and which operation it was. All other records of a Debezium connector (heartbeats, schema changes, transactions)
//! have other names.

mod by_logical_table_router;
mod deletes;
mod dropped;
mod extract_new_record_state;
mod metadata;
mod schema_names;
mod unwrapped;

use aqueduct_api::{ConfigKey, Schema, Width};

pub(crate) use by_logical_table_router::ByLogicalTableRouter;
pub(crate) use extract_new_record_state::ExtractNewRecordState;

/// The release whose transformations these stand for.
pub(crate) const VERSION: &str = "3.3.1.Final";

const BEFORE: &str = "before";
const AFTER: &str = "after";

/// Whether records of this schema are change events.
fn is_change_event(schema: Option<&Schema>) -> bool {
    schema.and_then(Schema::name).is_some_and(|name| name.ends_with(".Envelope"))
}

/// A key with the place that Debezium gives to all of its keys: the first, without a group.
fn placed(key: ConfigKey, width: Width, display_name: &'static str) -> ConfigKey {
    ConfigKey { order_in_group: 1, width, display_name: display_name.into(), ..key }
}
