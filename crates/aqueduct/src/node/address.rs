//! Where a worker listens, and what it tells others about that.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use anyhow::{Result, bail};
use aqueduct_runtime::worker_config::{Listener, RestConfig};

/// Hosts and ports to listen on.
pub(super) fn to_bind(rest: &RestConfig) -> Result<Vec<(String, u16)>> {
    if rest.listeners.iter().any(|listener| listener.https) {
        bail!("listeners: https is not supported yet; put a proxy in front, or use http");
    }
    Ok(rest.listeners.iter().map(|listener| (listener.host.clone(), listener.port)).collect())
}

/// The `host:port` by which others know this worker. `bound` is the port of the first listener, which its
/// configuration may leave to the system.
pub(super) fn advertised(rest: &RestConfig, bound: u16) -> String {
    let wants_https = rest.advertised_listener.as_deref() == Some("https");
    let listener =
        rest.listeners.iter().find(|listener| listener.https == wants_https).or(rest.listeners.first());
    let is_blank = |host: &&str| !host.trim().is_empty();
    let own_host = listener.map(|listener| listener.host.as_str()).filter(is_blank);
    let host = match rest.advertised_host.as_deref().filter(is_blank).or(own_host) {
        Some(host) => host.to_owned(),
        None => local_host().to_string(),
    };
    let port = rest.advertised_port.or(listener.and_then(fixed_port)).unwrap_or(bound);
    format!("{host}:{port}")
}

fn fixed_port(listener: &Listener) -> Option<u16> {
    (listener.port != 0).then_some(listener.port)
}

/// The address of this host's name, as Java's `InetAddress.getLocalHost()` gives it: IPv4 if there is one.
fn local_host() -> IpAddr {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let resolved = name.and_then(|name| (name.trim(), 0).to_socket_addrs().ok()).into_iter().flatten();
    let addresses: Vec<IpAddr> = resolved.map(|address| address.ip()).collect();
    let v4 = addresses.iter().find(|address| address.is_ipv4());
    v4.or(addresses.first()).copied().unwrap_or(Ipv4Addr::LOCALHOST.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aqueduct_runtime::worker_config::WorkerConfig;

    fn rest(more: &[(&str, &str)]) -> RestConfig {
        let mut properties: aqueduct_api::ConfigMap = [
            ("bootstrap.servers", "h:9092"),
            ("key.converter", "K"),
            ("value.converter", "V"),
            ("offset.storage.file.filename", "offsets"),
        ]
        .into();
        for (key, value) in more {
            properties.insert(*key, *value);
        }
        WorkerConfig::standalone(properties).expect("good").rest
    }

    #[test]
    fn workers_are_known_by_what_they_advertise() {
        let check =
            |more: &[(&str, &str)], expected: &str| assert_eq!(advertised(&rest(more), 4711), expected);
        let local = local_host();
        check(&[], &format!("{local}:8083"));
        check(&[("listeners", "http://:0")], &format!("{local}:4711"));
        check(&[("listeners", "http://127.0.0.1:18083")], "127.0.0.1:18083");
        check(&[("listeners", "http://a:1"), ("rest.advertised.host.name", "b")], "b:1");
        check(&[("listeners", "http://a:1"), ("rest.advertised.port", "2")], "a:2");
    }

    #[test]
    fn encrypted_listeners_are_refused_and_not_served_in_the_clear() {
        assert!(to_bind(&rest(&[("listeners", "https://a:1")])).is_err());
        assert_eq!(to_bind(&rest(&[("listeners", "http://a:1")])).ok(), Some(vec![("a".to_owned(), 1)]));
    }
}
