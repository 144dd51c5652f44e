//! The config topic: what its records mean, and the records that change it (spec: config topic).
//!
//! [`ConfigLog`] folds the records, one after the other, into a [`ConfigState`], which all workers that have read as far
//! share. Nothing in the topic makes it fail: what it cannot use is an [`Event::Garbage`], to be logged.
//!
//! # Compaction and task sets (KAFKA-16838, KAFKA-17676, KAFKA-17719)
//!
//! A task set counts from its commit record on, and a commit for a connector without configuration is a left-over of a
//! removed connector, so readers drop it. But compaction moves things: when the same configuration is put again and the
//! tasks do not change, the first configuration record is compacted away, and what stays is tasks, commit, configuration.
//! That is also what stays of a connector that was removed and created again, so a reader cannot know which it was. Every
//! worker that starts later drops the tasks, disagrees with those that were there, and a leader among them takes the tasks
//! away from those that run them. Like Java we drop the tasks, so that the state agrees in mixed clusters, and then
//!
//! * **never make such a log**: a task set that is older than its connector's configuration is written again even if it
//!   did not change ([`Connector::commit_is_older`]);
//! * **heal the logs of others**: the dropped set is kept aside ([`Connector::shelved`]). A leader that sees members run its
//!   tasks knows that they are alive, counts them as configured and writes the set again. When nobody runs them, the
//!   connector's start generates tasks anew, as for a new connector;
//! * **finish what was begun**: the task configurations that a leader wrote before it died or failed take the place of those
//!   that count once the log is compacted ([`Connector::is_overwritten`]), so the connector is asked for its set again;
//! * **never advertise what has no configuration**: a set of which compaction or a crash left only a part gives no tasks,
//!   and the worker that runs the connector generates them again ([`Connector::is_inconsistent`]); only Java waits for the
//!   next change.

mod fold;
pub mod key;
mod state;
mod value;
mod write;

pub use fold::{ConfigLog, Event};
pub use state::{ConfigState, Connector, TaskSet};
pub use write::{
    Record, Step, put_connector, put_logger_level, put_restart_request, put_session_key, put_target_state,
    put_task_count, put_tasks, remove_connector,
};
