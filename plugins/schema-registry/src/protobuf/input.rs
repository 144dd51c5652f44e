//! The wire form of messages, read piece by piece.

use aqueduct_api::{Error, ErrorKind, Result, Text};
use bytes::Bytes;

/// How deep groups may nest in fields that nobody knows.
const DEPTH_MAX: usize = 100;

/// What follows the key of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Varint,
    EightBytes,
    Length,
    Group,
    GroupEnd,
    FourBytes,
}

/// The rest of a message.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    payload: &'a Bytes,
    rest: &'a [u8],
}

pub(super) fn broken(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Serialization, what)
}

fn early() -> Error {
    broken("the message ends too early")
}

impl<'a> Input<'a> {
    pub(super) fn new(payload: &'a Bytes) -> Self {
        Self { payload, rest: payload }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                if index == 9 && *byte > 1 {
                    break;
                }
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { early() } else { broken("invalid varint") })
    }

    /// The number of the next field, and what follows.
    pub(super) fn key(&mut self) -> Result<(u32, Wire)> {
        let key = u32::try_from(self.varint()?).map_err(|_| broken("invalid key of a field"))?;
        let wire = match key & 7 {
            0 => Wire::Varint,
            1 => Wire::EightBytes,
            2 => Wire::Length,
            3 => Wire::Group,
            4 => Wire::GroupEnd,
            5 => Wire::FourBytes,
            other => return Err(broken(format!("invalid wire type: {other}"))),
        };
        match key >> 3 {
            0 => Err(broken("invalid tag of a field: 0")),
            number => Ok((number, wire)),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(early)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn take(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| early())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(early)?;
        self.rest = rest;
        Ok(taken)
    }

    /// What is as long as a length says.
    pub(super) fn block(&mut self) -> Result<Self> {
        Ok(Self { payload: self.payload, rest: self.take()? })
    }

    pub(super) fn bytes(&mut self) -> Result<Bytes> {
        let taken = self.take()?;
        Ok(if taken.is_empty() { Bytes::new() } else { self.payload.slice_ref(taken) })
    }

    pub(super) fn text(&mut self) -> Result<Text> {
        let taken = self.take()?;
        Text::from_utf8_slice(self.payload, taken).ok_or_else(|| broken("invalid text: not UTF-8"))
    }

    /// Leaves out what follows the key of a field.
    pub(super) fn skip(&mut self, number: u32, wire: Wire) -> Result<()> {
        // The groups that are open.
        let mut open = Vec::new();
        let (mut number, mut wire) = (number, wire);
        loop {
            match wire {
                Wire::Varint => self.varint().map(|_| ())?,
                Wire::EightBytes => self.array::<8>().map(|_| ())?,
                Wire::FourBytes => self.array::<4>().map(|_| ())?,
                Wire::Length => self.take().map(|_| ())?,
                Wire::Group if open.len() < DEPTH_MAX => open.push(number),
                Wire::Group => return Err(broken("too many groups within each other")),
                Wire::GroupEnd if open.pop() == Some(number) => {}
                Wire::GroupEnd => return Err(broken("the end of a group that has not begun")),
            }
            if open.is_empty() {
                return Ok(());
            }
            (number, wire) = self.key()?;
        }
    }
}
