//! Lines of a file into a topic.

mod connector;
mod input;
mod lines;
mod stdin;
mod task;

pub use connector::FileStreamSourceConnector;
pub use task::FileStreamSourceTask;
