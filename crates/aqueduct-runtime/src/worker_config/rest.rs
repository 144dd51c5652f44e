//! What the REST API is configured with.

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigMap, Error, Result};

use super::headers::HeaderRule;

/// What the REST API is configured with.
#[derive(Debug, Clone)]
pub struct RestConfig {
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// Where the admin endpoints listen; `None`: with the others; empty: nowhere.
    pub admin_listeners: Option<Vec<Listener>>,
    /// The host that other workers use.
    pub advertised_host: Option<String>,
    /// The port that other workers use.
    pub advertised_port: Option<u16>,
    /// The scheme that other workers use: `http` or `https`.
    pub advertised_listener: Option<String>,
    /// Origins whose pages may use the API; empty: none.
    pub allow_origin: String,
    /// Methods that such pages may use; empty: the usual ones.
    pub allow_methods: String,
    /// Headers to add to answers.
    pub response_headers: Vec<HeaderRule>,
    /// Classes of extensions.
    pub extensions: Vec<String>,
    /// Whether clients must show a certificate: `required`, `requested` or `none`.
    pub client_auth: String,
    /// TLS of the listeners: what begins with `listeners.https.` if there is any, else the worker's `ssl.` keys.
    pub tls: ConfigMap,
    /// TLS of the admin listeners, as above with `admin.listeners.https.`.
    pub admin_tls: ConfigMap,
}

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Whether it speaks TLS.
    pub https: bool,
    /// The host; empty: all interfaces.
    pub host: String,
    /// The port; 0: a free one.
    pub port: u16,
}

impl Listener {
    /// Reads `http://host:port`, with brackets around a host that holds colons.
    pub fn parse(url: &str) -> Result<Self> {
        let malformed =
            || Error::config("Listener doesn't have the right format (protocol://hostname:port).");
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(malformed)?;
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        let is_host =
            |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '%' | '.' | '_' | ':');
        let https = match scheme.to_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(Error::config("Listener protocol must be either \"http\" or \"https\".")),
        };
        if !host.chars().all(is_host) {
            return Err(malformed());
        }
        Ok(Self { https, host: host.to_owned(), port: port.parse().map_err(|_| malformed())? })
    }
}

impl RestConfig {
    pub(super) fn new(config: &ConfigMap, data: &ConfigData) -> Result<Self> {
        let parse = |urls: &[String]| urls.iter().map(|url| Listener::parse(url)).collect::<Result<Vec<_>>>();
        let admin_listeners = match data.get("admin.listeners") {
            aqueduct_api::config::Parsed::List(urls) => Some(parse(urls)?),
            _ => None,
        };
        let text = |key: &str| data.optional_string(key).map(|text| text.map(str::to_owned));
        let advertised_listener = text("rest.advertised.listener")?;
        if let Some(scheme) =
            advertised_listener.as_deref().filter(|scheme| !["http", "https"].contains(scheme))
        {
            return Err(Error::config(format!(
                "Invalid value {scheme} for configuration rest.advertised.listener: String must be one of: http, https"
            )));
        }
        let port = data.optional_integer("rest.advertised.port")?;
        Ok(Self {
            listeners: parse(data.list("listeners")?)?,
            admin_listeners,
            advertised_host: text("rest.advertised.host.name")?.filter(|host| !host.is_empty()),
            advertised_port: port.and_then(|port| u16::try_from(port).ok()),
            advertised_listener,
            allow_origin: data.string("access.control.allow.origin")?.to_owned(),
            allow_methods: data.string("access.control.allow.methods")?.to_owned(),
            response_headers: HeaderRule::parse_all(data.string("response.http.headers.config")?)
                .map_err(Error::config)?,
            extensions: data.list("rest.extension.classes")?.to_vec(),
            client_auth: data.string("ssl.client.auth")?.to_owned(),
            tls: tls(config, "listeners.https."),
            admin_tls: tls(config, "admin.listeners.https."),
        })
    }
}

/// The `ssl.` keys for a set of listeners, with their own names.
fn tls(config: &ConfigMap, prefix: &str) -> ConfigMap {
    let own = config.with_prefix(prefix);
    if !own.is_empty() {
        return own;
    }
    config
        .iter()
        .filter(|(name, _)| name.starts_with("ssl."))
        .map(|(name, value)| (name, value.map(str::to_owned)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Listener;

    #[test]
    fn reads_urls() {
        let listener = |https, host: &str, port| Listener { https, host: host.to_owned(), port };
        for (url, expected) in [
            ("http://:8083", listener(false, "", 8083)),
            ("HTTPS://h.example:0", listener(true, "h.example", 0)),
            ("http://[::1]:80", listener(false, "::1", 80)),
        ] {
            assert_eq!(Listener::parse(url).expect(url), expected);
        }
        for url in ["ftp://h:1", "http://h", "h:1", "http://h h:1", "http://h:99999"] {
            assert!(Listener::parse(url).is_err(), "{url}");
        }
    }
}
