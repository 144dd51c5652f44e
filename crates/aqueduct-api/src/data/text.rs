//! Shared UTF-8 text.
#![allow(unsafe_code, reason = "the bytes are checked once, when the text is made, and never change")]

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use bytes::Bytes;

/// The most bytes of a text that lies in place: what is left beside the mark that it does.
const SHORT_MAX: usize = 23;

/// Immutable UTF-8 text. A short one lies in place, so that it costs neither memory nor a reference count; a longer one
/// shares its memory: a clone, or a slice of a fetched batch, copies nothing.
///
/// A static text costs no allocation. Java's strings may hold half a surrogate pair; a `Text` cannot, and readers put
/// U+FFFD in its place.
#[derive(Clone)]
pub struct Text(Repr);

/// Where the bytes are. They are UTF-8.
#[derive(Clone)]
enum Repr {
    Short(Short),
    Shared(Bytes),
}

/// No more than [`SHORT_MAX`] bytes.
#[derive(Debug, Clone, Copy)]
struct Short {
    length: u8,
    bytes: [u8; SHORT_MAX],
}

impl Short {
    /// `None` where there are too many.
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut short = Self { length: bytes.len() as u8, bytes: [0; SHORT_MAX] };
        short.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(short)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl Text {
    /// No characters, and room for those of a short text.
    pub const EMPTY: Self = Self(Repr::Short(Short { length: 0, bytes: [0; SHORT_MAX] }));

    /// A text in static memory.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Shared(Bytes::from_static(text.as_bytes())))
    }

    /// Takes the bytes if they are UTF-8, and gives them back if they are not.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, Bytes> {
        match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self(Short::new(&bytes).map_or_else(|| Repr::Shared(bytes), Repr::Short))),
            Err(_) => Err(bytes),
        }
    }

    /// Takes the bytes, with U+FFFD for each part that is no UTF-8, as Java's decoder does. Copies only if it must, or if
    /// they are few.
    pub fn from_utf8_lossy(bytes: Bytes) -> Self {
        Self::from_utf8(bytes).unwrap_or_else(|bytes| String::from_utf8_lossy(&bytes).into_owned().into())
    }

    /// A part of bytes, if they have it and it is UTF-8. A short one is copied, a longer one shares their memory.
    pub fn from_utf8_part(bytes: &Bytes, part: Range<usize>) -> Option<Self> {
        Self::from_utf8_slice(bytes, bytes.get(part)?)
    }

    /// As [`Text::from_utf8_part`], of a slice of the bytes. What is no slice of them is copied.
    pub fn from_utf8_slice(bytes: &Bytes, slice: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(slice).ok()?;
        Some(match Short::new(slice) {
            Some(short) => Self(Repr::Short(short)),
            None => Self::part_of(bytes, text),
        })
    }

    /// A long text, which shares the memory of `bytes` if it lies there.
    fn part_of(bytes: &Bytes, text: &str) -> Self {
        let start = (text.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        let part = start..start.saturating_add(text.len());
        if bytes.get(part.clone()).is_some_and(|same| std::ptr::eq(same, text.as_bytes())) {
            Self(Repr::Shared(bytes.slice(part)))
        } else {
            text.into()
        }
    }

    /// Makes this the text of a slice, as [`Text::from_utf8_slice`] does. A short one is written where it stays: a value that
    /// has just been made costs more to move than to make. `false` if the slice is no UTF-8; then this stays as it was.
    #[inline]
    pub fn assign_utf8_slice(&mut self, bytes: &Bytes, slice: &[u8]) -> bool {
        match std::str::from_utf8(slice) {
            Ok(text) => {
                if !self.assign_short(text) {
                    *self = Self::part_of(bytes, text);
                }
                true
            }
            Err(_) => false,
        }
    }

    /// Makes this another text. A short one is written where it stays.
    #[inline]
    pub fn assign(&mut self, text: &str) {
        if !self.assign_short(text) {
            *self = text.into();
        }
    }

    #[inline]
    fn assign_short(&mut self, text: &str) -> bool {
        if text.len() > SHORT_MAX {
            return false;
        }
        *self = Self::EMPTY;
        if let Repr::Short(short) = &mut self.0
            && let Some(place) = short.bytes.get_mut(..text.len())
        {
            place.copy_from_slice(text.as_bytes());
            short.length = text.len() as u8;
        }
        true
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // SAFETY: every constructor takes a `str` or has checked the bytes, which never change.
        unsafe { std::str::from_utf8_unchecked(self.as_bytes()) }
    }

    /// A part of this text, which shares its memory if it is long. What is no part of it is copied.
    #[must_use]
    pub fn share(&self, part: &str) -> Self {
        let shared = match &self.0 {
            Repr::Short(_) => None,
            Repr::Shared(bytes) => Self::from_utf8_slice(bytes, part.as_bytes()),
        };
        shared.unwrap_or_else(|| part.into())
    }

    /// The bytes of the text; those of a long one are shared.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Short(short) => Bytes::copy_from_slice(short.bytes()),
            Repr::Shared(bytes) => bytes,
        }
    }

    /// The bytes of the text.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short(short) => short.bytes(),
            Repr::Shared(bytes) => bytes,
        }
    }
}

/// A text that is being written. A short one needs no memory of its own.
#[derive(Debug, Default)]
pub struct TextWriter(Written);

#[derive(Debug)]
enum Written {
    Short(Short),
    Long(String),
}

impl Default for Written {
    fn default() -> Self {
        Self::Short(Short { length: 0, bytes: [0; SHORT_MAX] })
    }
}

impl fmt::Write for TextWriter {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        match &mut self.0 {
            Written::Long(text) => text.push_str(part),
            Written::Short(short) => {
                let start = usize::from(short.length);
                let end = start + part.len();
                match short.bytes.get_mut(start..end) {
                    Some(place) => {
                        place.copy_from_slice(part.as_bytes());
                        short.length = end as u8;
                    }
                    None => {
                        let mut text = String::with_capacity(end.max(2 * SHORT_MAX));
                        text.push_str(Text(Repr::Short(*short)).as_str());
                        text.push_str(part);
                        self.0 = Written::Long(text);
                    }
                }
            }
        }
        Ok(())
    }
}

impl From<TextWriter> for Text {
    fn from(writer: TextWriter) -> Self {
        match writer.0 {
            Written::Short(short) => Self(Repr::Short(short)),
            Written::Long(text) => text.into(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::from_static("")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Short::new(text.as_bytes()).map_or_else(|| Repr::Shared(Bytes::from(text)), Repr::Short))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self(Short::new(bytes).map_or_else(|| Repr::Shared(Bytes::copy_from_slice(bytes)), Repr::Short))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_part_shares_memory() {
        let text = Text::from("grüße an alle, die es angeht, und mehr".to_owned());
        let part = text.share(&text.as_str()[2..31]);
        assert_eq!(part, "üße an alle, die es angeht,");
        assert_eq!(part.as_bytes().as_ptr(), text.as_bytes()[2..].as_ptr());
        assert_eq!(text.share(&text.as_str()[2..6]), "üß");
        assert_eq!(text.share("other"), "other");
        assert_eq!(text.share(""), "");
        assert_eq!(Text::from("short").share("or"), "or");
    }

    #[test]
    fn short_and_long_texts_are_the_same_texts() {
        for length in [0, 1, SHORT_MAX - 1, SHORT_MAX, SHORT_MAX + 1, 300] {
            let text = "ab".repeat(length)[..length].to_owned();
            let bytes = Bytes::from(format!("<{text}>"));
            let shared = Text(Repr::Shared(Bytes::from(text.clone())));
            for made in [
                Text::from(text.as_str()),
                Text::from(text.clone()),
                Text::from_utf8_lossy(bytes.slice(1..=length)),
                Text::from_utf8_part(&bytes, 1..length + 1).expect("UTF-8"),
            ] {
                let mut assigned = [Text::from("another"), Text::from("a".repeat(100))];
                assigned[0].assign(&text);
                assert!(assigned[1].assign_utf8_slice(&bytes, &bytes[1..=length]));
                assert_eq!(assigned, [shared.clone(), shared.clone()], "{length}");
                assert_eq!(made, shared, "{length}");
                assert_eq!(made.as_str(), text);
                assert_eq!(made.cmp(&shared), Ordering::Equal);
                assert_eq!(made.into_bytes(), text.as_bytes());
            }
        }
        let (long, short) = (Text::from("a".repeat(100)), Text::from("b"));
        assert!(short > long);
        let bytes = Bytes::from_static(b"a\xffb");
        assert_eq!(Text::from_utf8_part(&bytes, 0..1), Some("a".into()));
        assert_eq!(Text::from_utf8_part(&bytes, 1..3), None);
        assert!(!Text::default().assign_utf8_slice(&bytes, &bytes[1..3]));
        assert_eq!(Text::from_utf8_part(&bytes, 2..4), None);
        let strange = "from somewhere else, and long";
        assert_eq!(Text::from_utf8_slice(&bytes, strange.as_bytes()), Some(strange.into()));
    }

    #[test]
    fn is_written_piece_by_piece() {
        use std::fmt::Write;
        let mut expected = String::new();
        for count in 0..40 {
            let mut writer = TextWriter::default();
            (0..count).for_each(|number| write!(writer, "{number}").expect("there is room"));
            let text = Text::from(writer);
            assert_eq!(text, expected.as_str());
            assert_eq!(matches!(text.0, Repr::Short(_)), expected.len() <= SHORT_MAX);
            write!(expected, "{count}").expect("there is room");
        }
    }

    #[test]
    fn is_as_small_as_its_shared_form() {
        assert_eq!(size_of::<Text>(), size_of::<Bytes>());
    }
}
