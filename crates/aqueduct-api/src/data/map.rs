//! Maps, in the order in which Java would iterate them.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{Text, Value, java_hash};

/// Up to so many entries a walk finds a key faster than a table.
const WALKED_MAX: usize = 32;

/// A map from values to values that keeps an order.
///
/// Java's order can be seen: in what a file sink prints, in the bytes of a JSON object, in the key under which a source
/// partition's offset is stored. Where Java has a `LinkedHashMap`, that is the order of insertion; where it has a
/// `HashMap`, build the entries in the order of Java's calls and finish with [`Map::into_hash_order`].
///
/// Meant for the small maps of records: a look-up walks the entries. Equality is that of maps, without order.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: Vec<(Value, Value)>,
    hashed: bool,
}

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for this many entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), hashed: false }
    }

    /// A map of these entries in their order; the caller vouches that no key comes twice.
    pub fn from_unique(entries: Vec<(Value, Value)>) -> Self {
        Self { entries, hashed: false }
    }

    /// A map of these entries, which a `java.util.HashMap` has iterated in this order; no key comes twice.
    pub fn from_hash_order(entries: Vec<(Value, Value)>) -> Self {
        Self { entries, hashed: true }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of this key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value of this text as a key.
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        self.entries
            .iter()
            .find(|(name, _)| name.as_text().is_some_and(|name| name.as_str() == key))
            .map(|(_, value)| value)
    }

    /// Puts an entry at the end, or a new value in the place of an existing key; gives the old value.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.entries.push((key, value));
                None
            }
        }
    }

    /// Removes the entry of this text as a key.
    pub fn remove_str(&mut self, key: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(name, _)| name.as_text().is_some_and(|name| name == key))?;
        Some(self.entries.remove(at).1)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The keys as texts, in order, or the first key that is none.
    pub fn text_keys(&self) -> Result<Vec<&Text>, &Value> {
        self.entries.iter().map(|(key, _)| key.as_text().ok_or(key)).collect()
    }

    /// Puts the entries into the order in which a `java.util.HashMap` iterates that got them one after the other.
    #[must_use]
    pub fn into_hash_order(self) -> Self {
        self.ordered_by(java_hash::DEFAULT_CAPACITY)
    }

    /// As [`Map::into_hash_order`], for a `HashMap` made as a copy of another map of `copied` entries, which got the
    /// entries from that map first.
    #[must_use]
    pub fn into_hash_order_of_copy(self, copied: usize) -> Self {
        self.ordered_by(java_hash::capacity_of_copy(copied))
    }

    /// As [`Map::into_hash_order`], for a `HashMap` that was made for this many entries.
    #[must_use]
    pub fn into_hash_order_of_sized(self, expected: usize) -> Self {
        self.ordered_by(expected.next_power_of_two())
    }

    fn ordered_by(self, capacity: usize) -> Self {
        Self { entries: java_hash::iteration_order(self.entries, capacity), hashed: true }
    }

    /// The Java class that has this order.
    pub fn java_class(&self) -> &'static str {
        if self.hashed { "java.util.HashMap" } else { "java.util.LinkedHashMap" }
    }
}

impl IntoIterator for Map {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.entries.iter().all(|(key, value)| other.get(key).is_some_and(|found| found == value))
    }
}

/// As if the entries were inserted one after the other, without a walk for each where there are many.
impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        let mut entries = entries.into_iter().map(|(key, value)| (key.into(), value.into()));
        for (key, value) in entries.by_ref().take(WALKED_MAX) {
            map.insert(key, value);
        }
        let mut places: HashMap<i32, SmallVec<[usize; 1]>> = HashMap::new();
        for (key, value) in entries {
            if places.is_empty() {
                for (at, (key, _)) in map.entries.iter().enumerate() {
                    places.entry(java_hash::value_hash(key)).or_default().push(at);
                }
            }
            let same_hash = places.entry(java_hash::value_hash(&key)).or_default();
            let known = same_hash.iter().copied().find(|at| map.entries[*at].0 == key);
            match known {
                Some(at) => map.entries[at].1 = value,
                None => {
                    same_hash.push(map.entries.len());
                    map.entries.push((key, value));
                }
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collects_many_entries_as_if_inserted() {
        let entries = (0..200).chain(150..250).map(|number| (number, number * 2 + i32::from(number > 200)));
        let collected: Map = entries.clone().collect();
        let mut inserted = Map::new();
        for (key, value) in entries {
            inserted.insert(key, value);
        }
        assert_eq!(collected.len(), 250);
        assert!(collected.iter().eq(inserted.iter()));
    }
}
