//! What every plugin of a kind must do, as tests for all of them.
//!
//! A plugin's own tests describe the plugin in a few methods ([`source::SourceSubject`], [`sink::SinkSubject`]), and call
//! each function of the suite in a test of its own. Every function starts a cluster for itself. A function that returns
//! has found nothing wrong; otherwise it panics, with what the worker says about itself.

pub mod converter;
pub mod sink;
pub mod source;

use std::time::Duration;

use aqueduct_api::ConfigMap;

use crate::cluster::EmbeddedCluster;

/// How long a task may take to stop while it waits for data.
const PROMPT: Duration = Duration::from_secs(1);

/// A setting that makes a configuration invalid: the key, and a text or `None` to leave it out.
pub type Invalid = (&'static str, Option<&'static str>);

/// Checks that each of the settings makes validation report an error for its key, and nothing else does.
async fn check_validation(cluster: &EmbeddedCluster, mut config: ConfigMap, invalid: &[Invalid]) {
    config.insert("name", "subject");
    let errors = async |config: ConfigMap| {
        let infos =
            cluster.herder().validate_connector_config(config).await.expect("an answer of validation");
        let values = infos.configs.into_iter().filter_map(|info| info.value);
        values.filter(|value| !value.errors.is_empty()).map(|value| value.name).collect::<Vec<_>>()
    };
    assert_eq!(errors(config.clone()).await, [""; 0], "the valid configuration");
    for (key, text) in invalid {
        let mut config = config.clone();
        match text {
            Some(text) => config.insert(*key, *text),
            None => config.remove(key),
        };
        assert_eq!(errors(config).await, [*key], "{key} = {text:?}");
    }
}
