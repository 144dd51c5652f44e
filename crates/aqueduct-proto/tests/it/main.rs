//! The protocol logic against what the Java classes answer, and against simulated clusters.

mod sim;
mod vectors;
