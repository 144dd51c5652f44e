//! What the REST API shows of connectors, in the order and with the names of Kafka Connect.

use aqueduct_api::{ConfigMap, OffsetMap};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::status::Status;

/// `GET /`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The release of Kafka Connect that this worker stands for.
    pub version: String,
    /// The commit of that release.
    pub commit: String,
    /// The id of the Kafka cluster; null until it is known.
    pub kafka_cluster_id: Option<String>,
}

/// Which way a connector moves data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnectorType {
    /// Into Kafka.
    Source,
    /// Out of Kafka.
    Sink,
    /// Its class is not known here.
    Unknown,
}

/// A task as listings name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorTask {
    /// The connector.
    pub connector: String,
    /// The number, from 0.
    pub task: i32,
}

/// A connector with its configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorInfo {
    /// The name.
    pub name: String,
    /// The configuration as it was given.
    #[serde(serialize_with = "config_map")]
    pub config: ConfigMap,
    /// The tasks.
    pub tasks: Vec<ConnectorTask>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: ConnectorType,
}

/// A task with its configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskInfo {
    /// The task.
    pub id: ConnectorTask,
    /// The configuration as it was stored.
    #[serde(serialize_with = "config_map")]
    pub config: ConfigMap,
}

/// Writes a configuration as a JSON object.
pub(crate) fn config_map<S: Serializer>(config: &ConfigMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(config.len()))?;
    for (name, value) in config.iter() {
        map.serialize_entry(name, &value)?;
    }
    map.end()
}

/// A version as statuses show it: left out where the plugin has none, null where it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownVersion {
    /// `undefined`: left out.
    Undefined,
    /// Null, or a version.
    Known(Option<String>),
}

impl ShownVersion {
    fn of(version: &Option<String>) -> Self {
        if version.as_deref() == Some("undefined") { Self::Undefined } else { Self::Known(version.clone()) }
    }

    fn is_undefined(&self) -> bool {
        *self == Self::Undefined
    }
}

impl Serialize for ShownVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined | Self::Known(None) => serializer.serialize_none(),
            Self::Known(Some(version)) => serializer.serialize_str(version),
        }
    }
}

/// The state of a connector.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorState {
    /// The state.
    pub state: String,
    /// The worker that wrote it.
    pub worker_id: String,
    /// The version of the plugin.
    #[serde(skip_serializing_if = "ShownVersion::is_undefined")]
    pub version: ShownVersion,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskState {
    /// The number, from 0.
    pub id: i32,
    /// The state.
    pub state: String,
    /// The worker that wrote it.
    pub worker_id: String,
    /// The version of the plugin.
    #[serde(skip_serializing_if = "ShownVersion::is_undefined")]
    pub version: ShownVersion,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

fn trace_of(status: &Status) -> Option<String> {
    status.trace.clone().filter(|trace| !trace.is_empty())
}

impl From<&Status> for ConnectorState {
    fn from(status: &Status) -> Self {
        Self {
            state: status.state.name().to_owned(),
            worker_id: status.worker_id.clone(),
            trace: trace_of(status),
            version: ShownVersion::of(&status.version),
        }
    }
}

impl TaskState {
    /// The state of the task of this number.
    pub fn new(id: i32, status: &Status) -> Self {
        let ConnectorState { state, worker_id, trace, version } = status.into();
        Self { id, state, worker_id, trace, version }
    }
}

/// The states of a connector and its tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorStateInfo {
    /// The name.
    pub name: String,
    /// The connector itself.
    pub connector: ConnectorState,
    /// The tasks by number.
    pub tasks: Vec<TaskState>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: ConnectorType,
}

/// A partition and its new offset, which nothing resets, as a request names them.
pub type RequestedOffset = (Option<OffsetMap>, Option<OffsetMap>);

/// The offset of one partition of a connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectorOffset {
    /// The source partition, or topic and partition.
    pub partition: serde_json::Map<String, serde_json::Value>,
    /// The source offset, or the offset in the partition.
    pub offset: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The offsets of a connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectorOffsets {
    /// One of each partition.
    pub offsets: Vec<ConnectorOffset>,
}
