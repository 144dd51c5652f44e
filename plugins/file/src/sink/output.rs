//! Where the lines go: a file that only grows, or the standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// An output of whole lines. Every call may block.
///
/// Several outputs, also of several processes, may append to one file: each batch is written with one system call as
/// far as the system takes it, so lines don't mix.
#[derive(Debug)]
pub(crate) enum Output {
    File(FileOutput),
    Stdout,
}

/// A file opened to append to.
#[derive(Debug)]
pub(crate) struct FileOutput {
    file: File,
    /// A pipe or a device has neither a length nor a last byte.
    is_regular: bool,
    /// The file ends within a line: somebody has left it so, or a failed write that could not be undone.
    is_torn: bool,
    /// Something was written since the last sync.
    is_dirty: bool,
}

impl Output {
    /// Opens a file, and makes it if there is none. A line that it ends with and that has no end gets one with the
    /// first batch: what is appended must not melt into it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let metadata = file.metadata()?;
        let is_regular = metadata.is_file();
        let is_torn = is_regular && metadata.len() > 0 && ends_within_line(path)?;
        Ok(Self::File(FileOutput { file, is_regular, is_torn, is_dirty: false }))
    }

    /// Writes lines, each with its end. After an error none of them is in a file whose last writer this was; else
    /// there may be some, and the next lines begin behind a line end.
    pub(crate) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::File(output) => output.write(lines),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines)?;
                stdout.flush()
            }
        }
    }

    /// Waits until the system has written all to the disk: a file system may find out only then that it is full.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        match self {
            Self::File(output) if output.is_regular && output.is_dirty => {
                output.file.sync_data()?;
                output.is_dirty = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl FileOutput {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.append(b"\n")?;
            self.is_torn = false;
        }
        self.append(lines)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.is_dirty = true;
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return Err(self.undo(bytes, written, io::ErrorKind::WriteZero.into())),
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.undo(bytes, written, error)),
            }
        }
        Ok(())
    }

    /// Takes back the part of a batch that was written, if nobody has written behind it.
    fn undo(&mut self, bytes: &[u8], written: usize, error: io::Error) -> io::Error {
        let is_undone = written == 0 || self.take_back(written as u64).unwrap_or(false);
        if !is_undone {
            self.is_torn = !bytes[..written].ends_with(b"\n");
        }
        error
    }

    fn take_back(&mut self, length: u64) -> io::Result<bool> {
        if !self.is_regular {
            return Ok(false);
        }
        // Behind a write that appends, the position is where that write has ended.
        let end = self.file.stream_position()?;
        let is_last = self.file.metadata()?.len() == end;
        match end.checked_sub(length) {
            Some(start) if is_last => self.file.set_len(start).map(|()| true),
            _ => Ok(false),
        }
    }
}

fn ends_within_line(path: &Path) -> io::Result<bool> {
    let mut last = [0];
    let mut file = match File::open(path) {
        Ok(file) => file,
        // A file may be ours to write and not to read.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn file_with(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        std::fs::write(&path, content).expect("a file");
        (folder, path)
    }

    fn open(path: &Path) -> FileOutput {
        match Output::open(path).expect("opens") {
            Output::File(output) => output,
            Output::Stdout => panic!("a file was asked for"),
        }
    }

    fn content(path: &Path) -> String {
        std::fs::read_to_string(path).expect("reads")
    }

    #[test]
    fn ends_a_line_that_somebody_left_open() {
        for (before, after) in
            [("", "a\nb\n"), ("x\n", "x\na\nb\n"), ("x", "x\na\nb\n"), ("x\ny", "x\ny\na\nb\n")]
        {
            let (_folder, path) = file_with(before);
            let mut output = open(&path);
            output.write(b"a\n").expect("writes");
            output.write(b"b\n").expect("writes");
            assert_eq!(content(&path), after, "{before:?}");
        }
    }

    #[test]
    fn takes_a_failed_batch_back() {
        let (_folder, path) = file_with("kept\n");
        let mut output = open(&path);
        output.file.write_all(b"whole\nto").expect("writes");
        let error = output.undo(b"whole\ntorn\n", 8, io::ErrorKind::StorageFull.into());
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(content(&path), "kept\n");
        output.write(b"whole\ntorn\n").expect("writes");
        assert_eq!(content(&path), "kept\nwhole\ntorn\n");
    }

    #[test]
    fn leaves_what_others_wrote_behind_a_failed_batch() {
        let (_folder, path) = file_with("");
        let (mut output, mut other) = (open(&path), open(&path));
        output.file.write_all(b"to").expect("writes");
        other.write(b"other\n").expect("writes");
        output.undo(b"torn\n", 2, io::ErrorKind::StorageFull.into());
        output.write(b"torn\n").expect("writes");
        assert_eq!(content(&path), "toother\n\ntorn\n");
    }

    #[test]
    fn says_that_a_device_is_full() {
        let mut output = Output::open(Path::new("/dev/full")).expect("opens");
        for _ in 0..2 {
            assert_eq!(output.write(b"a\n").expect_err("full").kind(), io::ErrorKind::StorageFull);
        }
    }
}
