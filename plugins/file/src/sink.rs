//! Records into lines of a file.

mod connector;
mod output;
mod task;

pub use connector::FileStreamSinkConnector;
pub use task::FileStreamSinkTask;
