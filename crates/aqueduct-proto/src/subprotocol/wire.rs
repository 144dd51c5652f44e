//! Kafka's old schema types on bytes: big-endian integers, strings with a short length, arrays with an int length.
//!
//! The texts of errors are those of Java's `Schema`, where the log of a worker shows them.

use thiserror::Error;

/// Bytes that are not what the subprotocol's schema says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SchemaError(String);

impl SchemaError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn underflow() -> Self {
        Self::new("java.nio.BufferUnderflowException")
    }
}

pub(super) type Result<T> = std::result::Result<T, SchemaError>;

/// A cursor that checks every length before it reads.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads one field; an error names it.
    pub(super) fn field<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        read(self).map_err(|error| SchemaError(format!("Error reading field '{name}': {error}")))
    }

    /// Reads a field of a schema that tolerates missing fields at its end: `default` stands for it when nothing is left.
    pub(super) fn trailing_field<T>(
        &mut self,
        name: &str,
        default: Option<T>,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if !self.rest.is_empty() {
            return self.field(name, read);
        }
        default.ok_or_else(|| {
            SchemaError(format!(
                "Error reading field '{name}': Missing value for field '{name}' which has no default value."
            ))
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(SchemaError::underflow)?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }

    pub(super) fn int16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn int32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn int64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    pub(super) fn string(&mut self) -> Result<String> {
        let length = self.int16()?;
        let size = usize::try_from(length)
            .map_err(|_| SchemaError(format!("String length {length} cannot be negative")))?;
        let left = self.rest.len();
        let bytes = self.take(size).ok_or_else(|| {
            SchemaError(format!("Error reading string of length {length}, only {left} bytes available"))
        })?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    pub(super) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let length = self.int32()?;
        let Ok(size) = usize::try_from(length) else { return Ok(None) };
        let left = self.rest.len();
        let bytes = self.take(size).ok_or_else(|| {
            SchemaError(format!("Error reading bytes of size {length}, only {left} bytes available"))
        })?;
        Ok(Some(bytes))
    }

    /// How many elements follow; `None` for a null array. Never more than there are bytes left, so that a broken length
    /// cannot ask for memory.
    pub(super) fn array_length(&mut self, nullable: bool) -> Result<Option<usize>> {
        let length = self.int32()?;
        let Ok(size) = usize::try_from(length) else {
            return if nullable {
                Ok(None)
            } else {
                Err(SchemaError(format!("Array size {length} cannot be negative")))
            };
        };
        let left = self.rest.len();
        if size > left {
            return Err(SchemaError(format!(
                "Error reading array of size {length}, only {left} bytes available"
            )));
        }
        Ok(Some(size))
    }
}

/// The writing side.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(super) fn int16(&mut self, value: i16) {
        self.out.extend(value.to_be_bytes());
    }

    pub(super) fn int32(&mut self, value: i32) {
        self.out.extend(value.to_be_bytes());
    }

    pub(super) fn int64(&mut self, value: i64) {
        self.out.extend(value.to_be_bytes());
    }

    /// A text; what does not fit in a string of the protocol (32,767 bytes) is cut at a character.
    pub(super) fn string(&mut self, text: &str) {
        let mut end = text.len().min(i16::MAX as usize);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.int16(end as i16);
        self.out.extend_from_slice(&text.as_bytes()[..end]);
    }

    pub(super) fn nullable_bytes(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.int32(-1),
            Some(bytes) => {
                self.length(bytes.len());
                self.out.extend_from_slice(bytes);
            }
        }
    }

    /// The length of an array. A request holds far fewer elements than an int counts.
    pub(super) fn length(&mut self, length: usize) {
        self.int32(i32::try_from(length).unwrap_or(i32::MAX));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}
