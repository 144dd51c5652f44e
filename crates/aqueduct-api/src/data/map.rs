//! Maps, in the order in which Java would iterate them.

use std::collections::HashMap;
use std::fmt;

use smallvec::SmallVec;

use super::{Keys, Text, Value, java_hash};

/// Up to so many entries a walk finds a key faster than a table.
const WALKED_MAX: usize = 32;

/// A map from values to values that keeps an order.
///
/// Java's order can be seen: in what a file sink prints, in the bytes of a JSON object, in the key under which a source
/// partition's offset is stored. Where Java has a `LinkedHashMap`, that is the order of insertion; where it has a
/// `HashMap`, build the entries in the order of Java's calls and finish with [`Map::into_hash_order`].
///
/// Meant for the small maps of records: a look-up walks the keys. Maps may share their [`Keys`]; one that then adds or
/// removes an entry gets keys of its own. Equality is that of maps, without order.
#[derive(Clone, Default)]
pub struct Map {
    keys: Keys,
    /// One a key.
    values: Vec<Value>,
}

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Self { keys: Keys::NONE, values: Vec::new() }
    }

    /// An empty map with room for this many entries.
    pub fn with_capacity(capacity: usize) -> Self {
        let keys = Keys::from_unique(Vec::with_capacity(capacity));
        Self { keys, values: Vec::with_capacity(capacity) }
    }

    /// A map of these entries in their order; the caller vouches that no key comes twice.
    pub fn from_unique(entries: Vec<(Value, Value)>) -> Self {
        let (keys, values) = entries.into_iter().unzip();
        Self { keys: Keys::from_unique(keys), values }
    }

    /// A map of these entries, which a `java.util.HashMap` has iterated in this order; no key comes twice.
    pub fn from_hash_order(entries: Vec<(Value, Value)>) -> Self {
        let mut map = Self::from_unique(entries);
        map.keys.set_hashed();
        map
    }

    /// A map of these keys, each with the value in its place. Where values are missing they are null, and what is too
    /// many is left out.
    pub fn from_parts(keys: Keys, mut values: Vec<Value>) -> Self {
        values.resize(keys.len(), Value::Null);
        Self { keys, values }
    }

    /// The keys, and the value of each.
    pub fn into_parts(self) -> (Keys, Vec<Value>) {
        (self.keys, self.values)
    }

    /// The keys in order.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The values in the order of the keys.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of this key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.values.get(self.keys.place_of(key)?)
    }

    /// The value of this text as a key.
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        self.values.get(self.keys.place_of_str(key)?)
    }

    /// Puts an entry at the end, or a new value in the place of an existing key; gives the old value.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.keys.place_of(&key).and_then(|place| self.values.get_mut(place)) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.keys.push(key);
                self.values.push(value);
                None
            }
        }
    }

    /// Removes the entry of this text as a key.
    pub fn remove_str(&mut self, key: &str) -> Option<Value> {
        let place = self.keys.place_of_str(key)?;
        self.keys.remove(place);
        Some(self.values.remove(place))
    }

    /// The value of this text as a key, taken out of the map.
    pub fn into_value(mut self, key: &str) -> Option<Value> {
        let place = self.keys.place_of_str(key)?;
        self.values.get_mut(place).map(std::mem::take)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> + Clone {
        self.keys.as_slice().iter().zip(&self.values)
    }

    /// The keys as texts, in order, or the first key that is none.
    pub fn text_keys(&self) -> Result<Vec<&Text>, &Value> {
        self.keys.as_slice().iter().map(|key| key.as_text().ok_or(key)).collect()
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

    fn ordered_by(mut self, capacity: usize) -> Self {
        self.keys.put_in_hash_order(&mut self.values, capacity);
        self
    }

    /// The Java class that has this order.
    pub fn java_class(&self) -> &'static str {
        if self.keys.in_hash_order() { "java.util.HashMap" } else { "java.util.LinkedHashMap" }
    }
}

impl IntoIterator for Map {
    type Item = (Value, Value);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<Value>, std::vec::IntoIter<Value>>;
    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_vec().into_iter().zip(self.values)
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.keys.identity() == other.keys.identity() {
            return self.values == other.values;
        }
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|found| found == value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// As if the entries were inserted one after the other, without a walk for each where there are many.
impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let expected = entries.size_hint().0.min(WALKED_MAX);
        let (mut keys, mut values) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
        let mut places: HashMap<i32, SmallVec<[usize; 1]>> = HashMap::new();
        for (key, value) in entries.map(|(key, value)| (key.into(), value.into())) {
            let known = if keys.len() < WALKED_MAX {
                keys.iter().position(|known| *known == key)
            } else {
                if places.is_empty() {
                    for (place, key) in keys.iter().enumerate() {
                        places.entry(java_hash::value_hash(key)).or_default().push(place);
                    }
                }
                let same_hash = places.entry(java_hash::value_hash(&key)).or_default();
                let known = same_hash.iter().copied().find(|place| keys.get(*place) == Some(&key));
                if known.is_none() {
                    same_hash.push(keys.len());
                }
                known
            };
            match known.and_then(|place| values.get_mut(place)) {
                Some(old) => *old = value,
                None => {
                    keys.push(key);
                    values.push(value);
                }
            }
        }
        Self { keys: Keys::from_unique(keys), values }
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

    #[test]
    fn maps_share_keys_until_one_changes() {
        let first: Map = [("a", 1), ("b", 2)].into_iter().collect();
        let mut second = Map::from_parts(first.keys().clone(), vec![3.into()]);
        assert_eq!(second.get_str("b"), Some(&Value::Null));
        assert_eq!(second.keys().identity(), first.keys().identity());
        second.insert("c", 4);
        assert_eq!(second.remove_str("a"), Some(3.into()));
        assert_eq!(second, [("b", Value::Null), ("c", 4.into())].into_iter().collect());
        assert_eq!(first, [("b", 2), ("a", 1)].into_iter().collect());
        let shared = first.clone();
        assert_eq!(shared.into_iter().collect::<Map>(), first);
        assert_eq!(first.clone().into_value("b"), Some(2.into()));
        assert_eq!(first.into_value("c"), None);
    }

    #[test]
    fn an_order_that_stays_keeps_the_keys() {
        let names = ["id", "name", "created_at", "zeta"];
        let map = names.into_iter().map(|name| (name, 1)).collect::<Map>().into_hash_order();
        assert_eq!(map.java_class(), "java.util.HashMap");
        let identity = map.keys().identity();
        let again = map.clone().into_hash_order();
        assert_eq!(again.keys().identity(), identity);
        assert!(again.iter().eq(map.iter()));
        assert_eq!(Map::new().into_hash_order().java_class(), "java.util.HashMap");
    }

    #[test]
    fn a_value_is_no_larger_than_a_struct() {
        assert!(size_of::<Map>() <= 32 && size_of::<Value>() <= 40);
    }
}
