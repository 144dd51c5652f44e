//! Futures of Kafka's control plane that may not move between threads.

use aqueduct_api::{Error, Result};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// Runs a future that may not move between threads: it gets one for as long as it takes. It stops soon when this one is dropped.
///
/// # Errors
/// `Connect` when the worker is stopping.
pub(crate) async fn on_one_thread<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let ended = || Error::connect("The worker is stopping: an internal topic is not read any more");
    let (alive, mut dropped) = watch::channel(());
    let handle = Handle::current();
    let running = spawn_blocking(move || {
        handle.block_on(async move {
            tokio::select! {
                done = work() => Some(done),
                _ = dropped.changed() => None,
            }
        })
    });
    let done = running.await.map_err(|error| ended().with_source(error))?;
    drop(alive);
    done.ok_or_else(ended)
}
