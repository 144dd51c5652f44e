//! The threads of a worker: two runtimes, so that no connector can hold up an answer.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// REST and herder wait most of the time: two threads are one more than they need.
const CONTROL_THREADS: usize = 2;

/// The runtimes of a worker process.
#[derive(Debug)]
pub struct Planes {
    /// REST, herder, signals.
    pub control: Runtime,
    /// Connectors and tasks, and nothing else.
    pub data: Runtime,
}

impl Planes {
    /// Starts the threads.
    pub fn start() -> io::Result<Self> {
        let cores = available_parallelism().map_or(2, usize::from).max(2);
        Ok(Self { control: build("control-plane", CONTROL_THREADS)?, data: build("data-plane", cores)? })
    }

    /// Ends both without waiting: what must be finished has been, and a plugin that hangs must not keep the process.
    pub fn end(self) {
        self.data.shutdown_background();
        self.control.shutdown_background();
    }
}

fn build(name: &'static str, threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build()
}

/// The runtime of commands that do one thing and end.
pub fn single() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
