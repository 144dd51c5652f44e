//! Fuzz targets: every reader of bytes, texts, patterns and files that somebody else has written.
//!
//! A [`Target`] is a function of bytes and some inputs to begin with. A *case* is made from a number alone: its input is
//! spoilt, spliced or blown up from those inputs by a generator with that seed, so the number is all that it takes to see
//! a failure again. A case fails if it panics, or if it takes more time or memory than the size of its input allows.
//!
//! The tests run some cases of each target; `cargo xtask fuzz` runs on, with other seeds, until it is told to stop or
//! finds something.

mod case;
mod input;
mod random;
mod target;
mod targets;
mod watch;

pub use case::{Case, Cost, Failure};
pub use target::Target;
pub use targets::{TARGETS, find};
pub use watch::Watch;

use aqueduct_meter::Meter;

#[global_allocator]
static METER: Meter = Meter;
