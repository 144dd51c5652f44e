//! The runtime from outside: recordings of Java's answers, and whole answers of validation.

mod doubles;
mod validation;
mod vectors;
