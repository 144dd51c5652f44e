//! Validation of connector configurations, as the validate endpoint answers it.
