//! The keys of maps.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{Text, Value, java_hash};

/// The keys of a map in their order.
///
/// Maps that have the same keys in the same order can share them, as structs share a schema: then neither costs anything
/// to make, and what was derived from the keys of one record holds for the next. Whoever makes many such maps makes the
/// keys once and each map by [`Map::from_parts`](super::Map::from_parts).
#[derive(Clone, Default)]
pub struct Keys(Option<Arc<List>>);

#[derive(Clone, Default)]
struct List {
    keys: Vec<Value>,
    /// Whether a `java.util.HashMap` has this order.
    hashed: bool,
}

impl Keys {
    /// No keys.
    pub(super) const NONE: Self = Self(None);

    /// These keys in their order; the caller vouches that none comes twice.
    pub fn from_unique(keys: Vec<Value>) -> Self {
        Self(Some(Arc::new(List { keys, hashed: false })))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The keys in order.
    pub fn as_slice(&self) -> &[Value] {
        self.0.as_ref().map_or(&[], |list| &list.keys)
    }

    /// Where this key is.
    pub fn place_of(&self, key: &Value) -> Option<usize> {
        self.as_slice().iter().position(|known| known == key)
    }

    /// Where this text is as a key.
    pub fn place_of_str(&self, key: &str) -> Option<usize> {
        self.as_slice().iter().position(|known| known.as_text().is_some_and(|known| known.as_str() == key))
    }

    /// Whether a `java.util.HashMap` has this order; otherwise it is that of insertion.
    pub fn in_hash_order(&self) -> bool {
        self.0.as_ref().is_some_and(|list| list.hashed)
    }

    /// A number that is equal for the keys of two maps that share them, for caches. Equal keys that were made separately
    /// have different numbers.
    pub fn identity(&self) -> usize {
        self.0.as_ref().map_or(0, |list| Arc::as_ptr(list) as usize)
    }

    /// Adds a key that is none of them.
    pub(super) fn push(&mut self, key: Value) {
        self.own().keys.push(key);
    }

    pub(super) fn remove(&mut self, place: usize) {
        self.own().keys.remove(place);
    }

    pub(super) fn into_vec(self) -> Vec<Value> {
        self.0.map(|list| Arc::unwrap_or_clone(list).keys).unwrap_or_default()
    }

    fn own(&mut self) -> &mut List {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    pub(super) fn set_hashed(&mut self) {
        if !self.in_hash_order() {
            self.own().hashed = true;
        }
    }

    /// Puts keys and values into the order of a `HashMap` that got them one after the other and began with this table
    /// size.
    pub(super) fn put_in_hash_order(&mut self, values: &mut Vec<Value>, capacity: usize) {
        let order = java_hash::iteration_order(self.as_slice(), capacity);
        if !order.iter().map(|(_, place)| *place).eq(0..order.len() as u32) {
            let places = order.into_iter().map(|(_, place)| place as usize);
            rearrange(values, places.clone());
            rearrange(&mut self.own().keys, places);
        }
        self.set_hashed();
    }
}

fn rearrange(values: &mut Vec<Value>, places: impl Iterator<Item = usize>) {
    let mut old: SmallVec<[Value; 16]> = values.drain(..).collect();
    values.extend(places.filter_map(|place| old.get_mut(place).map(std::mem::take)));
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
            || (self.in_hash_order() == other.in_hash_order() && self.as_slice() == other.as_slice())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// Keys in the order of insertion, each once.
impl FromIterator<Text> for Keys {
    fn from_iter<I: IntoIterator<Item = Text>>(keys: I) -> Self {
        let map: super::Map = keys.into_iter().map(|key| (key, Value::Null)).collect();
        map.into_parts().0
    }
}
