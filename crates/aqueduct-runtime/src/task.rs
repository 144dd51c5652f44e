//! The loops that move records.

mod chain;
mod context;
mod control;
pub(crate) mod sink;
pub(crate) mod source;

pub(crate) use chain::{Chain, Condition, Link};
pub(crate) use context::{ConfigSource, SourceContext};
pub(crate) use control::{TaskControl, TaskTarget};
