//! References to config providers.

use aqueduct_proto::state::State;
use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, Trouble};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_values_restart_what_was_started_with_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secrets.properties");
    let write = |password: &str| {
        // Replaced whole, as who rotates secrets does.
        let next = folder.path().join("next");
        std::fs::write(&next, format!("password={password}\nuser=u\n")).expect("writes");
        std::fs::rename(&next, &file).expect("replaces");
    };
    write("first");
    let reference = |key: &str| format!("${{file:{}:{key}}}", file.display());
    let monitor = Monitor::new();
    let mut plugins = monitor.plugins();
    plugins.extend(aqueduct_runtime::providers::plugins());
    let cluster = EmbeddedCluster::with(plugins)
        .property("config.providers", "file")
        .property("config.providers.file.class", "org.apache.kafka.common.config.provider.FileConfigProvider")
        .property("config.providers.file.param.aqueduct.ttl.ms", "100")
        .start()
        .await;
    let (password, user) = (reference("password"), reference("user"));
    let with = |key: &'static str, value: &str, reload: &'static str| {
        source(&[(key, value), ("max.messages", "1"), ("config.action.reload", reload)])
    };
    cluster.create_running("rotated", with("my.password", &password, "restart")).await;
    cluster.create_running("unmoved", with("my.password", &password, "none")).await;
    cluster.create_running("other", with("my.user", &user, "restart")).await;

    let rotated = monitor.probe("rotated");
    for (times, value) in [(2, "second"), (3, "third")] {
        write(value);
        rotated.expect_calls(Call::ConnectorStart, times).await;
        rotated.expect_calls(Call::Start, times).await;
        assert_eq!(rotated.source_context(0).await.config().get("my.password"), Some(value));
        cluster.expect_tasks("rotated", 1, State::Running).await;
    }
    // Nothing is lost when values are not there for a while.
    std::fs::remove_file(&file).expect("removes");
    // What fails with old values comes back with new ones.
    rotated.fail(Call::Start, Trouble::Fatal, 1);
    write("fourth");
    cluster.expect_tasks("rotated", 1, State::Failed).await;
    rotated.mend();
    write("fifth");
    rotated.expect_calls(Call::ConnectorStart, 5).await;
    cluster.expect_tasks("rotated", 1, State::Running).await;
    for quiet in ["unmoved", "other"] {
        let probe = monitor.probe(quiet);
        assert_eq!((probe.calls(Call::ConnectorStart), probe.calls(Call::Start)), (1, 1), "{quiet}");
    }
    cluster.delete("rotated").await;
}
