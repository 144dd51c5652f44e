//! What takes longer than the ordinary test command may: `cargo xtask test --long`.

mod contract;
mod experiments;
mod replacement;
