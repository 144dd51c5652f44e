//! The broker, seen by an independent client (librdkafka) and by raw frames.

mod clients;
mod compaction;
mod durability;
mod faults;
mod groups;
mod produce_consume;
mod raw;
mod raw_groups;
mod raw_versions;
mod topics;
mod transactions;
