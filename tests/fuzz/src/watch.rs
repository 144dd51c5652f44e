//! Somebody who looks whether a case ever ends.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::Case;

/// No case may take so long, whatever else the machine does.
const ENDLESS: Duration = Duration::from_secs(90);
const LOOKS: Duration = Duration::from_secs(5);

type Shared = Arc<Mutex<Option<(Case, Instant)>>>;

/// Ends the process when a case does not end, and says which; for the life of this value.
#[derive(Debug)]
pub struct Watch(Shared);

impl Watch {
    /// Begins to look, on a thread of its own.
    pub fn start() -> Self {
        let shared = Shared::default();
        let watched = Arc::downgrade(&shared);
        thread::spawn(move || {
            while let Some(shared) = watched.upgrade() {
                look(&shared);
                drop(shared);
                thread::park_timeout(LOOKS);
            }
        });
        Self(shared)
    }

    /// A case begins.
    pub fn begins(&self, case: Case) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((case, Instant::now()));
    }
}

fn look(shared: &Shared) {
    let running = *shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((case, since)) = running
        && since.elapsed() > ENDLESS
    {
        let _ = writeln!(std::io::stderr(), "{case}: has not ended after {ENDLESS:?}");
        std::process::abort();
    }
}
