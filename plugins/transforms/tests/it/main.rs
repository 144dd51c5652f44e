//! The transformations and predicates against what Java's have answered.

mod plugins;
mod vectors;
