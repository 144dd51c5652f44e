//! `/connectors/NAME/offsets` (KIP-875).

use aqueduct_api::data::{Map, Value};
use aqueduct_api::{OffsetMap, SchemaAndValue};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json_;

use super::forwarding::Forwardable;
use super::{Answer, RestError, RestState, body};
use crate::herder::{ConnectorOffsets, RequestedOffset};

pub(super) async fn get(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<Json<ConnectorOffsets>> {
    Ok(Json(state.ask(|herder| async move { herder.connector_offsets(&name).await }).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OffsetsBody {
    #[serde(default)]
    offsets: Option<Vec<OffsetBody>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OffsetBody {
    #[serde(default)]
    partition: Option<serde_json::Map<String, Json_>>,
    #[serde(default)]
    offset: Option<serde_json::Map<String, Json_>>,
}

/// The answer to a change.
#[derive(Debug, Serialize)]
struct Message {
    message: String,
}

pub(super) async fn alter(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    let wanted: Option<OffsetsBody> = body::read(&request.headers, &request.body)?;
    let offsets = wanted.and_then(|wanted| wanted.offsets).filter(|offsets| !offsets.is_empty());
    let offsets = offsets.ok_or_else(|| {
        RestError::bad_request("Partitions / offsets need to be provided for an alter offsets request")
    })?;
    let mut changes = Vec::with_capacity(offsets.len());
    for OffsetBody { partition, offset } in offsets {
        changes.push((partition.map(map_of).transpose()?, offset.map(map_of).transpose()?));
    }
    change(&state, name, &request, Some(changes)).await
}

pub(super) async fn reset(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    change(&state, name, &request, None).await
}

async fn change(
    state: &RestState,
    name: String,
    request: &Forwardable,
    offsets: Option<Vec<RequestedOffset>>,
) -> Answer<Response> {
    state
        .ask_or_forward(
            request,
            |herder| async move { herder.alter_offsets(&name, offsets).await },
            |message| Json(Message { message }),
        )
        .await
}

/// In the order of a Java hash map, as which Java reads and writes a partition: it has one key, however its fields are
/// sorted here, and it is that of the tasks' own partitions.
fn map_of(object: serde_json::Map<String, Json_>) -> Answer<OffsetMap> {
    let entries = object.into_iter().map(|(key, value)| Ok((Value::from(key), value_of(value)?)));
    let map = Map::from_unique(entries.collect::<Answer<_>>()?).into_hash_order();
    let texts = map.iter().filter_map(|(key, value)| match key {
        Value::String(key) => Some((key.clone(), value.clone())),
        _ => None,
    });
    Ok(texts.collect())
}

fn value_of(value: Json_) -> Answer<Value> {
    Ok(match value {
        Json_::Null => SchemaAndValue::NULL.value,
        Json_::Bool(value) => Value::Boolean(value),
        Json_::String(value) => Value::from(value),
        Json_::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::Int64(integer),
            // No offset can be that great; whoever checks it says so.
            (None, Some(integer)) => Value::BigInteger(Box::new(integer.into())),
            (None, None) => Value::Float64(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json_::Array(values) => Value::Array(values.into_iter().map(value_of).collect::<Answer<_>>()?),
        Json_::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| Ok((Value::from(key), value_of(value)?)));
            Value::Map(Map::from_unique(entries.collect::<Answer<_>>()?))
        }
    })
}
