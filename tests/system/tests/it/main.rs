//! The system tests: the built program beside Apache Kafka's broker, the Java worker and clients of other hands.
//!
//! They own servers and compare times and counts, so they run one at a time (`--test-threads=1`). A test whose service
//! can't be had says `SKIP`, and fails with `REQUIRE_LIVE=1`.

mod clients;
mod cluster;
mod faults;
mod handover;
mod lines;
mod rest;
mod round_trip;
mod site;
mod stage;
mod waiting;
