//! Recorded answers of the Java classes.

mod assignor;
mod subprotocol;
