//! Recorded answers of the Java classes.

mod assignor;
mod config_log;
mod failed_record;
mod offsets;
mod session;
mod status_log;
mod subprotocol;
mod tolerance;
