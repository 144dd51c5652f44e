//! A client that sends one frame and reads one back: what librdkafka would never send can be sent with it.

use std::net::SocketAddr;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use kafka_protocol::records::{
    Compression, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Record, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clients::DEADLINE;

pub(crate) struct RawClient {
    stream: TcpStream,
    correlation_id: i32,
}

impl RawClient {
    pub(crate) async fn connect(address: SocketAddr) -> RawClient {
        RawClient { stream: TcpStream::connect(address).await.unwrap(), correlation_id: 0 }
    }

    /// Sends a request and reads its response, which must have no bytes left over.
    pub(crate) async fn call<R: Request>(&mut self, version: i16, request: R) -> R::Response {
        let answer = timeout(DEADLINE, self.try_call(version, request)).await;
        let answer =
            answer.unwrap_or_else(|_| panic!("{} v{version}: no answer", std::any::type_name::<R>()));
        answer.unwrap_or_else(|| panic!("{} v{version}: connection closed", std::any::type_name::<R>()))
    }

    /// `None` if the broker closed the connection instead of answering.
    pub(crate) async fn try_call<R: Request>(&mut self, version: i16, request: R) -> Option<R::Response> {
        self.correlation_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(StrBytes::from_static_str("raw")));
        let api = ApiKey::try_from(R::KEY).unwrap();
        let mut body = BytesMut::new();
        header.encode(&mut body, api.request_header_version(version)).unwrap();
        request.encode(&mut body, version).unwrap();
        self.send_frame(&body).await;
        let mut frame = self.read_frame().await?;
        let header_version = R::Response::header_version(version);
        let header = ResponseHeader::decode(&mut frame, header_version).unwrap();
        assert_eq!(header.correlation_id, self.correlation_id);
        let response = R::Response::decode(&mut frame, version).unwrap();
        assert!(!frame.has_remaining(), "{api:?} v{version}: {} bytes left over", frame.len());
        Some(response)
    }

    pub(crate) async fn send_frame(&mut self, body: &[u8]) {
        let mut frame = BytesMut::new();
        frame.put_i32(body.len() as i32);
        frame.put_slice(body);
        self.send_bytes(&frame).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn read_frame(&mut self) -> Option<Bytes> {
        let length = self.stream.read_i32().await.ok()?;
        let mut frame = vec![0; length as usize];
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(frame.into())
    }
}

/// Who a batch is from.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) sequence: i32,
    pub(crate) transactional: bool,
}

pub(crate) const ANYBODY: Sender =
    Sender { producer_id: NO_PRODUCER_ID, epoch: NO_PRODUCER_EPOCH, sequence: -1, transactional: false };

/// A batch of `count` small records.
pub(crate) fn batch(sender: Sender, count: i32) -> Bytes {
    let records: Vec<Record> = (0..count)
        .map(|n| Record {
            transactional: sender.transactional,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: sender.producer_id,
            producer_epoch: sender.epoch,
            timestamp_type: TimestampType::Creation,
            offset: i64::from(n),
            sequence: sender.sequence + n,
            timestamp: 1000 + i64::from(n),
            key: Some(Bytes::from(format!("k{n}"))),
            value: Some(Bytes::from_static(b"v")),
            headers: Default::default(),
        })
        .collect();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    let mut out = BytesMut::new();
    RecordBatchEncoder::encode(&mut out, &records, &options).unwrap();
    out.freeze()
}
