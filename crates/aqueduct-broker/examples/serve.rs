//! A broker to try clients on: `serve [LISTEN [DATA_DIR]]`, until interrupted.

use aqueduct_broker::{Broker, BrokerConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let mut arguments = std::env::args().skip(1);
    let mut config = BrokerConfig::default();
    if let Some(listen) = arguments.next() {
        config.listen = listen.parse()?;
    }
    config.data_dir = arguments.next().map(Into::into);
    let broker = Broker::start(config).await?;
    tracing::info!("bootstrap.servers={}", broker.bootstrap());
    tokio::signal::ctrl_c().await?;
    broker.shutdown().await;
    Ok(())
}
