//! What takes longer than the ordinary test command may: `cargo xtask test --long`.

use xtask::oracle::worker::Program;

use super::operation;

/// The contract that ours are held against.
#[test]
fn clients_of_others_operate_java() {
    operation::scene(Program::Java);
}
