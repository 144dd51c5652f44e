//! Aqueduct.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A batch's memory is taken and given back by different threads, and again for the next batch.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    aqueduct::cli::main()
}
