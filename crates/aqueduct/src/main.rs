//! Aqueduct.
fn main() {}
