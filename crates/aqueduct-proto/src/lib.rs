//! Kafka Connect's protocol logic as values and pure functions.
