//! Kafka Connect's single message transformations and predicates.
