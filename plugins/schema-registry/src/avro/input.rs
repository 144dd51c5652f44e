//! Avro's binary form, read piece by piece.

use aqueduct_api::{Error, ErrorKind, Result, Text};
use bytes::Bytes;

/// Elements that take no bytes, like nulls, cost memory all the same: so many in a message and no more.
const EMPTY_ELEMENTS_MAX: usize = 1 << 20;

/// The rest of a payload.
pub(super) struct Input<'a> {
    payload: &'a Bytes,
    rest: &'a [u8],
    empty_elements: usize,
}

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::Serialization, what)
}

impl<'a> Input<'a> {
    pub(super) fn new(payload: &'a Bytes) -> Self {
        Self { payload, rest: payload, empty_elements: 0 }
    }

    /// All that is left.
    pub(super) fn take_rest(&mut self) -> Bytes {
        let rest = self.payload.slice_ref(self.rest);
        self.rest = &[];
        rest
    }

    /// The next bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| broken("the message ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) =
            self.rest.split_first_chunk().ok_or_else(|| broken("the message ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn long(&mut self) -> Result<i64> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(broken(if self.rest.len() < 10 {
            "the message ends too early"
        } else {
            "a number has too many bytes"
        }))
    }

    pub(super) fn int(&mut self) -> Result<i32> {
        i32::try_from(self.long()?).map_err(|_| broken("an int is larger than 32 bits"))
    }

    pub(super) fn boolean(&mut self) -> Result<bool> {
        Ok(self.array::<1>()? == [1])
    }

    pub(super) fn float(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    pub(super) fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    pub(super) fn fixed(&mut self, size: usize) -> Result<Bytes> {
        Ok(self.payload.slice_ref(self.take(size)?))
    }

    /// What is as long as a length says.
    pub(super) fn block(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.long()?).map_err(|_| broken("a length is negative"))?;
        self.take(length)
    }

    pub(super) fn bytes(&mut self) -> Result<Bytes> {
        Ok(self.payload.slice_ref(self.block()?))
    }

    pub(super) fn text(&mut self) -> Result<Text> {
        let taken = self.block()?;
        let strict = Text::from_utf8_slice(self.payload, taken);
        Ok(strict.unwrap_or_else(|| Text::from(&*String::from_utf8_lossy(taken))))
    }

    /// Calls for each element of an array or map.
    pub(super) fn blocks(&mut self, mut element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        loop {
            let mut count = self.long()?;
            if count < 0 {
                // The length in bytes follows, for those who skip.
                self.long()?;
                count = count.checked_neg().ok_or_else(|| broken("a count is too large"))?;
            }
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                let before = self.rest.len();
                element(self)?;
                if self.rest.len() == before {
                    self.empty_elements += 1;
                    if self.empty_elements > EMPTY_ELEMENTS_MAX {
                        return Err(broken("too many empty elements"));
                    }
                }
            }
        }
    }
}
