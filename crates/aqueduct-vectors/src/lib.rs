//! Reads the recorded results of the Java classes into the data model, for tests only.
