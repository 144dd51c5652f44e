//! Workers of a group, each with a REST server, on the dev broker.

mod own_offsets;
mod task_sets;

use std::sync::Arc;

use aqueduct_api::{ConfigMap, OffsetMap};
use aqueduct_broker::{Broker, BrokerConfig};
use aqueduct_kafka::NativeDataPlane;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::TaskId;
use aqueduct_runtime::herder::{DistributedHerder, Herder, HerderError, Membership, TargetState};
use aqueduct_runtime::logging::{LogLevel, LogLevels};
use aqueduct_runtime::providers::ConfigTransformer;
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::rest::RestServer;
use aqueduct_runtime::worker_config::WorkerConfig;
use aqueduct_testkit::{
    Call, KafkaClient, Monitor, PATIENCE, SOURCE_CLASS, TEXT_CONVERTER, TEXT_HEADER_CONVERTER, text_plugins,
};

use crate::setting::expect;

const CONFIGS: &str = "configs";
const STATUSES: &str = "statuses";

/// A broker and the workers of a group.
struct Group {
    broker: Broker,
    monitor: Monitor,
    members: Vec<Member>,
}

/// One worker.
struct Member {
    herder: DistributedHerder,
    id: String,
    _rest: RestServer,
}

impl Member {
    async fn start(broker: &Broker, monitor: &Monitor) -> Self {
        let mut rest = RestServer::bind(&[("127.0.0.1".to_owned(), 0)]).await.expect("a free port");
        let id = rest.local_addresses().expect("addresses")[0].to_string();
        rest.start();
        let mut properties = ConfigMap::from([
            ("group.id", "g"),
            ("key.converter", TEXT_CONVERTER),
            ("value.converter", TEXT_CONVERTER),
            ("header.converter", TEXT_HEADER_CONVERTER),
            ("config.storage.topic", CONFIGS),
            ("offset.storage.topic", "offsets"),
            ("status.storage.topic", STATUSES),
            ("config.storage.replication.factor", "1"),
            ("offset.storage.replication.factor", "1"),
            ("status.storage.replication.factor", "1"),
            ("offset.storage.partitions", "2"),
            ("status.storage.partitions", "1"),
            ("heartbeat.interval.ms", "200"),
            ("session.timeout.ms", "6000"),
            ("scheduled.rebalance.max.delay.ms", "0"),
            ("task.shutdown.graceful.timeout.ms", "1000"),
            ("offset.flush.interval.ms", "200"),
            ("config.providers", "file"),
            ("config.providers.file.class", "org.apache.kafka.common.config.provider.FileConfigProvider"),
            ("config.providers.file.param.aqueduct.ttl.ms", "100"),
        ]);
        properties.insert("bootstrap.servers", broker.bootstrap());
        let mut plugins = monitor.plugins();
        plugins.extend(text_plugins());
        plugins.extend(aqueduct_runtime::providers::plugins());
        let registry = Arc::new(Registry::new(plugins));
        let membership = Membership {
            url: format!("http://{id}/"),
            id: id.clone(),
            transformer: ConfigTransformer::from_worker(&properties, &registry).expect("providers"),
            config: Arc::new(WorkerConfig::distributed_worker(properties).expect("settings of a worker")),
            registry,
            data_plane: Arc::new(NativeDataPlane),
            runtime: tokio::runtime::Handle::current(),
            levels: LogLevels::new(LogLevel::Info, [], &[]),
            kafka_cluster_id: None,
        };
        let herder = DistributedHerder::join(membership).await.expect("a worker");
        rest.set_herder(Arc::new(herder.clone()));
        herder.ping().await;
        Self { herder, id, _rest: rest }
    }
}

/// Waits until something is so.
async fn until(what: &str, holds: impl Fn() -> bool) {
    expect(what, async || holds()).await;
}

impl Group {
    async fn start(workers: usize) -> Self {
        let broker = Broker::start(BrokerConfig::default()).await.expect("a broker");
        let monitor = Monitor::new();
        let mut members = Vec::new();
        for _ in 0..workers {
            members.push(Member::start(&broker, &monitor).await);
        }
        Self { broker, monitor, members }
    }

    fn leader(&self) -> &DistributedHerder {
        let leads = |member: &&Member| {
            let leader = member.herder.group_snapshot().leader_name;
            leader == Some(format!("http://{}/", member.id))
        };
        &self.members.iter().find(leads).expect("one leads").herder
    }

    async fn create(&self, name: &str, tasks: usize) {
        let config = source(name, tasks);
        self.leader().put_connector_config(name, config, None, false).await.expect("created");
    }

    /// Where a connector and its tasks run, as one worker sees it, if all of them do.
    fn owners(&self, name: &str, tasks: usize) -> Option<Vec<String>> {
        let status = self.members.last()?.herder.connector_status(name).ok()?;
        let states = status.tasks.iter().map(|task| (&task.state, &task.worker_id));
        let all: Vec<_> = states.chain([(&status.connector.state, &status.connector.worker_id)]).collect();
        let runs = all.len() == tasks + 1 && all.iter().all(|(state, _)| *state == "RUNNING");
        runs.then(|| all.iter().map(|(_, worker)| (*worker).clone()).collect())
    }

    async fn until_runs(&self, name: &str, tasks: usize) {
        until(&format!("{name} with {tasks} tasks runs"), || self.owners(name, tasks).is_some()).await;
    }

    async fn keys(&self, topic: &str) -> Vec<String> {
        let records = KafkaClient::new(self.broker.bootstrap()).records(topic).await;
        let key = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
        records.iter().map(|record| key(record.key.as_deref().unwrap_or_default())).collect()
    }
}

fn source(name: &str, tasks: usize) -> ConfigMap {
    let mut config = ConfigMap::from([("connector.class", SOURCE_CLASS), ("topic", "topic"), ("name", name)]);
    config.insert("tasks.max", tasks.to_string());
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_shared_and_moves_when_a_worker_leaves() {
    let mut group = Group::start(3).await;
    for name in ["a", "b", "c"] {
        group.create(name, 2).await;
    }
    for name in ["a", "b", "c"] {
        group.until_runs(name, 2).await;
    }
    let mut loads = std::collections::BTreeMap::new();
    for owner in ["a", "b", "c"].iter().filter_map(|name| group.owners(name, 2)).flatten() {
        *loads.entry(owner).or_insert(0) += 1;
    }
    assert_eq!(loads.values().copied().collect::<Vec<_>>(), [3, 3, 3], "{loads:?}");
    let leaver = group.members.remove(0);
    leaver.herder.shutdown().await;
    until("nothing runs on the worker that has left", || {
        ["a", "b", "c"].iter().all(|name| {
            group.owners(name, 2).is_some_and(|owners| owners.iter().all(|owner| *owner != leaver.id))
        })
    })
    .await;
    // The next leader goes on where the last one was.
    group.create("d", 1).await;
    group.until_runs("d", 1).await;
    until("its topic is noted", || {
        group.members.iter().all(|member| !member.herder.active_topics("a").expect("noted").is_empty())
    })
    .await;
    group.leader().delete_connector("a").await.expect("deleted");
    until("nothing is said of what is deleted", || {
        let forgotten = |herder: &DistributedHerder| {
            herder.connector_status("a").is_err()
                && herder.active_topics("a").is_ok_and(|topics| topics.is_empty())
        };
        group.members.iter().all(|member| forgotten(&member.herder))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_holds_up_nothing_else() {
    let group = Group::start(1).await;
    let herder = group.leader();
    let probe = group.monitor.probe("stuck");
    let hold = probe.hang(Call::TaskConfigs);
    group.create("stuck", 1).await;
    probe.expect_calls(Call::TaskConfigs, 1).await;
    let start = group.monitor.probe("slow");
    let slow = start.hang(Call::Start);
    group.create("slow", 1).await;
    group.create("well", 2).await;
    group.until_runs("well", 2).await;
    assert_eq!(herder.task_configs("stuck").await.expect("known"), []);
    let stage = herder.stages().current().expect("something is under way").summary();
    assert!(stage.contains("stuck"), "{stage}");
    herder.set_target_state("well", TargetState::Paused).await.expect("paused");
    until("well is paused", || {
        herder.connector_status("well").is_ok_and(|status| status.connector.state == "PAUSED")
    })
    .await;
    // One that hangs can be deleted, and the worker keeps its place in the group.
    herder.delete_connector("stuck").await.expect("deleted");
    until("stuck is gone", || !herder.worker().has_connector("stuck")).await;
    assert!(herder.group_snapshot().epoch >= 0);
    drop((hold, slow));
    group.until_runs("slow", 1).await;
    tokio::time::timeout(PATIENCE, herder.shutdown()).await.expect("the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_are_done_by_who_runs_it_and_changes_by_who_leads() {
    let group = Group::start(2).await;
    for name in ["a", "b"] {
        group.create(name, 1).await;
        group.until_runs(name, 1).await;
    }
    let leader = group.leader();
    let url = leader.group_snapshot().leader_name;
    let (mut done, mut elsewhere) = (0, 0);
    for member in &group.members {
        for name in ["a", "b"] {
            match member.herder.restart_connector(name).await {
                Ok(()) => done += 1,
                Err(HerderError::Elsewhere { url: Some(_) }) => elsewhere += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        let restart = RestartRequest { only_failed: false, include_tasks: true };
        match member.herder.restart_connector_and_tasks("a", restart).await {
            Ok(states) => assert_eq!(states.tasks[0].state, "RESTARTING"),
            Err(HerderError::Elsewhere { url: to }) => assert_eq!(to, url),
            Err(error) => panic!("{error:?}"),
        }
        let unknown = member.herder.restart_task(&TaskId::new("a", 7)).await;
        assert!(matches!(unknown, Err(HerderError::NotFound(_))), "{unknown:?}");
    }
    assert_eq!((done, elsewhere), (2, 2));
    group.until_runs("a", 1).await;
    let changed = leader.patch_connector_config("a", ConfigMap::from([("tasks.max", "3")])).await;
    assert_eq!(changed.expect("patched").config.get("tasks.max"), Some("3"));
    group.until_runs("a", 3).await;
    let stopped = leader.stop_connector("a").await;
    stopped.expect("stopped");
    until("a has no tasks", || leader.connector_status("a").is_ok_and(|status| status.tasks.is_empty()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_worker_restarts_what_it_runs_with_new_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secrets.properties");
    std::fs::write(&file, "password=first").expect("writes");
    let group = Group::start(2).await;
    let mut config = source("c", 3);
    let reference = format!("${{file:{}:password}}", file.display());
    config.insert("my.password", reference.as_str());
    group.leader().put_connector_config("c", config, None, false).await.expect("created");
    group.until_runs("c", 3).await;
    let probe = group.monitor.probe("c");
    let before = (probe.calls(Call::ConnectorStart), probe.calls(Call::Start));
    std::fs::write(folder.path().join("next"), "password=second").expect("writes");
    std::fs::rename(folder.path().join("next"), &file).expect("replaces");
    probe.expect_calls(Call::ConnectorStart, before.0 + 1).await;
    probe.expect_calls(Call::Start, before.1 + 3).await;
    group.until_runs("c", 3).await;
    let tasks = group.leader().task_configs("c").await.expect("tasks");
    assert!(tasks.iter().all(|task| task.config.get("my.password") == Some(&*reference)), "{tasks:?}");
}

/// KAFKA-17719: the Java worker does not write a task set again that has not changed. When the same configuration is put
/// again, compaction leaves the commit before its connector, and whoever reads the topic from then on drops the tasks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compaction_after_the_same_configuration_again_loses_no_tasks() {
    let mut group = Group::start(1).await;
    group.create("c", 2).await;
    group.until_runs("c", 2).await;
    let again = source("c", 2);
    group.leader().put_connector_config("c", again, None, true).await.expect("put again");
    // Records of the set in the order of their last writing.
    let keys = async || {
        let keys = group.keys(CONFIGS).await;
        let last = |key: &str| keys.iter().rposition(|one| one == key);
        (last("connector-c"), last("commit-c"))
    };
    expect("the set is written after its connector again", async || {
        let (connector, commit) = keys().await;
        commit > connector
    })
    .await;
    group.broker.compact_now(CONFIGS).await.expect("compacted");
    let late = Member::start(&group.broker, &group.monitor).await;
    assert_eq!(late.herder.task_configs("c").await.expect("known").len(), 2);
    group.members.push(late);
    group.until_runs("c", 2).await;
}

/// KAFKA-17676: in a topic that was compacted in this way by others, the tasks come before their connector. They run on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_whose_tasks_come_first_is_healed() {
    let mut group = Group::start(1).await;
    group.create("c", 2).await;
    group.until_runs("c", 2).await;
    let first = group.members.remove(0);
    // The connector's record again, as a worker that writes no task set again would leave it.
    let record = KafkaClient::new(group.broker.bootstrap()).records(CONFIGS).await;
    let connector =
        record.iter().rfind(|one| one.key.as_deref() == Some(b"connector-c")).expect("it is there");
    let value = connector.value.clone().expect("a configuration");
    first.herder.shutdown().await;
    let again = aqueduct_testkit::NewRecord::value(value).key("connector-c");
    KafkaClient::new(group.broker.bootstrap()).produce(CONFIGS, [again]).await;
    group.broker.compact_now(CONFIGS).await.expect("compacted");
    let next = Member::start(&group.broker, &group.monitor).await;
    group.members.push(next);
    group.until_runs("c", 2).await;
    let keys = group.keys(CONFIGS).await;
    let last = |key: &str| keys.iter().rposition(|one| one == key);
    assert!(last("commit-c") > last("connector-c"), "{keys:?}");
}

/// KAFKA-9228: what tasks are not told themselves counts for them, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_converter_starts_the_tasks_again() {
    let group = Group::start(1).await;
    group.create("c", 2).await;
    group.until_runs("c", 2).await;
    let probe = group.monitor.probe("c");
    let starts = probe.calls(Call::Start);
    let mut config = source("c", 2);
    config.insert("value.converter", TEXT_CONVERTER);
    group.leader().put_connector_config("c", config, None, true).await.expect("changed");
    probe.expect_calls(Call::Start, starts + 2).await;
    group.until_runs("c", 2).await;
}

/// A rebalance follows each creation: what is asked in it waits, and is not sent to this worker itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_a_leader_does_waits_for_the_rebalance_before() {
    let group = Group::start(1).await;
    let herder = group.leader();
    for number in 0..20 {
        let name = format!("c{number}");
        let config = source(&name, 1);
        herder.put_connector_config(&name, config, Some(TargetState::Stopped), false).await.expect("created");
        let change = (Some(OffsetMap::of("task.id", "t")), Some(OffsetMap::of("saved", 1_i64)));
        herder.alter_offsets(&name, Some(vec![change])).await.expect("its offsets are changed");
        let patch = ConfigMap::from([("max.messages", "7")]);
        let patched = herder.patch_connector_config(&name, patch).await.expect("its configuration is");
        assert_eq!(patched.config.get("max.messages"), Some("7"));
        herder.delete_connector(&name).await.expect("it goes");
    }
}
