//! Entries of a map while it is being read.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use aqueduct_api::data::{Text, Value};

/// Up to this many entries, looking at each is cheaper than an index.
const INDEX_FROM: usize = 16;

/// What can be looked up: hashed with a seed that nobody can foresee, so that nobody can choose keys that collide.
pub(crate) trait Key: PartialEq {
    /// Equal keys have equal hashes.
    fn feed(&self, hasher: &mut DefaultHasher);
}

impl Key for Text {
    fn feed(&self, hasher: &mut DefaultHasher) {
        self.hash(hasher);
    }
}

impl Key for Value {
    fn feed(&self, hasher: &mut DefaultHasher) {
        match self {
            Self::String(text) => text.hash(hasher),
            Self::Bytes(bytes) => bytes.hash(hasher),
            Self::Boolean(value) => value.hash(hasher),
            // All bits of a NaN may differ from those of its equal.
            Self::Float32(value) if !value.is_nan() => value.to_bits().hash(hasher),
            Self::Float64(value) if !value.is_nan() => value.to_bits().hash(hasher),
            Self::Decimal(value) => (value.unscaled(), value.scale()).hash(hasher),
            Self::BigInteger(value) => value.hash(hasher),
            Self::Date(value) => value.hash(hasher),
            Self::Array(elements) => elements.iter().for_each(|element| element.feed(hasher)),
            Self::Struct(value) => value.values().iter().for_each(|value| value.feed(hasher)),
            // Equal maps may differ in their order.
            Self::Map(map) => map.len().hash(hasher),
            other => other.as_i64().hash(hasher),
        }
    }
}

/// Entries without duplicates, in the order in which their keys came first. Putting costs the same however many there are.
pub(crate) struct Entries<K, V> {
    list: Vec<(K, V)>,
    index: Option<Box<Index>>,
}

struct Index {
    hasher: RandomState,
    places: HashMap<u64, Vec<u32>>,
}

impl Index {
    fn hash(&self, key: &impl Key) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        key.feed(&mut hasher);
        hasher.finish()
    }
}

impl<K: Key, V> Entries<K, V> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), index: None }
    }

    /// Adds an entry, or replaces the value of the one with this key.
    pub(crate) fn put(&mut self, key: K, value: V) {
        let Self { list, index } = self;
        let known = match index {
            None => list.iter_mut().find(|(other, _)| *other == key),
            Some(index) => {
                let hash = index.hash(&key);
                let places = index.places.entry(hash).or_default();
                let same = |place: &&u32| list.get(**place as usize).is_some_and(|(other, _)| *other == key);
                let known = places.iter().find(same).copied();
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

    #[cold]
    fn build_index(&mut self) {
        let mut index = Index { hasher: RandomState::new(), places: HashMap::with_capacity(2 * INDEX_FROM) };
        for (place, (key, _)) in self.list.iter().enumerate() {
            let hash = index.hash(key);
            index.places.entry(hash).or_default().push(place as u32);
        }
        self.index = Some(Box::new(index));
    }

    pub(crate) fn into_vec(self) -> Vec<(K, V)> {
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

    #[test]
    fn equal_keys_have_one_entry_whatever_they_are() {
        let keys = || {
            let numbers = (0..40).map(|number| Value::Array(vec![Value::Int32(number), Value::Null]));
            let strange = [
                Value::Float64(f64::NAN),
                Value::Float64(-f64::NAN),
                Value::Float32(0.0),
                Value::Float32(-0.0),
                Value::from(vec![1_u8]),
                Value::Date(1),
                Value::Int64(1),
                Value::Boolean(true),
                Value::from([("a", 1_i64), ("b", 2)].into_iter().collect::<aqueduct_api::data::Map>()),
                Value::from([("b", 2_i64), ("a", 1)].into_iter().collect::<aqueduct_api::data::Map>()),
            ];
            numbers.chain(strange)
        };
        let mut entries = Entries::with_capacity(0);
        keys().chain(keys()).for_each(|key| entries.put(key, ()));
        assert_eq!(entries.into_vec().len(), keys().count() - 2);
    }
}
