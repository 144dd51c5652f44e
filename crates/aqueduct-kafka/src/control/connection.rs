//! One connection to one broker.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::{ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Request, StrBytes, VersionRange, encode_request_header_into_buffer,
};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::sasl;
use crate::config::ConnectionSettings;
use crate::error::{ErrorKind, KafkaError, Result};

/// No answer that we ask for is larger; a longer length means that this is no Kafka broker.
const RESPONSE_BYTES_MAX: usize = 100 * 1024 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to one broker: encrypted and logged in as configured, with its API versions known.
///
/// Requests are answered one at a time, as brokers do; calls from several tasks wait for each other, so a request that
/// may be held for long (JoinGroup) wants a connection of its own. A call that fails or is dropped half-way makes the
/// connection useless, which [`is_usable`](Self::is_usable) tells.
pub struct Connection {
    session: Mutex<Session>,
    versions: HashMap<i16, VersionRange>,
    usable: AtomicBool,
    expires: Option<Instant>,
    request_timeout: Duration,
}

/// The wire itself.
pub(super) struct Session {
    stream: Box<dyn Stream>,
    client_id: Option<StrBytes>,
    correlation: i32,
    buffer: BytesMut,
}

impl Connection {
    /// Connects, negotiates versions and logs in.
    ///
    /// # Errors
    /// `Disconnected` or `Timeout`; `Authentication` if the broker does not accept us or we do not trust it.
    pub(super) async fn open(
        host: &str,
        port: u16,
        settings: &ConnectionSettings,
        tls: Option<&TlsConnector>,
    ) -> Result<Connection> {
        let setting_up = Connection::set_up(host, port, settings, tls);
        let limit = settings.connect_timeout.max(Duration::from_secs(1));
        match timeout(limit, setting_up).await {
            Ok(connection) => connection,
            Err(_) => {
                let message = format!("Connection to {host}:{port} could not be established in time.");
                Err(KafkaError::new(ErrorKind::Timeout, message))
            }
        }
    }

    async fn set_up(
        host: &str,
        port: u16,
        settings: &ConnectionSettings,
        tls: Option<&TlsConnector>,
    ) -> Result<Connection> {
        let failed = |error: io::Error| {
            KafkaError::new(
                ErrorKind::Disconnected,
                format!("Connection to {host}:{port} could not be established: {error}"),
            )
        };
        let bare_host = host.trim_start_matches('[').trim_end_matches(']');
        let tcp = TcpStream::connect((bare_host, port)).await.map_err(failed)?;
        tcp.set_nodelay(true).map_err(failed)?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(tcp),
            Some(connector) => {
                let name = ServerName::try_from(bare_host.to_owned())
                    .map_err(|_| KafkaError::config(format!("{host} is not a host name")))?;
                let handshake = connector.connect(name, tcp).await;
                Box::new(handshake.map_err(|error| {
                    // Certificates do not get better by trying again; a lost connection may.
                    if error.kind() == io::ErrorKind::InvalidData {
                        KafkaError::new(ErrorKind::Authentication, format!("SSL handshake failed: {error}"))
                    } else {
                        failed(error)
                    }
                })?)
            }
        };
        let client_id =
            (!settings.client_id.is_empty()).then(|| StrBytes::from_string(settings.client_id.clone()));
        let mut session = Session { stream, client_id, correlation: 0, buffer: BytesMut::new() };
        let versions = api_versions(&mut session).await?;
        let lifetime = match &settings.security.sasl {
            Some(sasl) => sasl::log_in(&mut session, sasl).await?,
            None => None,
        };
        Ok(Connection {
            session: Mutex::new(session),
            versions,
            usable: AtomicBool::new(true),
            // Some time before the end, as no request must be on its way then.
            expires: lifetime.map(|lifetime| Instant::now() + lifetime.mul_f32(0.85)),
            request_timeout: settings.request_timeout,
        })
    }

    /// Whether another request can be made.
    pub fn is_usable(&self) -> bool {
        self.usable.load(Ordering::Acquire) && self.expires.is_none_or(|expires| Instant::now() < expires)
    }

    /// The newest version of `R` that this code speaks, at most `limit`.
    pub(super) fn newest<R: Request>(limit: i16) -> i16 {
        R::VERSIONS.max.min(limit)
    }

    /// The version of `R` to talk: the newest that both sides have, at most `limit`.
    ///
    /// # Errors
    /// `UNSUPPORTED_VERSION`.
    pub fn version<R: Request>(&self, limit: i16) -> Result<i16> {
        let ours = VersionRange { min: R::VERSIONS.min, max: Connection::newest::<R>(limit) };
        let common = self.versions.get(&R::KEY).map(|theirs| ours.intersect(theirs));
        match common {
            Some(common) if !common.is_empty() => Ok(common.max),
            _ => {
                let message =
                    format!("The broker does not support API key {} in a version that we know.", R::KEY);
                Err(KafkaError::broker(ResponseError::UnsupportedVersion, Some(&message)))
            }
        }
    }

    /// Makes a request in the newest common version up to `limit`, within the request timeout.
    pub async fn call<R: Request>(&self, request: &R, limit: i16) -> Result<R::Response> {
        self.call_within(request, limit, self.request_timeout).await
    }

    /// The same with a time of its own, for requests that brokers hold.
    pub async fn call_within<R: Request>(
        &self,
        request: &R,
        limit: i16,
        within: Duration,
    ) -> Result<R::Response> {
        let version = self.version::<R>(limit)?;
        let exchange = async {
            let mut session = self.session.lock().await;
            if !self.usable.swap(false, Ordering::AcqRel) {
                return Err(disconnected("The connection was lost before."));
            }
            // If this future is dropped or fails from here on, an answer may be left in the stream.
            let response = session.call(request, version).await?;
            self.usable.store(true, Ordering::Release);
            Ok(response)
        };
        match timeout(within, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(KafkaError::new(ErrorKind::Timeout, "The request timed out.")),
        }
    }
}

async fn api_versions(session: &mut Session) -> Result<HashMap<i16, VersionRange>> {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("aqueduct"))
        .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
    let mut response = session.api_versions(&request, 3).await?;
    if response.error_code == ResponseError::UnsupportedVersion.code() {
        response = session.api_versions(&ApiVersionsRequest::default(), 0).await?;
    }
    if let Some(code) = response.error_code.err() {
        return Err(KafkaError::broker(code, None));
    }
    let range = |min, max| VersionRange { min, max };
    Ok(response.api_keys.iter().map(|api| (api.api_key, range(api.min_version, api.max_version))).collect())
}

impl Session {
    /// One exchange in a version that was agreed on.
    pub(super) async fn call<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response> {
        let mut body = self.exchange(request, version).await?;
        decode::<R>(&mut body, version)
    }

    /// A broker that does not know the version answers in version 0.
    async fn api_versions(
        &mut self,
        request: &ApiVersionsRequest,
        version: i16,
    ) -> Result<<ApiVersionsRequest as Request>::Response> {
        let body = self.exchange(request, version).await?;
        match decode::<ApiVersionsRequest>(&mut body.clone(), version) {
            Ok(response) => Ok(response),
            Err(_) => decode::<ApiVersionsRequest>(&mut body.clone(), 0),
        }
    }

    /// Writes a request; returns its answer without the header.
    async fn exchange<R: Request>(&mut self, request: &R, version: i16) -> Result<Bytes> {
        self.correlation = self.correlation.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(self.client_id.clone());
        self.buffer.clear();
        self.buffer.put_i32(0);
        encode_request_header_into_buffer(&mut self.buffer, &header).map_err(garbled)?;
        request.encode(&mut self.buffer, version).map_err(garbled)?;
        let len = i32::try_from(self.buffer.len() - 4).map_err(|_| garbled("the request is too large"))?;
        if let Some(prefix) = self.buffer.get_mut(..4) {
            prefix.copy_from_slice(&len.to_be_bytes());
        }
        self.stream.write_all(&self.buffer).await.map_err(disconnected)?;
        self.stream.flush().await.map_err(disconnected)?;

        let len = usize::try_from(self.stream.read_i32().await.map_err(disconnected)?)
            .ok()
            .filter(|len| (4..=RESPONSE_BYTES_MAX).contains(len))
            .ok_or_else(|| garbled("the answer has an impossible length; is this a Kafka broker?"))?;
        let mut frame = BytesMut::zeroed(len);
        self.stream.read_exact(&mut frame).await.map_err(disconnected)?;
        let mut frame = frame.freeze();
        let header_version = <R::Response as HeaderVersion>::header_version(version);
        let header = ResponseHeader::decode(&mut frame, header_version).map_err(garbled)?;
        if header.correlation_id != self.correlation {
            return Err(garbled("the answer belongs to another request"));
        }
        Ok(frame)
    }
}

fn decode<R: Request>(body: &mut Bytes, version: i16) -> Result<R::Response> {
    let response = R::Response::decode(body, version).map_err(garbled)?;
    if body.has_remaining() {
        return Err(garbled("the answer is longer than it should be"));
    }
    Ok(response)
}

fn garbled(reason: impl std::fmt::Display) -> KafkaError {
    KafkaError::new(ErrorKind::Protocol, format!("API key exchange failed: {reason}"))
}

fn disconnected(reason: impl std::fmt::Display) -> KafkaError {
    KafkaError::new(ErrorKind::Disconnected, format!("The connection to the broker was lost: {reason}"))
}
