//! Source offsets: which may be stored, and their bytes.

mod json;
mod sink;
mod submitted;

pub use json::{check_offsets, key_bytes, parse_key, parse_value, value_bytes};
pub use sink::sink_changes;
pub use submitted::{Committable, SubmittedRecords};
