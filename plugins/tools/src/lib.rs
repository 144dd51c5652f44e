//! Kafka Connect's test connectors: verifiable, mock and schema.
