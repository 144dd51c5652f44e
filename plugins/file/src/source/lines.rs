//! Cutting bytes into lines.

use aqueduct_api::Text;
use bytes::Bytes;
use memchr::{memchr2, memrchr2};

/// Cuts a stream of bytes, which comes in pieces of any size, into lines.
///
/// A line ends with `\n`, `\r\n` or `\r`. A `\r` that is the last byte so far waits for the next one, as a `\n` may
/// belong to it. What comes after the last line end waits too, however long it gets.
///
/// The bytes of whole lines lie in one piece of memory that the lines share; only the bytes of a line that is not whole
/// yet are copied once more.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Whole lines with their ends, not given out yet.
    whole: Bytes,
    /// What comes behind them: no line, or one whose end is a `\r` that waits.
    rest: Vec<u8>,
    /// How many bytes lie before `whole`.
    position: u64,
}

impl Lines {
    /// Starts with a stream that begins this many bytes behind the beginning of the source.
    pub(crate) fn starting_at(position: u64) -> Self {
        Self { position, ..Self::default() }
    }

    /// How many bytes lie before the next line: where to go on after the line given out last.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes of the source have been pushed: where to read on.
    pub(crate) fn end(&self) -> u64 {
        self.position + self.whole.len() as u64 + self.rest.len() as u64
    }

    /// Adds the next bytes. To be called when [`Lines::next`] has given `None`; lines that are still there are kept, at
    /// the cost of a copy.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let Some(end) = self.end_of_whole_lines(piece) else {
            self.rest.extend_from_slice(piece);
            return;
        };
        let (head, tail) = piece.split_at(end);
        let mut whole = std::mem::replace(&mut self.rest, tail.to_vec());
        if !self.whole.is_empty() {
            whole.splice(..0, self.whole.iter().copied());
        }
        whole.reserve_exact(head.len());
        whole.extend_from_slice(head);
        self.whole = Bytes::from(whole);
    }

    /// How much of a piece belongs to whole lines; `None`: with this piece there is none yet.
    fn end_of_whole_lines(&self, piece: &[u8]) -> Option<usize> {
        let (&first, &last) = (piece.first()?, piece.last()?);
        let decided = if last == b'\r' { &piece[..piece.len() - 1] } else { piece };
        if let Some(at) = memrchr2(b'\n', b'\r', decided) {
            return Some(at + 1);
        }
        (self.rest.last() == Some(&b'\r')).then_some(usize::from(first == b'\n'))
    }

    /// The next line without its end, decoded as UTF-8 with U+FFFD for what is none.
    pub(crate) fn next(&mut self) -> Option<Text> {
        let length = memchr2(b'\n', b'\r', &self.whole)?;
        let crlf = self.whole[length..].starts_with(b"\r\n");
        let mut line = self.whole.split_to(length + if crlf { 2 } else { 1 });
        self.position += line.len() as u64;
        line.truncate(length);
        Some(Text::from_utf8_lossy(line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Lines;

    /// The rule, read byte by byte: the lines and the position behind each.
    fn reference(bytes: &[u8]) -> Vec<(String, u64)> {
        let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
        while at < bytes.len() {
            let end = match bytes[at] {
                b'\n' => at + 1,
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => at + 2,
                b'\r' if at + 1 < bytes.len() => at + 1,
                _ => {
                    at += 1;
                    continue;
                }
            };
            lines.push((String::from_utf8_lossy(&bytes[start..at]).into_owned(), end as u64));
            (start, at) = (end, end);
        }
        lines
    }

    fn cut(pieces: &[&[u8]], position: u64) -> Vec<(String, u64)> {
        let mut lines = Lines::starting_at(position);
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.next() {
                found.push((line.into(), lines.position()));
            }
        }
        found
    }

    #[test]
    fn cuts_at_every_kind_of_line_end() {
        for (pieces, expected) in [
            (&["a\nb\r\nc\rd"][..], &[("a", 2), ("b", 5), ("c", 7)][..]),
            (&["a\r"], &[]),
            (&["a\r", "\nb\n"], &[("a", 3), ("b", 5)]),
            (&["a\r", "b\n"], &[("a", 2), ("b", 4)]),
            (&["a\r", "b"], &[("a", 2)]),
            (&["a\r", "\r"], &[("a", 2)]),
            (&["a\r", "\r", "\n"], &[("a", 2), ("", 4)]),
            (&["\n\n\r\n\r\r"], &[("", 1), ("", 2), ("", 4), ("", 5)]),
            (&["", "a", "", "\n"], &[("a", 2)]),
            (&["no end"], &[]),
            (&["h\u{e9}", "\n"], &[("h\u{e9}", 4)]),
        ] {
            let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|&(line, at)| (line.to_owned(), at)).collect();
            assert_eq!(cut(&bytes, 0), expected, "{pieces:?}");
        }
    }

    #[test]
    fn replaces_what_is_no_utf_8() {
        assert_eq!(
            cut(&[b"a\xff\xfeb\xc3\nok\n"], 0),
            [("a\u{fffd}\u{fffd}b\u{fffd}".into(), 6), ("ok".into(), 9)]
        );
        // A character that is cut by the end of a piece is whole again with the next.
        assert_eq!(cut(&[b"\xf0\x9f", b"\x98\x80\n"], 0), [("\u{1f600}".into(), 5)]);
    }

    #[test]
    fn keeps_lines_that_were_not_taken() {
        let mut lines = Lines::default();
        lines.push(b"a\nb\nc");
        lines.push(b"d\ne");
        let texts: Vec<String> = std::iter::from_fn(|| lines.next().map(String::from)).collect();
        assert_eq!(texts, ["a", "b", "cd"]);
        assert_eq!((lines.position(), lines.end()), (7, 8));
    }

    #[test]
    fn grows_with_a_long_line_in_linear_time() {
        let (mut lines, piece) = (Lines::default(), vec![b'x'; 64 * 1024]);
        for _ in 0..800 {
            lines.push(&piece);
            assert!(lines.next().is_none());
        }
        lines.push(b"\n");
        assert_eq!(lines.next().map(|line| line.len()), Some(800 * 64 * 1024));
    }

    /// Bytes with many line ends, characters of every length, and bytes that are no UTF-8.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            3 => Just(b"\n".to_vec()),
            2 => Just(b"\r\n".to_vec()),
            2 => Just(b"\r".to_vec()),
            3 => "[a-z\u{e9}\u{20ac}\u{1f600}]{0,6}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_pieces_make_the_same_lines(text in text(), cuts in prop::collection::vec(0usize..200, 0..8)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut < text.len()).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&text[from..cut]);
                from = cut;
            }
            pieces.push(&text[from..]);
            prop_assert_eq!(cut(&pieces, 0), reference(&text));
        }

        #[test]
        fn a_restart_behind_any_line_gives_exactly_the_rest(text in text()) {
            let all = reference(&text);
            for (index, &(_, position)) in all.iter().enumerate() {
                let rest = cut(&[&text[position as usize..]], position);
                prop_assert_eq!(rest.as_slice(), &all[index + 1..]);
            }
        }
    }
}
