//! The embedded broker and clients that were not written for it: librdkafka, two Python clients, and Kafka's own tools
//! and Connect worker; and a worker with clients of its REST API.

mod connect;
mod long;
mod operation;
pub(crate) mod python;
mod tools;
