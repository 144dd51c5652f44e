//! A bounded cache that forgets what was not used for longest.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// At most so many entries. A look-up costs one hash; adding to a full cache costs a look at every entry, which is little
/// beside making an entry.
pub(crate) struct Cache<K, V> {
    limit: usize,
    uses: u64,
    entries: HashMap<K, (V, u64)>,
}

impl<K: Hash + Eq + Clone, V> Cache<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, uses: 0, entries: HashMap::new() }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.uses += 1;
        let (value, used) = self.entries.get_mut(key)?;
        *used = self.uses;
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() >= self.limit {
            let oldest = self.entries.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| self.entries.remove(&key));
        }
        self.uses += 1;
        self.entries.insert(key, (value, self.uses));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_was_not_used_for_longest() {
        let mut cache = Cache::new(2);
        cache.insert("a", 1);
        cache.insert("b", 2);
        assert_eq!(cache.get("a"), Some(&1));
        cache.insert("c", 3);
        assert_eq!(["a", "b", "c"].map(|key| cache.get(key).copied()), [Some(1), None, Some(3)]);
    }

    #[test]
    fn may_hold_nothing() {
        let mut cache = Cache::new(0);
        cache.insert("a", 1);
        assert_eq!(cache.get("a"), None);
    }
}
