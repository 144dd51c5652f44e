//! References to config providers.

use aqueduct_testkit::{EmbeddedCluster, Monitor};

use super::setting::source;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_reach_the_task_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secrets.properties");
    std::fs::write(&file, "password=hunter2\ntopic=secret-topic\n").expect("writes");
    let reference = |key: &str| format!("${{file:{}:{key}}}", file.display());
    let monitor = Monitor::new();
    let mut plugins = monitor.plugins();
    plugins.extend(aqueduct_runtime::providers::plugins());
    let cluster = EmbeddedCluster::with(plugins)
        .property("config.providers", "file")
        .property("config.providers.file.class", "org.apache.kafka.common.config.provider.FileConfigProvider")
        .start()
        .await;
    let (password, topic) = (reference("password"), reference("topic"));
    let config =
        source(&[("my.password", password.as_str()), ("topic", topic.as_str()), ("max.messages", "2")]);
    let info = cluster.create("c", config).await;
    cluster.kafka().expect_records("secret-topic", 2).await;
    let context = monitor.probe("c").source_context(0).await;
    assert_eq!(context.config().get("my.password"), Some("hunter2"));

    assert_eq!(info.config.get("my.password"), Some(password.as_str()));
    let stored = cluster.herder().connector_config("c").await.expect("a configuration");
    assert_eq!(stored.get("topic"), Some(topic.as_str()));
    let tasks = cluster.herder().task_configs("c").await.expect("tasks");
    assert_eq!(tasks[0].config.get("my.password"), Some(password.as_str()));
    assert_eq!(tasks[0].config.get("topic"), Some(topic.as_str()));
    // The task reads the file again when it asks again.
    std::fs::write(&file, "password=correct horse\ntopic=secret-topic\n").expect("writes");
    assert_eq!(context.config().get("my.password"), Some("correct horse"));
}
