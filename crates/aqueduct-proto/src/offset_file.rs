//! The file of the standalone worker's offsets: a Java-serialized `HashMap<byte[], byte[]>` (spec: standalone stores).
//!
//! The reader takes what a Java worker writes, in any order and with any table size, and nothing else: no other class is
//! ever accepted. The writer's bytes are what Java's serialization gives for the same map.

use thiserror::Error;

/// Entries by key; a value may be null.
pub type Entries = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Why bytes are no offset file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OffsetFileError {
    /// It ends too early.
    #[error("the file ends in the middle of {0}")]
    Truncated(&'static str),
    /// Something else stands where the format wants this.
    #[error("byte {at}: expected {expected}")]
    Unexpected {
        /// Where in the file.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
}

/// Stream header, then the class `java.util.HashMap` with its two fields.
const PREFIX: &[u8] = &[
    0xac, 0xed, 0x00, 0x05, b's', b'r', 0x00, 0x11, b'j', b'a', b'v', b'a', b'.', b'u', b't', b'i', b'l',
    b'.', b'H', b'a', b's', b'h', b'M', b'a', b'p', 0x05, 0x07, 0xda, 0xc1, 0xc3, 0x16, 0x60, 0xd1, 0x03,
    0x00, 0x02, b'F', 0x00, 0x0a, b'l', b'o', b'a', b'd', b'F', b'a', b'c', b't', b'o', b'r', b'I', 0x00,
    0x09, b't', b'h', b'r', b'e', b's', b'h', b'o', b'l', b'd', b'x', b'p',
];
/// A byte array whose class comes for the first time.
const FIRST_ARRAY: &[u8] = &[
    b'u', b'r', 0x00, 0x02, b'[', b'B', 0xac, 0xf3, 0x17, 0xf8, 0x06, 0x08, 0x54, 0xe0, 0x02, 0x00, 0x00,
    b'x', b'p',
];
/// A byte array whose class is the one that came before.
const NEXT_ARRAY: &[u8] = &[b'u', b'q', 0x00, 0x7e, 0x00, 0x02];
const NULL: u8 = b'p';
const BLOCK_DATA_8: &[u8] = &[b'w', 8];
const END_BLOCK: u8 = b'x';
/// A reference to an object that stood earlier in the stream.
const REFERENCE: u8 = b'q';
const LOAD_FACTOR: f32 = 0.75;

/// Reads a file's bytes; none at all is an empty map.
pub fn read(bytes: &[u8]) -> Result<Entries, OffsetFileError> {
    if bytes.is_empty() {
        return Ok(Entries::new());
    }
    let mut reader = Reader { bytes, at: 0, array_class_seen: false, arrays: Vec::new() };
    reader.expect(PREFIX, "the header of a serialized java.util.HashMap")?;
    reader.take(8, "the map's load factor and threshold")?;
    reader.expect(BLOCK_DATA_8, "the map's sizes")?;
    reader.take(4, "the map's table size")?;
    let len = reader.u32("the number of entries")?;
    let mut entries = Entries::new();
    for _ in 0..len {
        let at = reader.at;
        let key =
            reader.array()?.ok_or(OffsetFileError::Unexpected { at, expected: "a key that is not null" })?;
        let value = reader.array()?;
        entries.push((key, value));
    }
    reader.expect(&[END_BLOCK], "the end of the map")?;
    if reader.at < bytes.len() {
        return Err(OffsetFileError::Unexpected { at: reader.at, expected: "the end of the file" });
    }
    Ok(entries)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    array_class_seen: bool,
    /// The arrays read so far: one that is the same object as an earlier one is written as a reference to it.
    arrays: Vec<Vec<u8>>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], OffsetFileError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(OffsetFileError::Truncated(what))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn expect(&mut self, expected: &[u8], what: &'static str) -> Result<(), OffsetFileError> {
        let at = self.at;
        if self.take(expected.len(), what)? == expected {
            Ok(())
        } else {
            Err(OffsetFileError::Unexpected { at, expected: what })
        }
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, OffsetFileError> {
        let bytes = self.take(4, what)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn array(&mut self) -> Result<Option<Vec<u8>>, OffsetFileError> {
        /// The handle of the first array: the stream's handles count the map's class, the map and the array class first.
        const FIRST_HANDLE: u32 = 0x7e_0003;
        let unexpected = OffsetFileError::Unexpected { at: self.at, expected: "a byte array or null" };
        match self.bytes.get(self.at) {
            None => return Err(OffsetFileError::Truncated("an entry")),
            Some(&NULL) => {
                self.at += 1;
                return Ok(None);
            }
            Some(&REFERENCE) => {
                self.at += 1;
                let handle = self.u32("a reference")?;
                let index = handle.checked_sub(FIRST_HANDLE).ok_or(unexpected)?;
                return match self.arrays.get(index as usize) {
                    Some(array) => Ok(Some(array.clone())),
                    None => Err(OffsetFileError::Unexpected {
                        at: self.at - 4,
                        expected: "a reference to a byte array",
                    }),
                };
            }
            Some(_) => {}
        }
        let class = if self.array_class_seen { NEXT_ARRAY } else { FIRST_ARRAY };
        self.expect(class, "a byte array or null")?;
        self.array_class_seen = true;
        let len = self.u32("the length of a byte array")?;
        let array = self.take(len as usize, "a byte array")?.to_vec();
        self.arrays.push(array.clone());
        Ok(Some(array))
    }
}

/// The bytes of a file with these entries, whose keys are distinct.
pub fn write<'a>(entries: impl ExactSizeIterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> Vec<u8> {
    let len = entries.len() as u32;
    let buckets = buckets(len);
    let threshold = if len == 0 { 0 } else { (buckets as f32 * LOAD_FACTOR) as u32 };
    let mut out = Vec::with_capacity(PREFIX.len() + 32 + 128 * entries.len());
    out.extend_from_slice(PREFIX);
    out.extend_from_slice(&LOAD_FACTOR.to_be_bytes());
    out.extend_from_slice(&threshold.to_be_bytes());
    out.extend_from_slice(BLOCK_DATA_8);
    out.extend_from_slice(&buckets.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    let mut class = FIRST_ARRAY;
    for (key, value) in entries {
        for array in [Some(key), value] {
            let Some(array) = array else {
                out.push(NULL);
                continue;
            };
            out.extend_from_slice(class);
            class = NEXT_ARRAY;
            out.extend_from_slice(&(array.len() as u32).to_be_bytes());
            out.extend_from_slice(array);
        }
    }
    out.push(END_BLOCK);
    out
}

/// The table size of a map that grew entry by entry.
fn buckets(len: u32) -> u32 {
    let mut buckets = 16;
    while len > buckets / 4 * 3 {
        buckets *= 2;
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn borrowed(entries: &Entries) -> Vec<u8> {
        write(entries.iter().map(|(key, value)| (key.as_slice(), value.as_deref())))
    }

    #[test]
    fn reads_what_it_writes() {
        for len in [0_usize, 1, 2, 12, 13, 100] {
            let entries: Entries = (0..len)
                .map(|n| (format!("k{n}").into_bytes(), (n % 3 != 1).then(|| vec![n as u8; n])))
                .collect();
            assert_eq!(read(&borrowed(&entries)).as_ref(), Ok(&entries), "{len} entries");
        }
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        assert_eq!(read(&[]), Ok(Entries::new()));
    }

    #[test]
    fn every_cut_and_every_other_class_is_refused() {
        let whole = borrowed(&vec![(b"key".to_vec(), Some(b"value".to_vec())), (b"k2".to_vec(), None)]);
        for end in 1..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read(&longer).is_err());
        let mut other = whole;
        other[14] = b'X';
        assert!(matches!(read(&other), Err(OffsetFileError::Unexpected { at: 0, .. })));
    }
}
