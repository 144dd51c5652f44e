//! Where the values of a map go when its keys change. It depends on the keys alone, so it is found out once for all maps
//! that share them.

use aqueduct_api::data::{Keys, Map};
use aqueduct_api::{Result, Text, Value};
use smallvec::{SmallVec, smallvec};

/// Values that come behind those of a map.
pub(crate) type Added = SmallVec<[Value; 4]>;

/// How the values of maps with certain keys become those of other maps.
#[derive(Debug)]
pub(crate) struct Layout {
    keys: Keys,
    /// Where each value comes from; `None` if each stays where it is, but for those at the end that are left out.
    sources: Option<Vec<usize>>,
}

impl Layout {
    /// What a change does to maps of these keys. It is done once to a map that holds, as numbers, the places of its
    /// values; what it adds must be numbers from [`Keys::len`] on, the places of values that are put behind the others.
    pub(crate) fn of(keys: &Keys, change: impl FnOnce(Map) -> Result<Map>) -> Result<Self> {
        let places = (0_i64..).take(keys.len()).map(Value::Int64).collect();
        Ok(Self::of_places(change(Map::from_parts(keys.clone(), places))?))
    }

    /// What makes a map like this of values, whose places it holds as numbers.
    pub(crate) fn of_places(map: Map) -> Self {
        let (keys, places) = map.into_parts();
        let sources: Vec<usize> = places.iter().filter_map(place).collect();
        let same = sources.iter().copied().eq(0..sources.len());
        Self { keys, sources: (!same).then_some(sources) }
    }

    /// The map of these values and of those that are added.
    pub(crate) fn apply(&self, mut values: Vec<Value>, mut added: Added) -> Map {
        let count = values.len();
        let values = match &self.sources {
            None => {
                values.extend(added);
                values
            }
            Some(sources) => {
                let taken = |place: &usize| {
                    let value = match place.checked_sub(count) {
                        None => values.get_mut(*place),
                        Some(place) => added.get_mut(place),
                    };
                    value.map(std::mem::take).unwrap_or_default()
                };
                sources.iter().map(taken).collect()
            }
        };
        Map::from_parts(self.keys.clone(), values)
    }
}

fn place(value: &Value) -> Option<usize> {
    usize::try_from(value.as_i64()?).ok()
}

/// How entries are set in maps with certain keys.
///
/// As in Java, where the map is copied into a `HashMap` first: those that are new come at the end, and the order is that
/// of such a copy.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Where the value of each name is.
    places: Vec<usize>,
    /// How many entries are new.
    added: usize,
    layout: Layout,
}

impl Setting {
    /// Of these names in maps of these keys.
    pub(crate) fn new<'a>(keys: &Keys, names: impl IntoIterator<Item = &'a Text>) -> Result<Self> {
        Self::followed_by(keys, names, Ok)
    }

    /// As [`Setting::new`], with another change to the keys after it.
    pub(crate) fn followed_by<'a>(
        keys: &Keys,
        names: impl IntoIterator<Item = &'a Text>,
        change: impl FnOnce(Map) -> Result<Map>,
    ) -> Result<Self> {
        let mut places = Vec::new();
        let mut count = keys.len();
        let layout = Layout::of(keys, |mut map| {
            for name in names {
                let known = map.get_str(name).and_then(place);
                if known.is_none() {
                    map.insert(name.clone(), Value::Int64(count as i64));
                }
                places.push(known.unwrap_or(count));
                count += usize::from(known.is_none());
            }
            change(map.into_hash_order_of_copy(keys.len()))
        })?;
        Ok(Self { places, added: count - keys.len(), layout })
    }

    /// Sets each entry to what a function makes of its number among the names and of its value, which is null where
    /// there was none.
    pub(crate) fn set(&self, map: Map, mut make: impl FnMut(usize, Value) -> Result<Value>) -> Result<Map> {
        let (_, mut values) = map.into_parts();
        let count = values.len();
        let mut added: Added = smallvec![Value::Null; self.added];
        for (number, place) in self.places.iter().enumerate() {
            let value = match place.checked_sub(count) {
                None => values.get_mut(*place),
                Some(place) => added.get_mut(place),
            };
            if let Some(value) = value {
                *value = make(number, std::mem::take(value))?;
            }
        }
        Ok(self.layout.apply(values, added))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(map: &Map) -> Vec<(String, Value)> {
        let entry = |(key, value): (&Value, &Value)| {
            (key.as_text().map(Text::to_string).unwrap_or_default(), value.clone())
        };
        map.iter().map(entry).collect()
    }

    #[test]
    fn sets_as_a_map_does() {
        for count in [1, 5, 11, 12, 13, 40] {
            let map: Map = (0..count).map(|number| (format!("name {number}"), number)).collect();
            for names in [&["name 0"][..], &["new"], &["b", "name 0", "a", "b"]] {
                let names: Vec<Text> = names.iter().map(|name| Text::from(*name)).collect();
                let setting = Setting::new(map.keys(), &names).expect("no error");
                let set = setting.set(map.clone(), |number, _| Ok(Value::Int64(number as i64)));
                let mut expected = map.clone();
                for (number, name) in (0_i64..).zip(&names) {
                    expected.insert(name.clone(), number);
                }
                let expected = expected.into_hash_order_of_copy(map.len());
                assert_eq!(texts(&set.expect("no error")), texts(&expected), "{count} {names:?}");
            }
        }
    }

    #[test]
    fn what_stays_where_it_is_keeps_its_keys() {
        let map: Map = ["b", "a"].into_iter().map(|name| (name, 1)).collect();
        let map = map.into_hash_order();
        let setting = Setting::new(map.keys(), &[Text::from("a")]).expect("no error");
        let identity = map.keys().identity();
        let set = setting.set(map, |_, value| Ok(value)).expect("no error");
        assert_eq!(set.keys().identity(), identity);
    }
}
