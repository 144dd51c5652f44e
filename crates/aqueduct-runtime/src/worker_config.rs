//! What a worker is configured with.
