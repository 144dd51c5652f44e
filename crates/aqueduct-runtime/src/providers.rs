//! Replacement of `${provider:path:key}` in configurations, and the bundled providers.
