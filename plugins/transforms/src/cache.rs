//! What was derived from the schemas, and the keys of maps, seen last.

use aqueduct_api::data::Keys;
use aqueduct_api::{Result, Schema};

/// As many schemas as Kafka Connect's transformations remember.
const CAPACITY: usize = 16;

/// What many records share in memory.
pub(crate) trait Shared: Clone + PartialEq {
    /// Equal for two handles of the same.
    fn identity(&self) -> usize;
}

impl Shared for Schema {
    fn identity(&self) -> usize {
        self.identity()
    }
}

impl Shared for Keys {
    fn identity(&self) -> usize {
        self.identity()
    }
}

/// Remembers something that is made from a schema, for the schemas used last.
pub(crate) type SchemaCache<T> = Cache<Schema, T>;
/// Remembers something that is made from the keys of a map, for the keys used last.
pub(crate) type KeysCache<T> = Cache<Keys, T>;

/// Remembers something that is made from what records share.
///
/// Records of one topic mostly share one schema in memory, so the first look is at its identity. A schema that was
/// built anew for each record is found by equality, and its identity taken over.
#[derive(Debug)]
pub(crate) struct Cache<K, T> {
    /// The one used last is the first.
    entries: Vec<(K, T)>,
}

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Shared, T> Cache<K, T> {
    /// What was made from this; makes it if it isn't remembered. An error is not remembered.
    pub(crate) fn get(&mut self, shared: &K, make: impl FnOnce(&K) -> Result<T>) -> Result<&T> {
        self.get_mut(shared, make).map(|made| &*made)
    }

    /// As [`Cache::get`], for what remembers more itself.
    pub(crate) fn get_mut(&mut self, shared: &K, make: impl FnOnce(&K) -> Result<T>) -> Result<&mut T> {
        let identity = shared.identity();
        let known = self.entries.iter().position(|(other, _)| other.identity() == identity);
        let known = known.or_else(|| self.entries.iter().position(|(other, _)| other == shared));
        match known {
            Some(at) => {
                // Two schemas in turns should not move entries about with each record.
                let at = if at < 2 { at } else { self.move_to_front(at) };
                if let Some(entry) = self.entries.get_mut(at).filter(|entry| entry.0.identity() != identity) {
                    entry.0 = shared.clone();
                }
                Ok(&mut self.entries[at].1)
            }
            None => {
                let made = make(shared)?;
                self.entries.truncate(CAPACITY - 1);
                self.entries.insert(0, (shared.clone(), made));
                Ok(&mut self.entries[0].1)
            }
        }
    }

    fn move_to_front(&mut self, at: usize) -> usize {
        if let Some(used) = self.entries.get_mut(..=at) {
            used.rotate_right(1);
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_api::SchemaBuilder;

    use super::*;

    fn schema(name: &str) -> Schema {
        SchemaBuilder::structure().name(name).build().expect("a schema")
    }

    #[test]
    fn makes_once_what_equal_schemas_need() {
        let (mut cache, mut made) = (SchemaCache::default(), 0);
        for _ in 0..3 {
            cache
                .get(&schema("a"), |_| {
                    made += 1;
                    Ok(())
                })
                .expect("no error");
        }
        assert_eq!(made, 1);
    }

    #[test]
    fn forgets_the_schema_that_was_not_used_for_longest() {
        let mut cache = SchemaCache::default();
        let names: Vec<String> = (0..CAPACITY + 1).map(|number| number.to_string()).collect();
        for name in &names {
            cache.get(&schema(name), |_| Ok(name.clone())).expect("no error");
            cache.get(&schema("0"), |_| Ok("again".to_owned())).expect("no error");
        }
        let kept = cache.get(&schema("0"), |_| Ok("new".to_owned())).expect("no error");
        assert_eq!(kept, "0");
        let forgotten = cache.get(&schema("1"), |_| Ok("new".to_owned())).expect("no error");
        assert_eq!(forgotten, "new");
    }
}
