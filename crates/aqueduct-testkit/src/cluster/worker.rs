//! The worker of a cluster.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, Plugin};
use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::herder::{Herder, StandaloneHerder};
use aqueduct_runtime::offsets::FileOffsetStore;
use aqueduct_runtime::providers::ConfigTransformer;
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::status::MemoryStatusStore;
use aqueduct_runtime::worker::{Worker, WorkerParts};
use aqueduct_runtime::worker_config::{Mode, WorkerConfig};
use tokio::runtime::Runtime;

use super::Ending;

/// How long blocking work of a killed worker may keep the next one from starting: it has the same offsets file.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// A worker with a data plane of its own.
pub(super) struct EmbeddedWorker {
    pub(super) herder: StandaloneHerder,
    /// Gone once the worker has ended.
    data_plane: Option<Runtime>,
}

impl EmbeddedWorker {
    pub(super) async fn start(plugins: &[Plugin], properties: &ConfigMap) -> Self {
        let registry = Arc::new(Registry::new(plugins.to_vec()));
        let config = WorkerConfig::standalone(properties.clone()).expect("properties of a worker");
        let Mode::Standalone { offsets_file } = &config.mode else {
            unreachable!("it was parsed as standalone")
        };
        let data_plane = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("data-plane")
            .enable_all()
            .build()
            .expect("a runtime");
        let herder = StandaloneHerder::new(Worker::new(WorkerParts {
            id: "127.0.0.1:8083".to_owned(),
            transformer: ConfigTransformer::from_worker(properties, &registry).expect("config providers"),
            offsets: Arc::new(FileOffsetStore::open(offsets_file).expect("a file of offsets")),
            status: Arc::new(MemoryStatusStore::default()),
            data_plane: Arc::new(NativeDataPlane),
            runtime: data_plane.handle().clone(),
            registry,
            config: Arc::new(config),
        }));
        herder.set_ready();
        Self { herder, data_plane: Some(data_plane) }
    }

    pub(super) async fn end(&mut self, ending: Ending) {
        if ending == Ending::Clean {
            self.herder.shutdown().await;
        }
        if let Some(data_plane) = self.data_plane.take() {
            let ended = tokio::task::spawn_blocking(move || data_plane.shutdown_timeout(KILL_TIMEOUT));
            ended.await.expect("the data plane ends");
        }
    }
}

impl Drop for EmbeddedWorker {
    fn drop(&mut self) {
        if let Some(data_plane) = self.data_plane.take() {
            data_plane.shutdown_background();
        }
    }
}
