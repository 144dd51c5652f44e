//! Embedded cluster, monitorable connectors and contract suites.
