//! One connection: frames in, frames out, strictly in order.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::dispatch::{self, Reply};
use crate::node::Node;

/// Small, since large frames bypass it.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Why a connection ends before the client ends it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a frame of {0} bytes is out of bounds")]
    FrameSize(i32),
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("API key {api_key} version {version} is not supported")]
    Unsupported { api_key: i16, version: i16 },
    #[error("the response cannot be written: {0}")]
    Unencodable(String),
    #[error("a request without acknowledgement failed")]
    UnacknowledgedFailure,
    #[error("injected fault")]
    Injected,
}

/// Serves until the client closes, or something makes going on impossible. Requests are handled one after another, as
/// Kafka does: a pending fetch or join holds back what was sent behind it.
pub(crate) async fn serve(
    node: &Arc<Node>,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(), ConnectionError> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, reader);
    while let Some(frame) = read_frame(&mut reader, node.config.frame_bytes_max).await? {
        match dispatch::handle(node, peer, frame).await? {
            Reply::None => {}
            Reply::Frame(pieces) => match writer.write_all_buf(&mut Pieces(pieces.into())).await {
                Err(error) if closed_by_peer(&error) => return Ok(()),
                written => written?,
            },
        }
    }
    Ok(())
}

async fn read_frame(
    reader: &mut (impl AsyncReadExt + Unpin),
    bytes_max: usize,
) -> Result<Option<Bytes>, ConnectionError> {
    let size = match reader.read_i32().await {
        Ok(size) => size,
        Err(error) if closed_by_peer(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let length = usize::try_from(size)
        .ok()
        .filter(|length| *length <= bytes_max)
        .ok_or(ConnectionError::FrameSize(size))?;
    // The frame's own allocation: produced batches stay in it, so that they are never copied.
    let mut frame = BytesMut::with_capacity(length);
    let mut limited = reader.take(length as u64);
    while frame.len() < length {
        match limited.read_buf(&mut frame).await {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if closed_by_peer(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(frame.freeze()))
}

fn closed_by_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

/// A list of byte pieces as one buffer, written with vectored calls.
struct Pieces(VecDeque<Bytes>);

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |piece| piece)
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let Some(piece) = self.0.front_mut() else { return };
            let step = count.min(piece.len());
            piece.advance(step);
            count -= step;
            if piece.is_empty() {
                self.0.pop_front();
            }
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.0) {
            *slice = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_are_cut_and_bounded() {
        let mut input: &[u8] = &[0, 0, 0, 2, b'h', b'i', 0, 0, 0, 0, 0, 0, 0, 9, b'x'];
        assert_eq!(read_frame(&mut input, 10).await.unwrap().as_deref(), Some(&b"hi"[..]));
        assert_eq!(read_frame(&mut input, 10).await.unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(read_frame(&mut input, 10).await.unwrap(), None);
        for size in [11i32, -1] {
            let bytes = size.to_be_bytes();
            let result = read_frame(&mut &bytes[..], 10).await;
            assert!(matches!(result, Err(ConnectionError::FrameSize(found)) if found == size));
        }
    }

    #[test]
    fn pieces_advance_across_borders() {
        let mut pieces = Pieces([Bytes::from_static(b"abc"), Bytes::from_static(b"de")].into());
        pieces.advance(4);
        assert_eq!((pieces.remaining(), pieces.chunk()), (1, &b"e"[..]));
        pieces.advance(1);
        assert!(!pieces.has_remaining());
    }
}
