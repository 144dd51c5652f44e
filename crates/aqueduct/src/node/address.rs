//! Where a worker listens, and what it tells others about that.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use aqueduct_runtime::worker_config::RestConfig;

/// The `host:port` by which others know this worker, and whether they need TLS for it. `bound` is where the listeners listen, one of each, in their order:
/// their configuration may leave the port to the system.
pub(super) fn advertised(rest: &RestConfig, bound: &[SocketAddr]) -> (String, bool) {
    let listeners = || rest.listeners.iter().zip(bound);
    let wants_https = rest.advertised_listener.as_deref() == Some("https");
    let listener = listeners().find(|(listener, _)| listener.https == wants_https).or(listeners().next());
    let is_said = |host: &&str| !host.trim().is_empty();
    let own_host = listener.map(|(listener, _)| listener.host.as_str()).filter(is_said);
    let host = match rest.advertised_host.as_deref().filter(is_said).or(own_host) {
        Some(host) => host.to_owned(),
        None => local_host().to_string(),
    };
    let port = rest.advertised_port.or(listener.map(|(_, bound)| bound.port())).unwrap_or_default();
    (format!("{host}:{port}"), listener.is_some_and(|(listener, _)| listener.https))
}

/// Addresses for the log.
pub(super) fn shown(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
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
        let check = |more: &[(&str, &str)], bound: &[u16], expected: &str, https: bool| {
            let bound: Vec<_> =
                bound.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).collect();
            assert_eq!(advertised(&rest(more), &bound), (expected.to_owned(), https));
        };
        let local = local_host();
        check(&[], &[8083], &format!("{local}:8083"), false);
        check(&[("listeners", "http://:0")], &[4711], &format!("{local}:4711"), false);
        check(&[("listeners", "http://127.0.0.1:18083")], &[18083], "127.0.0.1:18083", false);
        check(&[("listeners", "http://a:1"), ("rest.advertised.host.name", "b")], &[1], "b:1", false);
        check(&[("listeners", "http://a:1"), ("rest.advertised.port", "2")], &[1], "a:2", false);
        let both = ("listeners", "https://s:0,http://p:0");
        check(&[both], &[1, 2], "p:2", false);
        check(&[both, ("rest.advertised.listener", "https")], &[1, 2], "s:1", true);
        check(&[("listeners", "https://s:0")], &[1], "s:1", true);
    }
}
