//! What workers tell each other through the group coordinator: their metadata when they join, and the assignment that
//! the leader sends back (spec: group membership, wire format; KIP-415, KIP-507).
//!
//! Three subprotocols share the group: `default` (eager, version 0), `compatible` (incremental cooperative, version 1) and
//! `sessioned` (version 2: as 1, and internal requests are signed). Readers are tolerant: fields that are missing at the
//! end have their defaults, and later versions are read as the last known one.

mod assignment;
mod metadata;
mod wire;

pub use assignment::{Assignment, AssignmentError, Work, read_assignment, write_assignment};
pub use metadata::{WorkerMetadata, join_protocols, read_metadata, write_metadata};
pub use wire::SchemaError;

/// The group's protocol type.
pub const PROTOCOL_TYPE: &str = "connect";

/// A way of rebalancing that all members of a group must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Subprotocol {
    /// `eager`: everything stops before each rebalance.
    Eager,
    /// `compatible`: only what moves is stopped.
    Compatible,
    /// `sessioned`: as `compatible`, and internal requests must be signed.
    #[default]
    Sessioned,
}

impl Subprotocol {
    /// The name in the coordinator's protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eager => "default",
            Self::Compatible => "compatible",
            Self::Sessioned => "sessioned",
        }
    }

    /// From the name in the coordinator's protocol.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Eager, Self::Compatible, Self::Sessioned].into_iter().find(|one| one.name() == name)
    }

    /// From the worker's `connect.protocol`, in any case.
    pub fn from_config(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "eager" => Some(Self::Eager),
            "compatible" => Some(Self::Compatible),
            "sessioned" => Some(Self::Sessioned),
            _ => None,
        }
    }

    /// The version in front of its bytes.
    pub const fn version(self) -> i16 {
        match self {
            Self::Eager => 0,
            Self::Compatible => 1,
            Self::Sessioned => 2,
        }
    }

    /// Whether work goes on during a rebalance.
    pub const fn is_cooperative(self) -> bool {
        !matches!(self, Self::Eager)
    }

    /// What a worker with this setting offers when it joins, the preferred one first.
    pub const fn offered(self) -> &'static [Self] {
        match self {
            Self::Eager => &[Self::Eager],
            Self::Compatible => &[Self::Compatible, Self::Eager],
            Self::Sessioned => &[Self::Sessioned, Self::Compatible, Self::Eager],
        }
    }
}

/// The version in front of all bytes of the subprotocols.
fn read_version(reader: &mut wire::Reader<'_>) -> Result<i16, SchemaError> {
    let version = reader.field("version", wire::Reader::int16)?;
    if version < 0 {
        return Err(SchemaError::new(format!("Unsupported subscription version: {version}")));
    }
    Ok(version)
}
