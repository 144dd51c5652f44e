//! Kafka's command line tools on the embedded broker.

use std::io::Write;
use std::process::Stdio;

use xtask::oracle::jvm::{self, Jvm, Tuning};
use xtask::oracle::{Oracle, live};

use crate::stage::{Kafka, folder};

/// The tools' class path and the broker.
struct Tools {
    oracle: Oracle,
    bootstrap: String,
    dir: tempfile::TempDir,
}

impl Tools {
    fn find(kafka: &Kafka) -> anyhow::Result<Tools> {
        jvm::check()?;
        let oracle = Oracle::open();
        oracle.fetch(&["lib-broker"])?;
        Ok(Tools { oracle, bootstrap: kafka.bootstrap(), dir: folder() })
    }

    /// Runs a tool with the words of `line`, where `{dir}` is a folder. Gives what it prints.
    #[track_caller]
    fn run(&self, main: &str, line: &str, input: &str) -> String {
        let jvm = Jvm { heap_mb_max: 256, tuning: Tuning::Tests };
        let classpath = self.oracle.jars("lib-broker");
        let mut command = jvm.command(&classpath, self.dir.path(), "ERROR", main).unwrap();
        command.args(["--bootstrap-server", &self.bootstrap]);
        let dir = self.dir.path().display().to_string();
        command.args(line.split(' ').map(|word| word.replace("{dir}", &dir)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().expect("it is piped").write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{main} {line}: {}\n{text}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    #[track_caller]
    fn expect(&self, main: &str, line: &str, wanted: &[&str]) -> String {
        let text = self.run(main, line, "");
        for wanted in wanted {
            assert!(text.contains(wanted), "{main} {line} doesn't say `{wanted}`:\n{text}");
        }
        text
    }
}

const TOPIC: &str = "org.apache.kafka.tools.TopicCommand";
const GROUP: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const TRANSACTIONS: &str = "org.apache.kafka.tools.TransactionsCommand";

#[test]
fn javas_tools_work_on_the_embedded_broker() {
    let kafka = Kafka::embedded();
    let Some(tools) = live::or_skip("Kafka's tools", || Tools::find(&kafka)) else { return };

    let create = "--create --topic tools --partitions 2 --replication-factor 1 --config retention.ms=60000";
    tools.expect(TOPIC, create, &["Created topic tools."]);
    tools.run(TOPIC, "--alter --topic tools --partitions 3", "");
    let described =
        ["PartitionCount: 3", "ReplicationFactor: 1", "retention.ms=60000", "Partition: 2\tLeader: 1"];
    tools.expect(TOPIC, "--describe --topic tools", &described);

    let produced = tools.expect(
        "org.apache.kafka.tools.VerifiableProducer",
        "--topic tools --max-messages 900 --acks -1 --repeating-keys 50",
        &["\"sent\":900,\"acked\":900"],
    );
    assert_eq!(produced.matches("producer_send_success").count(), 900);
    let consume = "--topic tools --group-id tools-group --max-messages 900 --reset-policy earliest";
    let consumed = tools.run("org.apache.kafka.tools.VerifiableConsumer", consume, "");
    assert_eq!(count_of(&consumed, "records_consumed"), 900, "{consumed}");

    tools.expect(GROUP, "--list", &["tools-group"]);
    tools.expect(GROUP, "--describe --group tools-group --state", &["Empty"]);
    assert_eq!(lag(&tools.run(GROUP, "--describe --group tools-group", "")), 0);
    tools.run(GROUP, "--reset-offsets --group tools-group --topic tools --to-earliest --execute", "");
    assert_eq!(lag(&tools.run(GROUP, "--describe --group tools-group", "")), 900);
    tools.expect(GROUP, "--delete --group tools-group", &["was successful"]);
    assert!(!tools.run(GROUP, "--list", "").contains("tools-group"));

    assert_eq!(offsets(&tools.run(OFFSETS, "--topic tools", "")), 900);
    let request = r#"{"partitions":[{"topic":"tools","partition":0,"offset":7}],"version":1}"#;
    std::fs::write(tools.dir.path().join("delete.json"), request).unwrap();
    tools.expect(
        "org.apache.kafka.tools.DeleteRecordsCommand",
        "--offset-json-file {dir}/delete.json",
        &["partition: tools-0\tlow_watermark: 7"],
    );
    assert_eq!(offsets(&tools.run(OFFSETS, "--topic tools --time earliest", "")), 7);

    let alter = "--alter --entity-type topics --entity-name tools --add-config cleanup.policy=compact";
    tools.run(CONFIGS, alter, "");
    let changed = ["cleanup.policy=compact", "retention.ms=60000"];
    tools.expect(CONFIGS, "--describe --entity-type topics --entity-name tools", &changed);

    tools.run(TOPIC, "--create --topic typed", "");
    tools.run(
        "org.apache.kafka.tools.ConsoleProducer",
        "--topic typed --compression-codec zstd",
        "one\ntwo\nzwölf\n",
    );
    let read = "--topic typed --from-beginning --max-messages 3 --timeout-ms 20000";
    assert_eq!(tools.run("org.apache.kafka.tools.consumer.ConsoleConsumer", read, ""), "one\ntwo\nzwölf\n");

    tools.expect(TRANSACTIONS, "list", &["TransactionalId"]);
    tools.expect(TRANSACTIONS, "describe-producers --topic typed --partition 0", &["ProducerId"]);
    tools.run(TOPIC, "--delete --topic tools", "");
    assert_eq!(tools.run(TOPIC, "--list --exclude-internal", "").trim(), "typed");
}

/// The sum of a number that a tool prints as JSON, a line each time.
fn count_of(text: &str, event: &str) -> u64 {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter(|line| line["name"] == event).filter_map(|line| line["count"].as_u64()).sum()
}

/// The sum of the column LAG of a described group.
fn lag(text: &str) -> u64 {
    let mut rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let column = rows.find_map(|row| row.iter().position(|word| *word == "LAG"));
    let column = column.unwrap_or_else(|| panic!("no column LAG:\n{text}"));
    rows.filter_map(|row| row.get(column)?.parse::<u64>().ok()).sum()
}

/// The sum of the offsets in lines of `topic:partition:offset`.
fn offsets(text: &str) -> u64 {
    text.lines().filter_map(|line| line.rsplit(':').next()?.parse::<u64>().ok()).sum()
}
