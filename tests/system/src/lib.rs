//! A package of one test binary, `tests/it/main.rs`: the system tests. Cargo wants a target beside it.
