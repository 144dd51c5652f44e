//! Files of numbered lines, and what has become of them.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;

/// Numbered lines of differing length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines {
    pub(crate) count: usize,
    padding: &'static str,
}

impl Lines {
    /// Lines that are not only ASCII.
    pub(crate) fn new(count: usize) -> Lines {
        Lines { count, padding: "żółw 🐢 " }
    }

    /// Lines of ASCII. Java's file source counts characters and seeks by bytes, so that only here it goes on where
    /// it has stopped.
    pub(crate) fn ascii(count: usize) -> Lines {
        Lines { count, padding: "tortoise " }
    }

    fn line(&self, number: usize) -> String {
        format!("{number:07} {}", self.padding.repeat(number % 6))
    }

    /// Writes all to a file.
    pub(crate) fn write(&self, path: &Path) {
        let mut file = BufWriter::new(File::create(path).unwrap());
        for number in 0..self.count {
            writeln!(file, "{}", self.line(number)).unwrap();
        }
        file.flush().unwrap();
    }

    /// Counts what a file holds of them; one that isn't there is empty.
    pub(crate) fn census(&self, path: &Path) -> Census {
        let mut census = Census::default();
        let Ok(file) = File::open(path) else { return census };
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).unwrap() > 0 {
            let text = bytes.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
            let number = text.and_then(|text| {
                let number = text.get(..7)?.parse().ok()?;
                (text == self.line(number)).then_some(number)
            });
            match number {
                None => census.torn += 1,
                Some(number) if number == census.in_order => census.in_order += 1,
                Some(number) if number < census.in_order => census.repeated += 1,
                Some(_) => census.too_early += 1,
            }
            bytes.clear();
        }
        census
    }
}

/// What a file that should hold the lines `0..count` holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Lines that are there for the first time, in order: a line that is missing stops the count.
    pub(crate) in_order: usize,
    /// Lines that were there before.
    pub(crate) repeated: usize,
    /// Pieces of lines: what a killed writer leaves.
    pub(crate) torn: usize,
    /// Lines that came before one that should precede them.
    pub(crate) too_early: usize,
}

impl Census {
    /// Everything once, in order.
    pub(crate) fn exactly(count: usize) -> Census {
        Census { in_order: count, ..Census::default() }
    }

    /// Whole lines.
    pub(crate) fn whole(&self) -> usize {
        self.in_order + self.repeated + self.too_early
    }
}

/// How many lines end before this byte of the file.
pub(crate) fn before(path: &Path, position: u64) -> usize {
    let bytes = std::fs::read(path).unwrap();
    let position = usize::try_from(position).unwrap();
    bytes[..position].iter().filter(|byte| **byte == b'\n').count()
}

/// The file's length, 0 when it isn't there.
pub(crate) fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// The MD5 of a file, as `md5sum` gives it.
pub(crate) fn md5(path: &Path) -> String {
    let output = Command::new("md5sum").arg(path).output().expect("md5sum can be run");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().filter(|sum| sum.len() == 32).expect("a sum").to_owned()
}

#[test]
fn a_census_sees_every_kind_of_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines");
    let lines = Lines::new(20);
    let check = |content: String, expected: Census| {
        std::fs::write(&path, &content).unwrap();
        assert_eq!(lines.census(&path), expected, "{content}");
    };
    let text =
        |numbers: &[usize]| numbers.iter().map(|number| lines.line(*number) + "\n").collect::<String>();
    check(text(&[0, 1, 2]), Census::exactly(3));
    check(text(&[0, 1, 0, 1, 2]), Census { in_order: 3, repeated: 2, ..Census::default() });
    check(text(&[0, 2, 3]), Census { in_order: 1, too_early: 2, ..Census::default() });
    check(text(&[0]) + "00000\n" + &text(&[1]), Census { in_order: 2, torn: 1, ..Census::default() });
    check(text(&[0]) + &lines.line(1), Census { in_order: 1, torn: 1, ..Census::default() });
    lines.write(&path);
    assert_eq!(lines.census(&path), Census::exactly(20));
    assert_eq!(before(&path, length(&path)), 20);
}
