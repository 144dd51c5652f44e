//! One module per family of APIs: requests to operations on the node, results to responses.

pub(crate) mod api_versions;
pub(crate) mod cluster;
pub(crate) mod configs;
pub(crate) mod failure;
pub(crate) mod fetch;
mod fetch_response;
pub(crate) mod group_admin;
pub(crate) mod group_offsets;
pub(crate) mod list_offsets;
pub(crate) mod membership;
pub(crate) mod metadata;
pub(crate) mod produce;
pub(crate) mod producers;
pub(crate) mod topic_admin;
pub(crate) mod transactions;

use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;

/// The wire's code for a result: 0 for success.
fn code<T>(result: &Result<T, ResponseError>) -> i16 {
    result.as_ref().map_or_else(|error| error.code(), |_| 0)
}

fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

/// There is one leader epoch, 0. Who names a later one knows more than this broker.
fn check_leader_epoch(current_leader_epoch: i32) -> Result<(), ResponseError> {
    if current_leader_epoch > 0 { Err(ResponseError::UnknownLeaderEpoch) } else { Ok(()) }
}
