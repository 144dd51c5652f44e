//! Names that Confluent's converter gives a meaning.

use super::Options;

pub(super) const TAG: &str = "io.confluent.connect.protobuf.Tag";
pub(super) const TYPE: &str = "io.confluent.connect.protobuf.Type";
pub(super) const CONNECT_TYPE: &str = "connect.type";
pub(super) const FIELD_META: &str = "confluent.field_meta";
pub(super) const DEFAULT_MESSAGE: &str = "ConnectDefault";
const UNION: &str = "io.confluent.connect.protobuf.Union";
const GENERAL_UNION: &str = "org.apache.kafka.connect.data.Union";
const ENUM: &str = "io.confluent.connect.protobuf.Enum";
const GENERAL_ENUM: &str = "org.apache.kafka.connect.data.Enum";

impl Options {
    /// What the names of unions begin with; a dot and the name of the oneof follow.
    pub(super) fn union(&self) -> &'static str {
        if self.generalized { GENERAL_UNION } else { UNION }
    }

    /// The parameter that says that a text is one of an enum.
    pub(super) fn enumeration(&self) -> &'static str {
        if self.generalized { GENERAL_ENUM } else { ENUM }
    }

    /// A name as Protobuf takes it, if that is wanted.
    pub(super) fn name(&self, name: &str) -> String {
        if !self.scrub {
            return name.to_owned();
        }
        let valid = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
        let name: String = name.chars().map(valid).collect();
        if name.starts_with(|c: char| c.is_ascii_digit()) { format!("x{name}") } else { name }
    }
}
