//! The project's own tasks.
//!
//! The binary is a thin command line over these modules. The library also serves live tests: [`oracle`] fetches and
//! runs the Java implementation (a broker, a Connect worker) and a Python environment, each behind a guard that stops
//! what it started. It knows nothing of the workspace's crates, so that every crate's tests may use it.
#![expect(clippy::print_stdout, reason = "a command line tool: what it prints is its result")]

pub mod bench;
pub mod docs;
pub mod fuzz;
pub mod kafka;
pub mod new_plugin;
pub mod oracle;
pub mod sim;
pub mod suite;
pub mod tidy;
pub mod wait;
pub mod workspace;
