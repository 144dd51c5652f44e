//! The smallest HTTP client that the REST API of a worker on this machine needs.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer, its body as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub body: String,
}

impl Response {
    /// The body as JSON, `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// `GET path` on 127.0.0.1.
pub fn get(port: u16, path: &str) -> io::Result<Response> {
    get_as(None, port, path)
}

/// The same with this header `Authorization`.
pub fn get_as(authorization: Option<&str>, port: u16, path: &str) -> io::Result<Response> {
    let line = authorization.map(|value| format!("Authorization: {value}\r\n"));
    exchange("GET", port, path, &line.unwrap_or_default(), None)
}

/// One request on a connection of its own, which gives up after 30 s without a byte.
pub fn request(method: &str, port: u16, path: &str, json: Option<&str>) -> io::Result<Response> {
    exchange(method, port, path, "", json)
}

/// `more` are whole lines of headers. HTTP/1.0, so that the answer comes unchunked and ends with the connection.
fn exchange(method: &str, port: u16, path: &str, more: &str, json: Option<&str>) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut head =
        format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n");
    if let Some(body) = json {
        head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    head.push_str(more);
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(json.unwrap_or_default().as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))
}

fn parse(answer: &str) -> Option<Response> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_answer_apart() {
        let check = |answer: &str, expected: Option<(u16, &str)>| {
            let expected = expected.map(|(status, body)| Response { status, body: body.to_owned() });
            assert_eq!(parse(answer), expected, "{answer:?}");
        };
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\n[\"x\"]", Some((200, "[\"x\"]")));
        check("HTTP/1.1 204 No Content\r\n\r\n", Some((204, "")));
        check("HTTP/1.1 200 OK\r\n", None);
        check("", None);
    }
}
