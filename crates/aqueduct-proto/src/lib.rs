//! Kafka Connect's protocol logic as values and pure functions: no I/O, no clock, no randomness. Times, ids and random
//! numbers come in as arguments.

pub mod offset_file;
pub mod offsets;
pub mod restart;
pub mod state;
pub mod tolerance;
