//! The plugins of a worker: found by class name or alias, and by version.
