//! Connectors that do nothing, and fail when they are told to.

mod connector;
mod sink;
mod source;

pub use connector::MockConnector;
pub use sink::MockSinkTask;
pub use source::MockSourceTask;
