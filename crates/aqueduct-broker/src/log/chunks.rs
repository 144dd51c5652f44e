//! A run of bytes in pieces, so that stored batches are sent without being copied together.

use bytes::{Bytes, BytesMut};

/// Pieces shorter than this are copied together: a system call's vector entry costs more than the copy.
const COPY_BYTES_MAX: usize = 4096;

/// An ordered list of byte pieces.
#[derive(Debug, Default, Clone)]
pub(crate) struct Chunks {
    pieces: Vec<Bytes>,
    tail: BytesMut,
    len: usize,
}

impl Chunks {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a copy of `bytes`.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < COPY_BYTES_MAX {
            self.put(&bytes);
        } else {
            self.len += bytes.len();
            self.flush();
            self.pieces.push(bytes);
        }
    }

    pub(crate) fn append(&mut self, other: Chunks) {
        for piece in other.into_pieces() {
            self.push(piece);
        }
    }

    fn flush(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push(self.tail.split().freeze());
        }
    }

    pub(crate) fn into_pieces(mut self) -> Vec<Bytes> {
        self.flush();
        self.pieces
    }

    /// Everything in one piece.
    #[cfg(test)]
    pub(crate) fn into_bytes(self) -> Bytes {
        let mut pieces = self.into_pieces();
        match pieces.len() {
            0 => Bytes::new(),
            1 => pieces.swap_remove(0),
            _ => pieces.concat().into(),
        }
    }
}

impl From<Bytes> for Chunks {
    fn from(bytes: Bytes) -> Chunks {
        let mut chunks = Chunks::default();
        chunks.push(bytes);
        chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pieces_join_and_large_ones_stay() {
        let mut chunks = Chunks::default();
        chunks.put(b"ab");
        chunks.push(Bytes::from_static(b"cd"));
        chunks.push(Bytes::from(vec![b'x'; COPY_BYTES_MAX]));
        chunks.put(b"e");
        assert_eq!(chunks.len(), 5 + COPY_BYTES_MAX);
        let pieces = chunks.clone().into_pieces();
        assert_eq!(pieces.len(), 3);
        assert_eq!(&pieces[0][..], b"abcd");
        assert_eq!(chunks.into_bytes().len(), 5 + COPY_BYTES_MAX);
    }
}
