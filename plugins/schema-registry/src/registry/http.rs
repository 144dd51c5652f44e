//! A registry over HTTP. Requests are rare, so each has a connection of its own.

use std::time::Duration;

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigMap, Error, Result};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::rt::{Read, Write};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{
    Answer, Failure, Reference, Registered, Registry, SchemaKey, SchemaKind, SchemaText, Version, tls,
};
use crate::config;

const ANSWER_BYTES_MAX: usize = 64 << 20;
const CONTENT: &str = "application/vnd.schemaregistry.v1+json";
const ACCEPTED: &str =
    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json";

/// One node of the registry.
struct Node {
    https: bool,
    host: String,
    port: u16,
    /// Before all paths, without a slash at the end.
    prefix: String,
}

pub(super) struct HttpRegistry {
    nodes: Vec<Node>,
    authorization: Option<String>,
    headers: Vec<(String, String)>,
    tls: Option<tls::Connector>,
    connect_timeout: Duration,
    read_timeout: Duration,
    retries_max: u32,
    retry_wait: Duration,
    retry_wait_max: Duration,
}

fn milliseconds(config: &ConfigData, name: &str) -> Result<Duration> {
    Ok(Duration::from_millis(u64::try_from(config.integer(name)?).unwrap_or(0)))
}

impl HttpRegistry {
    pub(super) fn new(urls: &[String], parsed: &ConfigData, raw: &ConfigMap) -> Result<Self> {
        if parsed.optional_string("proxy.host")?.is_some_and(|host| !host.is_empty()) {
            return Err(Error::config("proxy.host: a proxy can't be used yet"));
        }
        let mut in_url = None;
        let mut nodes = Vec::new();
        for url in urls {
            let (node, user_info) = parse_url(url)?;
            nodes.push(node);
            in_url = in_url.or(user_info);
        }
        let tls = match nodes.iter().any(|node| node.https) {
            true => Some(tls::Connector::new(&raw.with_prefix(config::TLS_PREFIX))?),
            false => None,
        };
        let headers = raw.with_prefix(config::HEADER_PREFIX);
        let headers = headers.iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        Ok(Self {
            nodes,
            authorization: authorization(parsed, in_url)?,
            headers: headers.collect(),
            tls,
            connect_timeout: milliseconds(parsed, config::CONNECT_TIMEOUT_MS)?,
            read_timeout: milliseconds(parsed, config::READ_TIMEOUT_MS)?,
            retries_max: u32::try_from(parsed.integer(config::RETRIES_MAX)?).unwrap_or(0),
            retry_wait: milliseconds(parsed, config::RETRY_WAIT_MS)?,
            retry_wait_max: milliseconds(parsed, config::RETRY_WAIT_MAX_MS)?,
        })
    }

    /// Asks one node after the other, and all of them again after a wait that doubles.
    async fn ask(&self, method: Method, path: &str, body: Option<&Json>) -> Answer<Json> {
        let mut wait = self.retry_wait;
        let mut retries = 0;
        loop {
            let mut reason = String::new();
            for node in &self.nodes {
                match self.ask_node(node, &method, path, body).await {
                    Err(Failure::Unavailable(message)) => {
                        tracing::debug!(host = node.host, "the schema registry did not answer: {message}");
                        reason = message;
                    }
                    answer => return answer,
                }
            }
            if retries >= self.retries_max {
                return Err(Failure::Unavailable(format!("the schema registry gives no answer: {reason}")));
            }
            retries += 1;
            tokio::time::sleep(wait.min(self.retry_wait_max)).await;
            wait = wait.saturating_mul(2);
        }
    }

    async fn ask_node(&self, node: &Node, method: &Method, path: &str, body: Option<&Json>) -> Answer<Json> {
        let unavailable = |what: &str, error: &dyn std::fmt::Display| {
            Failure::Unavailable(format!("{}:{}: {what}: {error}", node.host, node.port))
        };
        let request =
            self.request(node, method, path, body).map_err(|error| unavailable("request", &error))?;
        let stream = timeout(self.connect_timeout, TcpStream::connect((node.host.as_str(), node.port)))
            .await
            .map_err(|error| unavailable("connection", &error))?
            .map_err(|error| unavailable("connection", &error))?;
        let exchange = async {
            match &self.tls {
                Some(tls) if node.https => {
                    let stream = tls.connect(&node.host, stream).await.map_err(|error| error.to_string())?;
                    exchange(TokioIo::new(stream), request).await
                }
                _ => exchange(TokioIo::new(stream), request).await,
            }
        };
        let (status, bytes) = timeout(self.read_timeout, exchange)
            .await
            .map_err(|error| unavailable("answer", &error))?
            .map_err(|error| unavailable("answer", &error))?;
        let body: Option<Json> = serde_json::from_slice(&bytes).ok();
        match (status, body) {
            (200..300, Some(body)) => Ok(body),
            (200..300, None) => Err(unavailable("answer", &"it is no JSON")),
            (400..=428 | 430..=499, body) => {
                let body = body.unwrap_or_default();
                let message = body["message"].as_str().unwrap_or("the schema registry refused a request");
                let code = body["error_code"].as_i64().unwrap_or(status.into());
                Err(Failure::Refused { status, code, message: message.to_owned() })
            }
            _ => Err(unavailable("answer", &format!("HTTP {status}"))),
        }
    }

    fn request(
        &self,
        node: &Node,
        method: &Method,
        path: &str,
        body: Option<&Json>,
    ) -> std::result::Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", node.prefix))
            .header(HOST, format!("{}:{}", node.host, node.port))
            .header(ACCEPT, ACCEPTED)
            .header(CONTENT_TYPE, CONTENT);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(body.map_or_else(Bytes::new, |body| body.to_string().into())))
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> std::result::Result<(u16, Bytes), String>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await.map_err(|error| error.to_string())?;
    // The connection works until the answer is complete, and ends with the sender.
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    driver.abort();
    Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
}

/// The node, and what stands before an `@`.
fn parse_url(url: &str) -> Result<(Node, Option<String>)> {
    // The URL may hold a password, so the message does not show it.
    let wrong = || {
        Error::config(
            "Invalid URL in configuration schema.registry.url: http:// or https:// and a host are needed",
        )
    };
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let https = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return Err(wrong()),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user_info, address) = match authority.rsplit_once('@') {
        Some((user_info, address)) => (Some(percent_decode(user_info)), address),
        None => (None, authority),
    };
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (address, if https { 443 } else { 80 }),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong());
    }
    let path = path.trim_end_matches('/');
    let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
    Ok((Node { https, host, port, prefix }, user_info))
}

fn authorization(parsed: &ConfigData, in_url: Option<String>) -> Result<Option<String>> {
    if let Some(token) = parsed.password(config::BEARER_TOKEN)? {
        if parsed.string(config::BEARER_SOURCE)? != "STATIC_TOKEN" {
            return Err(Error::config("bearer.auth.credentials.source: only STATIC_TOKEN is known here"));
        }
        return Ok(Some(format!("Bearer {}", token.reveal())));
    }
    let user_info = match parsed.string(config::CREDENTIALS_SOURCE)? {
        "URL" => in_url,
        "USER_INFO" => parsed.password(config::USER_INFO)?.map(|info| info.reveal().to_owned()),
        "SASL_INHERIT" => {
            let login = parsed.password("sasl.jaas.config")?;
            let login = login.ok_or_else(|| Error::config("SASL_INHERIT needs sasl.jaas.config"))?.reveal();
            let option = |name: &str| {
                let (_, rest) = login.split_once(&format!("{name}="))?;
                let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                rest.get(1..)?.split(quote).next()
            };
            match (option("username"), option("password")) {
                (Some(name), Some(password)) => Some(format!("{name}:{password}")),
                _ => return Err(Error::config("sasl.jaas.config has no username and password")),
            }
        }
        other => return Err(Error::config(format!("{} has no value {other}", config::CREDENTIALS_SOURCE))),
    };
    Ok(user_info.filter(|info| !info.is_empty()).map(|info| format!("Basic {}", BASE64.encode(info))))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as one part of a path, or as a value in a query.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn schema_body(schema: &SchemaText) -> Json {
    let mut body = json!({ "schema": schema.text });
    if schema.kind != SchemaKind::Avro {
        body["schemaType"] = schema.kind.name().into();
    }
    if !schema.references.is_empty() {
        let reference = |r: &Reference| json!({ "name": r.name, "subject": r.subject, "version": r.version });
        body["references"] = schema.references.iter().map(reference).collect();
    }
    body
}

fn number(json: &Json) -> Option<i32> {
    json.as_i64().and_then(|number| i32::try_from(number).ok())
}

/// What an answer says of a schema; `asked` stands in for what it leaves out.
fn registered(answer: &Json, asked: Option<&SchemaText>, id: Option<i32>) -> Answer<Registered> {
    let broken = || Failure::Unavailable("the answer of the schema registry lacks something".to_owned());
    let schema = match (answer["schema"].as_str(), asked) {
        (_, Some(asked)) => asked.clone(),
        (Some(text), None) => {
            let kind = answer["schemaType"].as_str().unwrap_or("AVRO");
            let kind = SchemaKind::from_name(kind).ok_or_else(|| Failure::Refused {
                status: 422,
                code: 422,
                message: format!("Schemas of type {kind} are not known here"),
            })?;
            let reference = |json: &Json| {
                Some(Reference {
                    name: json["name"].as_str()?.to_owned(),
                    subject: json["subject"].as_str()?.to_owned(),
                    version: number(&json["version"])?,
                })
            };
            let references = answer["references"].as_array().map(Vec::as_slice).unwrap_or_default();
            let references = references.iter().map(reference).collect::<Option<_>>().ok_or_else(broken)?;
            SchemaText { kind, text: text.to_owned(), references }
        }
        (None, None) => return Err(broken()),
    };
    Ok(Registered {
        id: id.or_else(|| number(&answer["id"])).ok_or_else(broken)?,
        guid: answer["guid"].as_str().and_then(config::parse_guid),
        version: number(&answer["version"]),
        schema,
    })
}

#[async_trait]
impl Registry for HttpRegistry {
    async fn by_key(&self, key: SchemaKey) -> Answer<Registered> {
        match key {
            SchemaKey::Id(id) => {
                let answer = self.ask(Method::GET, &format!("/schemas/ids/{id}"), None).await?;
                registered(&answer, None, Some(id))
            }
            SchemaKey::Guid(guid) => {
                let hex = format!("{:032x}", u128::from_be_bytes(guid));
                let parts =
                    [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
                let path = format!("/schemas/guids/{}", parts.join("-"));
                let answer = self.ask(Method::GET, &path, None).await?;
                let id = number(&answer["id"]).unwrap_or(-1);
                registered(&answer, None, Some(id))
            }
        }
    }

    async fn by_version(&self, subject: &str, version: Version) -> Answer<Registered> {
        let version = match version {
            Version::Latest => "latest".to_owned(),
            Version::Number(number) => number.to_string(),
        };
        let path = format!("/subjects/{}/versions/{version}", percent_encode(subject));
        registered(&self.ask(Method::GET, &path, None).await?, None, None)
    }

    async fn by_metadata(&self, subject: &str, metadata: &[(String, String)]) -> Answer<Registered> {
        let pair = |(name, value): &(String, String)| {
            format!("key={}&value={}", percent_encode(name), percent_encode(value))
        };
        let query: Vec<String> = metadata.iter().map(pair).collect();
        let path = format!("/subjects/{}/metadata?{}", percent_encode(subject), query.join("&"));
        registered(&self.ask(Method::GET, &path, None).await?, None, None)
    }

    async fn register(&self, subject: &str, schema: &SchemaText, normalize: bool) -> Answer<Registered> {
        let path = format!("/subjects/{}/versions?normalize={normalize}", percent_encode(subject));
        registered(&self.ask(Method::POST, &path, Some(&schema_body(schema))).await?, Some(schema), None)
    }

    async fn lookup(&self, subject: &str, schema: &SchemaText, normalize: bool) -> Answer<Registered> {
        let path = format!("/subjects/{}?normalize={normalize}&deleted=true", percent_encode(subject));
        registered(&self.ask(Method::POST, &path, Some(&schema_body(schema))).await?, Some(schema), None)
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_api::ConverterRole;

    use super::*;

    #[test]
    fn urls_are_read() {
        let check = |url: &str, expected: Option<(bool, &str, u16, &str, Option<&str>)>| {
            let parsed = parse_url(url).ok();
            let parsed = parsed.as_ref().map(|(node, user_info)| {
                (node.https, node.host.as_str(), node.port, node.prefix.as_str(), user_info.as_deref())
            });
            assert_eq!(parsed, expected, "{url}");
        };
        check("http://host:8081", Some((false, "host", 8081, "", None)));
        check("HTTPS://host/", Some((true, "host", 443, "", None)));
        check("https://a%40b:c@host:1/base/path/", Some((true, "host", 1, "/base/path", Some("a@b:c"))));
        check("http://[::1]:8081", Some((false, "::1", 8081, "", None)));
        check("http://[::1]", Some((false, "::1", 80, "", None)));
        for url in ["host:8081", "ftp://host", "http://", "http://host:port", "http://host:99999"] {
            check(url, None);
        }
    }

    #[test]
    fn requests_say_who_asks() {
        let check = |config: &[(&str, &str)], in_url: Option<&str>, expected: Option<&str>| {
            let mut map = ConfigMap::from([(config::URL, "http://host")]);
            map.extend_with(&config.iter().copied().collect());
            let parsed = config::parse(&map, ConverterRole::Value, &[]).expect("a valid configuration");
            let authorization = authorization(&parsed, in_url.map(str::to_owned));
            assert_eq!(authorization.ok().flatten().as_deref(), expected, "{config:?}");
        };
        check(&[], None, None);
        check(&[], Some("a:b"), Some("Basic YTpi"));
        let from = |source| (config::CREDENTIALS_SOURCE, source);
        check(&[from("USER_INFO"), (config::USER_INFO, "a:b")], None, Some("Basic YTpi"));
        let login =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password='b';";
        check(&[from("SASL_INHERIT"), ("sasl.jaas.config", login)], None, Some("Basic YTpi"));
        check(&[from("SASL_INHERIT")], None, None);
        check(&[from("ELSEWHERE")], Some("a:b"), None);
        check(&[(config::BEARER_TOKEN, "t")], Some("a:b"), Some("Bearer t"));
        check(&[(config::BEARER_TOKEN, "t"), (config::BEARER_SOURCE, "OAUTHBEARER")], None, None);
    }

    #[test]
    fn subjects_are_parts_of_paths() {
        assert_eq!(percent_encode(":.ctx:a/b-ü"), "%3A.ctx%3Aa%2Fb-%C3%BC");
        assert_eq!(percent_decode("a%2Fb%zz%"), "a/b%zz%");
    }

    #[test]
    fn answers_are_read() {
        let answer = json!({
            "id": 7, "version": 2, "guid": "00000000-0000-0000-0000-000000000007", "schema": "\"int\"",
            "references": [{"name": "n", "subject": "s", "version": 1}],
        });
        let found = registered(&answer, None, None).expect("a schema");
        assert_eq!((found.id, found.version, found.guid), (7, Some(2), Some(7_u128.to_be_bytes())));
        assert_eq!((found.schema.kind, found.schema.references.len()), (SchemaKind::Avro, 1));
        for broken in
            [json!({}), json!({"schema": "x"}), json!({"id": 1, "schema": "x", "schemaType": "XML"})]
        {
            assert!(registered(&broken, None, None).is_err(), "{broken}");
        }
    }
}
