//! The oracle: Apache Kafka's own broker and Connect worker, fetched by Maven coordinates and run from their jars, and
//! Python clients. Live tests and benchmarks compare Aqueduct with them.
//!
//! Everything lies in one folder, the oracle's home: one folder of jars per set, the Python environment, and the
//! scratch folders of running servers. Every server listens on 127.0.0.1 only and belongs to a guard that stops it by
//! its process id and waits for its end.

pub mod broker;
pub mod cluster;
pub mod fetch;
pub mod http;
pub mod jvm;
pub mod live;
pub mod ports;
pub mod process;
pub mod properties;
pub mod python;
pub mod wire;
pub mod worker;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

/// The oracle's home. Cheap to open; nothing is fetched before it is asked for.
#[derive(Debug, Clone)]
pub struct Oracle {
    home: PathBuf,
}

impl Oracle {
    /// The home named by `AQUEDUCT_ORACLE`, or `target/oracle`.
    pub fn open() -> Oracle {
        let named = std::env::var_os("AQUEDUCT_ORACLE").map(PathBuf::from);
        Oracle::at(named.unwrap_or_else(|| crate::workspace::target().join("oracle")))
    }

    pub fn at(home: impl Into<PathBuf>) -> Oracle {
        Oracle { home: home.into() }
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Makes sure that the named jar sets are there. See [`fetch::SETS`] for the names.
    pub fn fetch(&self, sets: &[&str]) -> Result<()> {
        fetch::ensure(&self.home, sets)
    }

    /// A class path entry for every jar of a set.
    pub fn jars(&self, set: &str) -> String {
        self.home.join(set).join("*").display().to_string()
    }

    /// A new empty folder for one server's files.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = self.home.join("run").join(format!("{name}-{}-{number}", std::process::id()));
        if dir.exists() {
            std::fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
        }
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(dir)
    }
}
