//! Workers that share a group: ours, Java's, and both together.
//!
//! What is asked of a group is written once, as a scene for workers of any kind. The tests beside each scene play it with
//! ours; [`long`] holds those that take longer, among them the same scenes with Java's workers: what they do is the
//! contract.

mod crowd;
mod delay;
mod faults;
mod garbage;
mod group;
mod hanging;
mod long;
mod migration;
mod mixed;
mod protocols;
mod rebalance;
mod requests;
mod signatures;
mod sinks;
mod stream;
mod traffic;
