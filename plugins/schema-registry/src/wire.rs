//! How a message names its schema.
//!
//! Before the payload: a zero byte and the id, 32 bits big-endian. Or in a header: a one byte and a GUID of 16. Protobuf
//! adds the path to the message within the schema, behind either.

use aqueduct_api::{ConverterRole, Error, ErrorKind, Result, WireHeaders};
use bytes::{Buf, Bytes};

use crate::config::Placement;
use crate::registry::SchemaKey;

const ID_MAGIC: u8 = 0;
const GUID_MAGIC: u8 = 1;

fn serialization(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Serialization, message)
}

/// The header that holds the schema of a part of a record.
pub(crate) const fn header_name(role: ConverterRole) -> &'static str {
    match role {
        ConverterRole::Key => "__key_schema_id",
        _ => "__value_schema_id",
    }
}

/// The bytes before a payload.
pub(crate) fn put_prefix(id: i32, out: &mut Vec<u8>) {
    out.push(ID_MAGIC);
    out.extend_from_slice(&id.to_be_bytes());
}

/// Adds the header, unless the last of that name says the same already.
pub(crate) fn put_header(role: ConverterRole, guid: [u8; 16], path: &[u8], headers: &mut WireHeaders) {
    let mut bytes = vec![GUID_MAGIC];
    bytes.extend_from_slice(&guid);
    bytes.extend_from_slice(path);
    if headers.last(header_name(role)) != Some(Some(&bytes)) {
        headers.push(header_name(role), Some(&bytes));
    }
}

/// The path to a message within its schema: how many numbers, then the numbers, as zigzag varints; the first message
/// of all is a single zero.
pub(crate) fn encode_path(path: &[i32]) -> Vec<u8> {
    let mut out = Vec::new();
    if path == [0] {
        put_varint(0, &mut out);
        return out;
    }
    put_varint(i32::try_from(path.len()).unwrap_or(i32::MAX), &mut out);
    path.iter().for_each(|index| put_varint(*index, &mut out));
    out
}

fn put_varint(value: i32, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 31)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A path from the beginning of the bytes, which lose it. It is never longer than the bytes.
pub(crate) fn take_path(bytes: &mut impl Buf) -> Result<Vec<i32>> {
    let count = take_varint(bytes)?;
    if count == 0 {
        return Ok(vec![0]);
    }
    let count = usize::try_from(count).ok().filter(|count| *count <= bytes.remaining());
    let count = count.ok_or_else(|| serialization("Invalid message indexes"))?;
    (0..count).map(|_| take_varint(bytes)).collect()
}

fn take_varint(bytes: &mut impl Buf) -> Result<i32> {
    let mut value = 0_u32;
    for index in 0..5 {
        let byte = bytes.try_get_u8().map_err(|_| serialization("Invalid message indexes"))?;
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err(serialization("Invalid message indexes"))
}

/// A message taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) key: SchemaKey,
    /// What follows the number in the header: the path within the schema.
    pub(crate) in_header: Option<Bytes>,
    pub(crate) payload: Bytes,
}

/// Takes a message apart.
pub(crate) fn take(
    placement: Placement,
    role: ConverterRole,
    headers: &WireHeaders,
    data: &Bytes,
) -> Result<Envelope> {
    if placement != Placement::Prefix
        && let Some(Some(header)) = headers.last(header_name(role))
    {
        let (key, rest) = key_of(header)?;
        let in_header = Some(Bytes::copy_from_slice(rest));
        return Ok(Envelope { key, in_header, payload: data.clone() });
    }
    if placement == Placement::Header {
        return Err(serialization("Missing schema id in the headers of the record"));
    }
    let (key, rest) = key_of(data)?;
    Ok(Envelope { key, in_header: None, payload: data.slice_ref(rest) })
}

fn key_of(bytes: &[u8]) -> Result<(SchemaKey, &[u8])> {
    if let Some((&ID_MAGIC, rest)) = bytes.split_first()
        && let Some((id, rest)) = rest.split_first_chunk()
    {
        return Ok((SchemaKey::Id(i32::from_be_bytes(*id)), rest));
    }
    if let Some((&GUID_MAGIC, rest)) = bytes.split_first()
        && let Some((guid, rest)) = rest.split_first_chunk()
    {
        return Ok((SchemaKey::Guid(*guid), rest));
    }
    Err(serialization("Unknown magic byte!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_or_a_header_names_the_schema() {
        let mut prefixed = Vec::new();
        put_prefix(258, &mut prefixed);
        prefixed.extend_from_slice(b"ab");
        assert_eq!(prefixed, [0, 0, 0, 1, 2, b'a', b'b']);
        let guid = *b"0123456789abcdef";
        let mut headers = WireHeaders::new();
        put_header(ConverterRole::Key, guid, &[2, 2], &mut headers);
        put_header(ConverterRole::Key, guid, &[2, 2], &mut headers);
        assert_eq!(headers.iter().len(), 1, "the same is not said twice");

        let prefixed = Bytes::from(prefixed);
        let take = |placement, role| take(placement, role, &headers, &prefixed);
        let of_value = take(Placement::Either, ConverterRole::Value).expect("a prefix");
        assert_eq!((of_value.key, &of_value.payload[..]), (SchemaKey::Id(258), &b"ab"[..]));
        let of_key = take(Placement::Either, ConverterRole::Key).expect("a header");
        assert_eq!((of_key.key, of_key.payload.len()), (SchemaKey::Guid(guid), 7));
        assert_eq!(of_key.in_header.as_deref(), Some(&[2, 2][..]));
        let of_key = take(Placement::Prefix, ConverterRole::Key).expect("a prefix");
        assert_eq!(of_key.key, SchemaKey::Id(258));
        assert!(take(Placement::Header, ConverterRole::Value).is_err());
    }

    #[test]
    fn paths_have_javas_bytes() {
        assert_eq!(encode_path(&[0]), [0]);
        assert_eq!(encode_path(&[1]), [2, 2]);
        assert_eq!(encode_path(&[1, 0]), [4, 2, 0]);
        assert_eq!(encode_path(&[200]), [2, 0x90, 3]);
        for path in [&[0][..], &[1], &[1, 0], &[200, 3, 0]] {
            assert_eq!(take_path(&mut encode_path(path).as_slice()).expect("a path"), path);
        }
        for bytes in [&[][..], &[2], &[0xff, 0xff, 0xff, 0xff, 0xff, 1], &[1], &[0x80]] {
            assert!(take_path(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn other_first_bytes_are_refused() {
        for data in [&b""[..], &[0], &[0, 0, 0, 1], &[1, 2, 3], &[2, 0, 0, 0, 1, 9], b"{}"] {
            let data = Bytes::from(data.to_vec());
            let error = take(Placement::Either, ConverterRole::Value, &WireHeaders::new(), &data)
                .expect_err("no schema is named");
            assert_eq!(error.message(), Some("Unknown magic byte!"), "{data:?}");
        }
    }
}
