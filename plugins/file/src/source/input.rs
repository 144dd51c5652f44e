//! Where the bytes come from: a file that may grow, a named pipe, or the standard input.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::warn;

use super::lines::Lines;
use super::stdin;

/// How much is read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// A source of bytes. Its methods may be dropped while they wait; no byte is lost by that.
#[derive(Debug)]
pub(crate) enum Input {
    File(FileInput),
    Pipe { pipe: pipe::Receiver, buffer: Vec<u8> },
    Stdin,
}

impl Input {
    /// Opens a file. A named pipe is opened so that it has no end: writers may come and go.
    pub(crate) async fn open(path: &Path) -> io::Result<Self> {
        let owned = path.to_owned();
        let opened = blocking(move || {
            // To open a pipe like a file would wait for a writer.
            if std::fs::metadata(&owned)?.file_type().is_fifo() {
                return Ok(None);
            }
            let file = File::open(&owned)?;
            if file.metadata()?.is_dir() {
                return Err(io::Error::from(ErrorKind::IsADirectory));
            }
            Ok(Some(file))
        });
        Ok(match opened.await? {
            Some(file) => Self::File(FileInput::new(file, path)),
            None => Self::Pipe {
                pipe: pipe::OpenOptions::new().read_write(true).open_receiver(path)?,
                buffer: vec![0; PIECE_BYTES],
            },
        })
    }

    /// Goes on behind this many bytes. What has no positions goes on where it is.
    pub(crate) async fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let Self::File(input) = self else { return Ok(()) };
        let file = Arc::clone(&input.file);
        blocking(move || (&*file).seek(SeekFrom::Start(position)).map(drop)).await
    }

    /// Adds what there is now, up to a limit, to the lines. `false`: there is nothing now. Does not wait for more to
    /// be written.
    pub(crate) async fn read(&mut self, lines: &mut Lines) -> io::Result<bool> {
        match self {
            Self::File(input) => input.read(lines).await,
            Self::Pipe { pipe, buffer } => match pipe.try_read(buffer) {
                Ok(length) => {
                    lines.push(&buffer[..length]);
                    Ok(length > 0)
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
                Err(error) => Err(error),
            },
            Self::Stdin => match stdin::pieces().lock().await.try_recv() {
                Ok(piece) => {
                    lines.push(&piece);
                    Ok(true)
                }
                Err(_) => Ok(false),
            },
        }
    }

    /// Waits until a read may find something, for this long at most.
    pub(crate) async fn wait(&mut self, at_most: Duration) {
        match self {
            Self::Pipe { pipe, .. } => {
                // An error shows again at the next read.
                let _ = tokio::time::timeout(at_most, pipe.readable()).await;
            }
            Self::File(_) | Self::Stdin => tokio::time::sleep(at_most).await,
        }
    }
}

/// A file. It is read on the runtime's blocking threads, one piece ahead of what the task asks for, so that a slow disk
/// holds up nobody else and a fast one is never waited for.
#[derive(Debug)]
pub(crate) struct FileInput {
    file: Arc<File>,
    path: Arc<PathBuf>,
    reading: Option<JoinHandle<Piece>>,
    spare: Vec<u8>,
    change: Change,
}

#[derive(Debug)]
struct Piece {
    buffer: Vec<u8>,
    read: io::Result<(usize, Change)>,
}

/// What has become of a file that was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// It is there, and may grow.
    None,
    /// It is shorter than what was read.
    Truncated,
    /// Another file has its name.
    Replaced,
    /// No file has its name.
    Removed,
}

impl FileInput {
    fn new(file: File, path: &Path) -> Self {
        Self {
            file: Arc::new(file),
            path: Arc::new(path.to_owned()),
            reading: None,
            spare: Vec::new(),
            change: Change::None,
        }
    }

    async fn read(&mut self, lines: &mut Lines) -> io::Result<bool> {
        let started = self.reading.take().unwrap_or_else(|| self.start_reading());
        // Kept in its place while it is awaited: a dropped poll must not lose the piece.
        let piece = self.reading.insert(started).await;
        self.reading = None;
        let Piece { buffer, read } = piece.map_err(io::Error::other)?;
        let (length, change) = read?;
        if length == buffer.len() {
            self.reading = Some(self.start_reading());
        }
        lines.push(&buffer[..length]);
        self.spare = buffer;
        if length == 0 {
            self.report(change, lines.end());
        }
        Ok(length > 0)
    }

    fn start_reading(&mut self) -> JoinHandle<Piece> {
        let mut buffer = std::mem::take(&mut self.spare);
        let (file, path) = (Arc::clone(&self.file), Arc::clone(&self.path));
        spawn_blocking(move || {
            buffer.resize(PIECE_BYTES, 0);
            let read = read_piece(&file, &path, &mut buffer);
            Piece { buffer, read }
        })
    }

    /// Says in the log, once, what has become of the file. The task goes on with the file that it has open.
    fn report(&mut self, change: Change, position: u64) {
        if change == std::mem::replace(&mut self.change, change) {
            return;
        }
        let path = self.path.display();
        match change {
            Change::None => {}
            Change::Truncated => warn!(
                "File {path} is shorter than the {position} bytes read from it: \
                 nothing is read until it has grown beyond them"
            ),
            Change::Replaced => warn!(
                "File {path} has been replaced: the file that had this name is read on, and the new one when the \
                 task is restarted, from position {position}"
            ),
            Change::Removed => {
                warn!("File {path} has been removed or renamed: the file that had this name is read on");
            }
        }
    }
}

fn read_piece(mut file: &File, path: &Path, buffer: &mut [u8]) -> io::Result<(usize, Change)> {
    let length = loop {
        match file.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    let change = if length == 0 { change_of(file, path)? } else { Change::None };
    Ok((length, change))
}

fn change_of(mut file: &File, path: &Path) -> io::Result<Change> {
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Ok(Change::None);
    }
    let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
    Ok(match std::fs::metadata(path) {
        Ok(named) if identity(&named) != identity(&opened) => Change::Replaced,
        Err(error) if error.kind() == ErrorKind::NotFound => Change::Removed,
        _ if opened.len() < file.stream_position()? => Change::Truncated,
        _ => Change::None,
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
