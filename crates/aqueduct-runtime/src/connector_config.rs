//! What every connector is configured with, whatever its class.
