//! The transformations and predicates against what Java's have answered.

mod debezium;
mod definitions;
mod plugins;
mod quickstart;
mod robustness;
mod vectors;
