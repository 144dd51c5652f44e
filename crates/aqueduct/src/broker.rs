//! `aqueduct broker`: the embedded broker alone.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use aqueduct_broker::{Broker, BrokerConfig};

use crate::exit::{ExitWith, Failure, Outcome, Status};
use crate::output;
use crate::planes;
use crate::signals::StopSignals;

/// Where it listens, and what it keeps.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9092", value_name = "HOST:PORT")]
    listen: String,
    /// Where to keep topics; without it they are gone when the broker ends
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs the broker until a signal comes.
pub fn run(args: &Args) -> Outcome<()> {
    let config = BrokerConfig {
        listen: resolve(&args.listen)?,
        data_dir: args.data_dir.clone(),
        ..BrokerConfig::default()
    };
    planes::single().exit_with(Status::Start)?.block_on(async {
        let mut signals = StopSignals::listen().exit_with(Status::Start)?;
        let broker = Broker::start(config).await.exit_with(Status::Start)?;
        let place = match &args.data_dir {
            Some(dir) => format!("topics are kept in {}", dir.display()),
            None => "topics are kept in memory only".to_owned(),
        };
        output::line(format_args!(
            "Broker for development and tests, never for production: one node, no replication.\n\
             bootstrap.servers={} ({place}). Ctrl-C ends it.",
            broker.bootstrap()
        ))?;
        signals.next().await;
        broker.shutdown().await;
        Ok(())
    })
}

/// The first address of `HOST:PORT`.
fn resolve(listen: &str) -> Outcome<SocketAddr> {
    let malformed =
        |why: String| Failure::new(Status::Failed, format_args!("`{listen}` is no HOST:PORT: {why}"));
    let mut addresses = listen.to_socket_addrs().map_err(|error| malformed(error.to_string()))?;
    addresses.next().ok_or_else(|| malformed("the host has no address".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved() {
        assert_eq!(resolve("127.0.0.1:0").ok(), Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        for bad in ["127.0.0.1", ":x", "127.0.0.1:99999"] {
            assert_eq!(resolve(bad).map_err(|failure| failure.status), Err(Status::Failed), "{bad}");
        }
    }
}
