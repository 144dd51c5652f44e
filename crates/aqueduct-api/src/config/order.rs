//! The order in which Java's hash tables hand out names.

use crate::data::{Map, Value};

/// The indices of names in the order in which a `HashMap` that got them one after the other iterates.
///
/// Answers of the validate endpoint have it where Java collects configuration values in such a map.
pub fn hash_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    indices(numbered(names).into_hash_order())
}

/// As [`hash_order`], of a `HashMap` that was made as a copy of a map with these names: its table may be smaller.
pub fn hash_order_of_copy<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let map = numbered(names);
    let copied = map.len();
    indices(map.into_hash_order_of_copy(copied))
}

fn numbered<'a>(names: impl IntoIterator<Item = &'a str>) -> Map {
    let numbers = (0_i64..).map(Value::Int64);
    Map::from_unique(names.into_iter().map(Value::from).zip(numbers).collect())
}

fn indices(map: Map) -> Vec<usize> {
    let index = |value: &Value| match value {
        Value::Int64(at) => usize::try_from(*at).ok(),
        _ => None,
    };
    map.iter().filter_map(|(_, value)| index(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::{hash_order, hash_order_of_copy};

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
    #[test]
    fn a_copy_can_have_another_order() {
        assert_eq!(hash_order(["name", "topic", "file"]), [2, 0, 1]);
        assert_eq!(hash_order_of_copy(["name", "topic", "file"]), [0, 1, 2]);
    }
}
