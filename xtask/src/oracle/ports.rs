//! Free ports on the loopback interface.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::Result;

const ATTEMPTS: u32 = 3;

/// `N` different ports that were free a moment ago. Another process may take one before its server binds it: whoever
/// starts a server on such a port must expect that and try again.
pub fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Starts a server on ports that [`free`] gave, and starts it again on others when someone else has taken one: its error
/// then holds the words that every system has for that.
pub fn retrying<T>(mut start: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match start() {
            Err(error) if format!("{error:#}").to_lowercase().contains("address already in use") => {}
            outcome => return outcome,
        }
    }
    start()
}

/// Whether something accepts connections on the port.
pub fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), Duration::from_millis(500)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn ports_differ_and_are_free() {
        let [a, b, c] = free().unwrap();
        assert!(a != b && b != c && a != c);
        assert!(!accepts(a));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, a)).unwrap();
        assert!(accepts(a));
        drop(listener);
    }

    #[test]
    fn only_a_taken_port_is_tried_again() {
        let check = |message: &'static str, expected: u32| {
            let mut count = 0;
            let outcome: Result<()> = retrying(|| {
                count += 1;
                bail!("{message}")
            });
            assert!(outcome.is_err());
            assert_eq!(count, expected, "{message}");
        };
        check("BindException: Address already in use", ATTEMPTS);
        check("no such file", 1);
    }
}
