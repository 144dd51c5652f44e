//! Maps in the order of a `java.util.HashMap` that was made for a number of entries.

use aqueduct_api::data::Map;

/// The order of `new HashMap<>(expected)` that got these entries one after the other.
pub(crate) fn into_order_of_sized(map: Map, expected: usize) -> Map {
    // A copy of half as many entries begins with a table of just this size.
    map.into_hash_order_of_copy(expected.next_power_of_two() / 2)
}
