//! Whole answers of validation.
