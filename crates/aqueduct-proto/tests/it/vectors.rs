//! Recorded answers of the Java classes.

mod assignor;
mod config_log;
mod session;
mod subprotocol;
