//! What becomes of deletes, and of the tombstones that come behind them.

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigKey, ConfigMap, ConfigType, Importance, Result, Validator, Width};

use super::placed;

const MODE: &str = "delete.tombstone.handling.mode";
const OLD_TOMBSTONES: &str = "drop.tombstones";
const OLD_MODE: &str = "delete.handling.mode";

/// What a delete event becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Deleted {
    /// Nothing.
    Dropped,
    /// A record whose value is null, with the schema of the row.
    #[default]
    Null,
    /// A record with neither value nor schema, which is what compaction removes earlier records for.
    Tombstone,
    /// The row as it was, with a field that says so; rows that live say so too.
    Rewritten,
}

/// What becomes of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Deletes {
    pub(super) events: Deleted,
    pub(super) keeps_tombstones: bool,
}

/// The keys: the one of today, and the two that Debezium 2 has had in its place.
pub(super) fn keys() -> [ConfigKey; 3] {
    let mode = ConfigKey::new(
        MODE,
        ConfigType::String,
        "tombstone",
        Importance::Medium,
        "What becomes of an event of a deleted row. drop: nothing. tombstone: a record with a null and the schema of the \
         row. delete-to-tombstone: a tombstone, a record with neither value nor schema. rewrite: the row as it was, with \
         a field `__deleted` that is `true`, and `false` in rows that live. rewrite-with-tombstone: the same. Tombstones \
         that come in are dropped, except with rewrite-with-tombstone.",
    );
    let mode = mode.validator(Validator::case_insensitive(Deletes::MODES.map(|(name, _)| name)));
    let old_tombstones = ConfigKey::new(
        OLD_TOMBSTONES,
        ConfigType::Boolean,
        true,
        Importance::Low,
        "Whether tombstones that come in are dropped, in configurations of Debezium 2. It counts where \
         `delete.tombstone.handling.mode` is not set.",
    );
    let old_mode = ConfigKey::new(
        OLD_MODE,
        ConfigType::String,
        "drop",
        Importance::Low,
        "What becomes of an event of a deleted row, in configurations of Debezium 2: drop, rewrite, or none, which makes \
         it null. It counts where `delete.tombstone.handling.mode` is not set.",
    );
    let old_mode = old_mode.validator(Validator::case_insensitive(["drop", "rewrite", "none"]));
    [
        placed(mode, Width::Medium, "Handle delete and tombstone records"),
        placed(old_tombstones, Width::Short, "Drop tombstones"),
        placed(old_mode, Width::Medium, "Handle delete records"),
    ]
}

impl Deletes {
    const MODES: [(&'static str, Self); 5] = [
        ("drop", Self { events: Deleted::Dropped, keeps_tombstones: false }),
        ("tombstone", Self { events: Deleted::Null, keeps_tombstones: false }),
        ("rewrite", Self { events: Deleted::Rewritten, keeps_tombstones: false }),
        ("rewrite-with-tombstone", Self { events: Deleted::Rewritten, keeps_tombstones: true }),
        ("delete-to-tombstone", Self { events: Deleted::Tombstone, keeps_tombstones: false }),
    ];

    /// What a configuration says, which has been parsed with [`keys`].
    pub(super) fn new(config: &ConfigMap, parsed: &ConfigData) -> Result<Self> {
        let is_set = |key| config.contains(key);
        if !is_set(MODE) && (is_set(OLD_TOMBSTONES) || is_set(OLD_MODE)) {
            let events = match parsed.string(OLD_MODE)?.to_ascii_lowercase().as_str() {
                "rewrite" => Deleted::Rewritten,
                "none" => Deleted::Null,
                _ => Deleted::Dropped,
            };
            return Ok(Self { events, keeps_tombstones: !parsed.boolean(OLD_TOMBSTONES)? });
        }
        let mode = parsed.string(MODE)?;
        let known = Self::MODES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(mode));
        Ok(known.map_or_else(Self::default, |(_, deletes)| deletes))
    }
}
