//! The order in which Java's hash sets list their elements, where that order shows on the wire or decides who gets what.

pub(crate) use aqueduct_api::data::java_hash::string_hash;

use crate::state::TaskId;

/// `ConnectorTaskId.hashCode`
pub(crate) fn task_hash(id: &TaskId) -> i32 {
    string_hash(&id.connector).wrapping_mul(31).wrapping_add(id.task)
}

/// The table of a `HashSet` made as a copy of a collection of `len` elements.
fn capacity_of_copy(len: usize) -> usize {
    // Java computes in floats: n / 0.75 + 1, at least 16, then up to a power of two.
    (((len as f32) / 0.75 + 1.0) as usize).max(16).next_power_of_two()
}

/// Distinct elements in the order of a `HashSet` that was made as a copy of a collection of them.
pub(crate) fn hash_set_order<T>(elements: impl IntoIterator<Item = T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let elements: Vec<T> = elements.into_iter().collect();
    let len = elements.len();
    rest_of_hash_set(elements, len, hash)
}

/// What is left of a `HashSet` that was made as a copy of a collection of `copied` elements, in its order.
pub(crate) fn rest_of_hash_set<T>(mut rest: Vec<T>, copied: usize, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mask = (capacity_of_copy(copied) - 1) as u32;
    // A bin keeps the order of insertion, and so does this sort.
    rest.sort_by_cached_key(|element| {
        let hash = hash(element) as u32;
        (hash ^ (hash >> 16)) & mask
    });
    rest
}
