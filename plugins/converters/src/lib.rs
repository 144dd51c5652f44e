//! Kafka Connect's JSON, string, byte array, number and boolean converters.
