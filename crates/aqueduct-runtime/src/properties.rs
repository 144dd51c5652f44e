//! Files of configuration: Java properties, and the forms of connector files.
