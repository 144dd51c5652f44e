//! Where another worker is.

use std::fmt;

use axum::http::Uri;

/// The parts of a worker's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) https: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// For the `Host` header.
    pub(super) authority: String,
    /// What comes before the paths of the REST API; empty, or without a slash at its end.
    pub(super) prefix: String,
}

impl Target {
    /// Reads a URL as workers advertise it; an error says what is wrong with it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.trim().parse().map_err(|error| format!("{url}: {error}"))?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(format!("{url} is no URL that begins with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| format!("{url} names no host"))?;
        let host = authority.host();
        let place = authority.as_str().rsplit('@').next().unwrap_or(host);
        let port = match authority.port_u16() {
            Some(port) => port,
            None if place == host => {
                if https {
                    443
                } else {
                    80
                }
            }
            None => return Err(format!("{url} has a port that is no number")),
        };
        Ok(Self {
            https,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: place.to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_workers_are_taken_apart() {
        let check = |url: &str, shown: &str, host: &str, port| {
            let target = Target::parse(url).expect(url);
            assert_eq!((target.to_string().as_str(), target.host.as_str(), target.port), (shown, host, port));
        };
        check("http://worker-1:8083/", "http://worker-1:8083", "worker-1", 8083);
        check("https://h", "https://h", "h", 443);
        check("http://[::1]:80/a/b/", "http://[::1]:80/a/b", "::1", 80);
        check("http://u:p@h:1", "http://h:1", "h", 1);
        for bad in ["", "h:8083", "/connectors", "ftp://h:1", "http://", "http://h:99999"] {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }
}
