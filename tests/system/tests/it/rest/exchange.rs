//! One HTTP request, as raw as a case wants it, and what comes back.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A request. `Host`, `Connection` and, with a body, `Content-Length` are added; nothing else is.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Sends the request on a connection of its own.
pub(crate) fn send(port: u16, request: &Request) -> io::Result<Response> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n",
        request.method, request.path
    );
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = &request.body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    head.push_str(request.body.as_deref().unwrap_or_default());
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::other(format!("no HTTP: {}", String::from_utf8_lossy(&answer))))
}

fn parse(answer: &[u8]) -> Option<Response> {
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..split]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = &answer[split + 4..];
    let mut response = Response { status, headers, body: String::new() };
    let is_chunked = response.header("Transfer-Encoding").is_some_and(|value| value == "chunked");
    let body = if is_chunked { unchunk(body)? } else { body.to_vec() };
    response.body = String::from_utf8_lossy(&body).into_owned();
    Some(response)
}

fn unchunk(mut chunked: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    // The answer to HEAD has the header and no chunks.
    while !chunked.is_empty() {
        let line = chunked.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&chunked[..line]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            break;
        }
        body.extend(chunked.get(line + 2..line + 2 + size)?);
        chunked = chunked.get(line + 2 + size + 2..)?;
    }
    Some(body)
}

#[test]
fn answers_are_taken_apart() {
    let check = |answer: &str, status: u16, kind: Option<&str>, body: &str| {
        let parsed = parse(answer.as_bytes()).unwrap();
        assert_eq!(
            (parsed.status, parsed.header("content-type"), parsed.body.as_str()),
            (status, kind, body)
        );
    };
    check("HTTP/1.1 204 No Content\r\n\r\n", 204, None, "");
    check("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n[1]", 200, Some("a/b"), "[1]");
    check(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        200,
        None,
        "abcde",
    );
    assert!(parse(b"nonsense").is_none());
}
