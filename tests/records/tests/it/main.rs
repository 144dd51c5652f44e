//! Converters and transformations together, from bytes to bytes.

mod change_events;
mod recorded;
mod running;
