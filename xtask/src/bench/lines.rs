//! The files that go through workers: lines of one length that differ.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Result;

/// Writes a file of so many lines, each from its number.
pub(super) fn write(
    path: &Path,
    count: u64,
    line: impl Fn(u64, &mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for number in 0..count {
        line(number, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

/// Digits that differ from line to line, so that no side gains from repetition.
pub(super) fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// 100 bytes and a line feed.
pub(super) fn number(number: u64, out: &mut dyn Write) -> io::Result<()> {
    let mixed = mixed(number);
    let (other, turned) = (!mixed, mixed.rotate_left(17));
    writeln!(out, "{number:020}-{mixed:020}-{other:020}-{turned:020}-{mixed:016x}")
}

/// The lengths that lines have.
#[cfg(test)]
pub(super) fn lengths(line: impl Fn(u64, &mut dyn Write) -> io::Result<()>) -> Vec<usize> {
    let length = |number| {
        let mut out = Vec::new();
        line(number, &mut out).unwrap();
        out.len()
    };
    let mut all: Vec<usize> = (0..1_000).map(length).collect();
    all.dedup();
    all
}

#[test]
fn numbers_have_the_stated_length() {
    assert_eq!(lengths(number), [101]);
}
