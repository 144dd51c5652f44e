//! Kafka Connect's protocol logic as values and pure functions: no I/O, no clock, no randomness. Times, ids and random
//! numbers come in as arguments.

mod java_order;

pub mod assignor;
pub mod config_log;
pub mod failed_record;
pub mod fencing;
pub mod herder;
pub mod member;
pub mod offset_file;
pub mod offsets;
pub mod restart;
pub mod session;
pub mod state;
pub mod status_log;
pub mod subprotocol;
pub mod tolerance;
