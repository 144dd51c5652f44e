//! Entries of a map while it is being read.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use aqueduct_api::data::{Value, java_hash};

/// Up to this many entries, looking at each is cheaper than an index.
const INDEX_FROM: usize = 16;

/// Entries without duplicates, in the order in which their keys came first. Putting costs the same however many there
/// are, whoever chose the keys.
pub(crate) struct Entries<V> {
    list: Vec<(Value, V)>,
    index: Option<Index>,
}

struct Index {
    hasher: RandomState,
    places: HashMap<u64, Vec<u32>>,
}

impl Index {
    fn hash(&self, key: &Value) -> u64 {
        match key {
            Value::String(text) => self.hasher.hash_one(text),
            other => self.hasher.hash_one(java_hash::value_hash(other)),
        }
    }
}

impl<V> Entries<V> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), index: None }
    }

    /// Adds an entry, or replaces the value of the one with this key.
    pub(crate) fn put(&mut self, key: Value, value: V) {
        let Self { list, index } = self;
        let known = match index {
            None => list.iter_mut().find(|(other, _)| *other == key),
            Some(index) => {
                let places = index.places.entry(index.hash(&key)).or_default();
                let known =
                    places.iter().find(|place| list.get(**place as usize).is_some_and(|(k, _)| *k == key));
                let known = known.copied();
                if known.is_none() {
                    places.push(list.len() as u32);
                }
                known.and_then(|place| list.get_mut(place as usize))
            }
        };
        match known {
            Some((_, old)) => *old = value,
            None => {
                list.push((key, value));
                if list.len() == INDEX_FROM {
                    self.build_index();
                }
            }
        }
    }

    fn build_index(&mut self) {
        let mut index = Index { hasher: RandomState::new(), places: HashMap::with_capacity(2 * INDEX_FROM) };
        for (place, (key, _)) in self.list.iter().enumerate() {
            let hash = index.hash(key);
            index.places.entry(hash).or_default().push(place as u32);
        }
        self.index = Some(index);
    }

    pub(crate) fn into_vec(self) -> Vec<(Value, V)> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_values_and_keeps_places() {
        let mut entries = Entries::with_capacity(0);
        for round in 0..3 {
            for key in 0..100_i64 {
                entries.put(Value::from(key), round);
                entries.put(Value::from(key.to_string()), round);
            }
        }
        let list = entries.into_vec();
        assert_eq!(list.len(), 200);
        assert_eq!(list[2], (Value::from(1_i64), 2));
        assert_eq!(list[199], (Value::from("99"), 2));
    }
}
