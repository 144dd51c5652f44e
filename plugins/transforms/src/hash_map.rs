//! Maps in the orders of `java.util.HashMap`.

use aqueduct_api::data::Map;

/// The order of `new HashMap<>(expected)` that got these entries one after the other.
pub(crate) fn into_order_of_sized(map: Map, expected: usize) -> Map {
    // A copy of half as many entries begins with a table of just this size.
    map.into_hash_order_of_copy(expected.next_power_of_two() / 2)
}

/// The order of a copy of a map of `copied` entries, which then got the other ones.
pub(crate) fn into_order_of_copy(map: Map, copied: usize) -> Map {
    match copied {
        // A copy of nothing is a map like any other.
        0 => map.into_hash_order(),
        _ => map.into_hash_order_of_copy(copied),
    }
}
