//! The system test binary.
