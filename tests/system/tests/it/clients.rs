//! The embedded broker and clients that were not written for it: librdkafka, two Python clients, and Kafka's own tools
//! and Connect worker.

mod connect;
pub(crate) mod python;
mod tools;
