//! The status topic: who runs what, and how that goes (spec: status topic).
//!
//! All workers write, without order between them, so writes may be *safe*: then they give way to another worker of the same
//! or a later generation. [`StatusLog`] changes only by what is read back.

mod fold;
mod key;
mod status;
mod write;

pub use fold::StatusLog;
pub use key::Key;
pub use status::{Status, StatusOf, TopicStatus};
pub use write::{Ticket, Write};
