//! The standard input of the process.

use std::io::Read;
use std::sync::OnceLock;

use tokio::sync::{Mutex, mpsc};

const PIECE_BYTES: usize = 64 * 1024;
const PIECES_MAX: usize = 4;

/// What was read and not taken yet. It belongs to the process, as the standard input does: what a stopped task did not
/// take waits for the next one.
static PIECES: OnceLock<Mutex<mpsc::Receiver<Vec<u8>>>> = OnceLock::new();

/// The pieces that are read; the channel is closed at the end of the input.
///
/// The first call starts the one thread that reads. It can't be stopped while it waits for input, and nobody waits for
/// it when the process ends.
pub(crate) fn pieces() -> &'static Mutex<mpsc::Receiver<Vec<u8>>> {
    PIECES.get_or_init(|| {
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let reading =
            std::thread::Builder::new().name("file-source-stdin".into()).spawn(move || read(&sender));
        if let Err(error) = reading {
            tracing::error!("Couldn't start a thread to read the standard input: {error}");
        }
        Mutex::new(receiver)
    })
}

fn read(pieces: &mpsc::Sender<Vec<u8>>) {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut stdin = std::io::stdin().lock();
    loop {
        match stdin.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => {
                if pieces.blocking_send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!("Couldn't read the standard input: {error}");
                return;
            }
        }
    }
}
