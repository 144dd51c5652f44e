//! The program as its users meet it: arguments, exit codes, files, REST, signals.

mod client;
mod dev;
mod docs;
mod https;
mod logs;
mod program;
mod rest;
mod standalone;
mod usage;
