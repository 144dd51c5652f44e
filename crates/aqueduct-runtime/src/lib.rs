//! Worker, task loops, herders, backing stores and REST of Aqueduct.
