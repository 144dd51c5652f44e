//! The keys of workers.

use std::sync::LazyLock;

use aqueduct_api::{ConfigDef, ConfigKey, ConfigType, Importance};

use super::table;

/// Keys of all workers.
const COMMON: &str = include_str!("common.tsv");
/// Keys of standalone workers.
const STANDALONE: &str = include_str!("standalone.tsv");
/// Keys of workers in a group.
const DISTRIBUTED: &str = include_str!("distributed.tsv");

/// Makes the connectors for tests available.
pub const TEST_PLUGINS: &str = "aqueduct.test.plugins";

/// The keys of a standalone worker: Kafka Connect's, and behind them ours, which begin with `aqueduct.`.
pub fn standalone() -> &'static ConfigDef {
    static DEF: LazyLock<ConfigDef> = LazyLock::new(|| read(STANDALONE));
    &DEF
}

/// The keys of a worker in a group: Kafka Connect's, and behind them ours, which begin with `aqueduct.`.
pub fn distributed() -> &'static ConfigDef {
    static DEF: LazyLock<ConfigDef> = LazyLock::new(|| read(DISTRIBUTED));
    &DEF
}

fn read(table: &'static str) -> ConfigDef {
    COMMON.lines().chain(table.lines()).filter_map(table::key).chain(ours()).collect()
}

fn ours() -> [ConfigKey; 1] {
    [ConfigKey::new(
        TEST_PLUGINS,
        ConfigType::Boolean,
        false,
        Importance::Low,
        "Whether plugins that exist for tests only may be used.",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_line_of_the_tables() {
        let lines = |table: &str| COMMON.lines().count() + table.lines().count() + ours().len();
        assert_eq!(standalone().keys().len(), lines(STANDALONE));
        assert_eq!(distributed().keys().len(), lines(DISTRIBUTED));
    }
}
