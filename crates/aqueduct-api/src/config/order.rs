//! The order in which Java's hash tables hand out names.

use crate::data::{Map, Value};

/// The indices of names in the order in which a `HashMap` that got them one after the other iterates.
///
/// Answers of the validate endpoint have it where Java collects configuration values in such a map.
pub fn hash_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let entries = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| (Value::from(name), Value::Int64(i64::try_from(at).unwrap_or(i64::MAX))))
        .collect();
    Map::from_unique(entries)
        .into_hash_order()
        .iter()
        .filter_map(|(_, at)| match at {
            Value::Int64(at) => usize::try_from(*at).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::hash_order;

    #[test]
    fn orders_the_keys_of_a_converter_as_java_does() {
        let names = [
            "converter.type",
            "schemas.enable",
            "schemas.cache.size",
            "schema.content",
            "decimal.format",
            "replace.null.with.default",
        ];
        let ordered: Vec<&str> = hash_order(names).into_iter().map(|at| names[at]).collect();
        assert_eq!(
            ordered,
            [
                "decimal.format",
                "converter.type",
                "schemas.cache.size",
                "replace.null.with.default",
                "schemas.enable",
                "schema.content"
            ]
        );
    }
}
