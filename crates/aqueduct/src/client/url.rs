//! Addresses of workers.

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;

/// Where a worker is: the parts of its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct WorkerUrl {
    /// Whether the connection is encrypted.
    pub https: bool,
    /// The host, without the brackets of an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What the `Host` header says.
    pub authority: String,
    /// The path before that of the REST API; empty, or without a slash at its end.
    pub prefix: String,
    /// The value of the `Authorization` header, if the URL names a user.
    pub authorization: Option<String>,
}

impl WorkerUrl {
    /// Reads `http[s]://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`. Without a port it is the scheme's, as in any URL.
    pub fn parse(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().with_context(|| format!("`{text}` is no URL"))?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => bail!("`{text}` is no URL that begins with http:// or https://"),
        };
        let Some(authority) = uri.authority() else { bail!("`{text}` names no host") };
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        let host = authority.host();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().ends_with(host) => {
                if https {
                    443
                } else {
                    80
                }
            }
            None => bail!("`{text}` has a port that is no number"),
        };
        Ok(Self {
            https,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: format!("{host}:{port}"),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authorization: user.map(|user| format!("Basic {}", STANDARD.encode(decode(user)))),
        })
    }

    /// The URL without user and password.
    pub fn shown(&self) -> String {
        format!("{}://{}{}", if self.https { "https" } else { "http" }, self.authority, self.prefix)
    }
}

/// A password must not reach a log.
impl std::fmt::Debug for WorkerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A text as one segment of a path.
pub fn encode(segment: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// Undoes percent signs; what follows one and is no byte stays as it is.
fn decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let byte =
            tail.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let check = |text: &str, shown: &str, host: &str, authorization: Option<&str>| {
            let url = WorkerUrl::parse(text).expect(text);
            let got = (url.shown(), url.host.as_str(), url.authorization.as_deref());
            assert_eq!(got, (shown.to_owned(), host, authorization), "{text}");
        };
        check("http://localhost", "http://localhost:80", "localhost", None);
        check("https://h/", "https://h:443", "h", None);
        check("https://[::1]:443/connect/", "https://[::1]:443/connect", "::1", None);
        // The value of curl -u 'a:b@c'.
        check("http://a:b%40c@h:1", "http://h:1", "h", Some("Basic YTpiQGM="));
        for bad in ["localhost:8083", "ftp://localhost", "http://", "http://h:port", ""] {
            assert!(WorkerUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_become_segments() {
        assert_eq!(encode("a b/ç.~"), "a%20b%2F%C3%A7.~");
    }
}
