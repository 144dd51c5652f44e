//! Java's hash codes, and the order in which its `HashMap` iterates.

use smallvec::SmallVec;

use super::Value;

/// The table size of a `HashMap` made without arguments.
pub(super) const DEFAULT_CAPACITY: usize = 16;

/// A bin of this many entries makes a small table grow.
const TREEIFY_THRESHOLD: usize = 8;
/// Up to this table size, a full bin makes the table grow instead of becoming a tree.
const MIN_TREEIFY_CAPACITY: usize = 64;

/// The table size of a `HashMap` made as a copy of a map with `len` entries.
pub(super) fn capacity_of_copy(len: usize) -> usize {
    if len == 0 {
        return DEFAULT_CAPACITY;
    }
    // Java computes in floats: len / 0.75 + 1, rounded down, then up to a power of two.
    (((len as f32) / 0.75 + 1.0) as usize).next_power_of_two()
}

/// `String.hashCode`
pub fn string_hash(text: &str) -> i32 {
    if !text.is_ascii() {
        return text
            .encode_utf16()
            .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    }
    let (fours, rest) = text.as_bytes().as_chunks::<4>();
    // Four at once: a product waits for the one before it.
    let hash = fours.iter().fold(0_i32, |hash, four| {
        let [a, b, c, d] = four.map(i32::from);
        hash.wrapping_mul(31 * 31 * 31 * 31).wrapping_add(a * (31 * 31 * 31) + b * (31 * 31) + c * 31 + d)
    });
    rest.iter().fold(hash, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte)))
}

/// `Arrays.hashCode` of bytes.
pub fn bytes_hash(bytes: &[u8]) -> i32 {
    bytes.iter().fold(1_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte as i8)))
}

fn long_hash(value: i64) -> i32 {
    (value ^ ((value as u64) >> 32) as i64) as i32
}

/// `Object.hashCode` of such a value. Bytes and structs, whose hash is an identity or too deep to matter, give 0.
pub fn value_hash(value: &Value) -> i32 {
    match value {
        Value::Null | Value::Bytes(_) | Value::Struct(_) => 0,
        Value::Int8(value) => i32::from(*value),
        Value::Int16(value) => i32::from(*value),
        Value::Int32(value) => *value,
        Value::Int64(value) | Value::Date(value) => long_hash(*value),
        Value::Float32(value) => {
            if value.is_nan() {
                0x7fc0_0000
            } else {
                value.to_bits() as i32
            }
        }
        Value::Float64(value) => {
            let bits = if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
            long_hash(bits as i64)
        }
        Value::Boolean(value) => {
            if *value {
                1231
            } else {
                1237
            }
        }
        Value::String(text) => string_hash(text),
        Value::Array(values) => {
            values.iter().fold(1_i32, |hash, value| hash.wrapping_mul(31).wrapping_add(value_hash(value)))
        }
        Value::Map(map) => map
            .iter()
            .fold(0_i32, |hash, (key, value)| hash.wrapping_add(value_hash(key) ^ value_hash(value))),
        Value::Decimal(value) => {
            big_integer_hash(&value.unscaled()).wrapping_mul(31).wrapping_add(value.scale())
        }
        Value::BigInteger(value) => big_integer_hash(value),
    }
}

fn big_integer_hash(value: &num_bigint::BigInt) -> i32 {
    let (sign, digits) = value.to_u32_digits();
    let hash =
        digits.iter().rev().fold(0_i32, |hash, digit| hash.wrapping_mul(31).wrapping_add(*digit as i32));
    if sign == num_bigint::Sign::Minus { hash.wrapping_neg() } else { hash }
}

/// The places of keys in the order of a `HashMap` that got them one after the other and began with this table size.
///
/// The order is that of the bins, and within a bin that of insertion, which growing the table keeps.
pub(super) fn iteration_order(keys: &[Value], capacity: usize) -> SmallVec<[(u32, u32); 16]> {
    let spread = keys.iter().zip(0_u32..).map(|(key, place)| {
        let hash = value_hash(key) as u32;
        (hash ^ (hash >> 16), place)
    });
    let mut order: SmallVec<[(u32, u32); 16]> = spread.collect();
    let capacity = final_capacity(order.iter().map(|(hash, _)| *hash), capacity);
    let mask = (capacity - 1) as u32;
    order.sort_by_key(|(hash, _)| hash & mask);
    order
}

fn final_capacity(hashes: impl Iterator<Item = u32> + Clone, mut capacity: usize) -> usize {
    for (at, hash) in hashes.clone().enumerate() {
        if capacity < MIN_TREEIFY_CAPACITY && at >= TREEIFY_THRESHOLD {
            let mask = (capacity - 1) as u32;
            let bin = hashes.clone().take(at).filter(|other| other & mask == hash & mask).count();
            if bin >= TREEIFY_THRESHOLD {
                capacity *= 2;
            }
        }
        if at + 1 > capacity / 4 * 3 {
            capacity *= 2;
        }
    }
    capacity
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(keys: &[&str]) -> Vec<String> {
        let values: Vec<Value> = keys.iter().map(|key| Value::from(*key)).collect();
        let order = iteration_order(&values, DEFAULT_CAPACITY);
        order.into_iter().map(|(_, place)| keys[place as usize].to_owned()).collect()
    }

    #[test]
    fn iterates_as_java_does() {
        // Seen on the Java worker: what a file sink prints of a schemaless map.
        assert_eq!(order(&["id", "name", "created_at", "zeta"]), ["zeta", "name", "created_at", "id"]);
        // Two keys of one hash stay in the order of insertion.
        assert_eq!(order(&["BB", "Aa"]), ["BB", "Aa"]);
        assert_eq!(order(&["Aa", "BB"]), ["Aa", "BB"]);
    }

    #[test]
    fn hashes_as_java_does() {
        assert_eq!(string_hash("hello"), 99_162_322);
        for length in 0..40 {
            let text: String = "~aZ09_.\u{7f}".chars().cycle().take(length).collect();
            let one_by_one =
                text.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
            assert_eq!(string_hash(&text), one_by_one);
        }
        assert_eq!(value_hash(&Value::Int64(-1)), 0);
        assert_eq!(value_hash(&Value::Float64(1.0)), 1_072_693_248);
    }
}
