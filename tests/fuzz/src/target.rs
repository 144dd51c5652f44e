//! What is tried.

/// A reader, and what to feed it with.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// How the command line calls it.
    pub name: &'static str,
    /// Whole inputs that it understands.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// Words of its language, which inputs are made of and spoilt with.
    pub words: &'static [&'static str],
    /// Reads an input. Errors are answers; a panic is a failure.
    pub run: fn(&[u8]),
}

/// Texts as inputs.
pub(crate) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// An input as text: fuzzed bytes are not always UTF-8.
pub(crate) fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// An input cut into so many parts at its zero bytes; what is missing is empty.
pub(crate) fn parts<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut parts = bytes.splitn(N, |byte| *byte == 0);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
