//! What workers read from each other: the config topic, the status topic, and the group's subprotocol.

use aqueduct_proto::config_log::ConfigLog;
use aqueduct_proto::status_log::StatusLog;
use aqueduct_proto::subprotocol::{
    Assignment, Subprotocol, WorkerMetadata, read_assignment, read_metadata, write_assignment, write_metadata,
};

use crate::target::{Target, text, texts};

/// Between the records of an input, and between the key and the value of each.
const RECORD: u8 = b'\n';
const VALUE: u8 = b'=';

pub(crate) const CONFIG: Target = Target {
    name: "config-topic",
    corpus: || {
        texts(&[
            "connector-c={\"properties\":{\"a\":\"b\",\"n\":null,\"i\":1}}\ntask-c-0={\"properties\":{}}\n\
             task-c-1={\"properties\":{\"x\":\"y\"}}\ncommit-c={\"tasks\":2}\ntasks-fencing-c={\"tasks\":2}",
            "target-state-c={\"state\":\"PAUSED\",\"state.v2\":\"STOPPED\"}\nconnector-c\ntarget-state-c",
            "session-key={\"key\":\"AQID\",\"algorithm\":\"HmacSHA256\",\"creation-timestamp\":1}",
            "restart-connector-c={\"include-tasks\":true,\"only-failed\":false}\nlogger-cluster-a.b={\"level\":\"DEBUG\"}",
            "task-count-record-c={\"task-count\":3}\ncommit-c={\"tasks\":0}",
            "connector-c={\"properties\":{}}\ncommit-c={\"tasks\":2147483647}",
        ])
    },
    words: WORDS,
    run: |bytes| {
        let mut log = ConfigLog::default();
        for (offset, (key, value)) in (0..).zip(records(bytes)) {
            let _ = log.apply(offset, &key, value);
            let _ = log.snapshot().work();
        }
        log.start();
        let state = log.snapshot();
        for (name, connector) in state.connectors() {
            let _ = (connector.usable_tasks(), connector.is_inconsistent(), connector.is_pending_fencing());
            let _ = state.tasks(name);
        }
    },
};

pub(crate) const STATUS: Target = Target {
    name: "status-topic",
    corpus: || {
        texts(&[
            "status-connector-c={\"state\":\"RUNNING\",\"trace\":null,\"worker_id\":\"w:1\",\"generation\":2,\"version\":\"1\"}",
            "status-task-c-0={\"state\":\"FAILED\",\"trace\":\"t\",\"worker_id\":\"w:1\",\"generation\":2}\nstatus-connector-c",
            "status-topic-t:connector-c={\"topic\":{\"name\":\"t\",\"connector\":\"c\",\"task\":0,\"discoverTimestamp\":5}}",
        ])
    },
    words: WORDS,
    run: |bytes| {
        let mut log = StatusLog::default();
        for (key, value) in records(bytes) {
            let _ = log.apply(&key, value);
        }
        for name in log.connectors() {
            let _ = (log.tasks(name), log.topics(name).count());
        }
        let _ = log.left_over(&ConfigLog::default().snapshot());
    },
};

const WORDS: &[&str] = &[
    "connector-",
    "task-",
    "commit-",
    "target-state-",
    "tasks-fencing-",
    "session-key",
    "restart-connector-",
    "logger-cluster-",
    "status-connector-",
    "status-task-",
    "status-topic-",
    ":connector-",
    "c",
    "-",
    "0",
    "-1",
    "2147483647",
    "=",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\"properties\"",
    "\"tasks\"",
    "\"state\"",
    "\"key\"",
    "\"topic\"",
    "null",
    "1e999",
    "9223372036854775808",
    "{\"properties\":",
    "é",
];

fn records(bytes: &[u8]) -> impl Iterator<Item = (String, Option<&[u8]>)> {
    bytes.split(|byte| *byte == RECORD).take(200).map(|record| {
        let mut parts = record.splitn(2, |byte| *byte == VALUE);
        (text(parts.next().unwrap_or_default()).into_owned(), parts.next())
    })
}

const SUBPROTOCOLS: [Subprotocol; 3] = [Subprotocol::Eager, Subprotocol::Compatible, Subprotocol::Sessioned];

pub(crate) const SUBPROTOCOL: Target = Target {
    name: "subprotocol",
    corpus,
    words: &[
        "\u{0}\u{0}",
        "\u{0}\u{1}",
        "\u{0}\u{2}",
        "\u{0}\u{3}abc",
        "\u{0}\u{0}\u{0}\u{0}",
        "\u{0}\u{0}\u{0}\u{1}",
        "\u{7f}",
        "c",
    ],
    run: |bytes| {
        for subprotocol in SUBPROTOCOLS {
            if let Ok(assignment) = read_assignment(bytes, subprotocol) {
                let _ = write_assignment(&assignment, subprotocol);
            }
            if let Ok(metadata) = read_metadata(bytes, subprotocol) {
                let written = write_metadata(&metadata, subprotocol);
                assert!(read_metadata(&written, subprotocol).is_ok(), "what was written can be read");
            }
        }
    },
};

fn corpus() -> Vec<Vec<u8>> {
    let assignment = Assignment::default();
    let metadata = WorkerMetadata::default();
    let assignments = SUBPROTOCOLS.into_iter().filter_map(|protocol| write_assignment(&assignment, protocol));
    assignments.chain(SUBPROTOCOLS.into_iter().map(|protocol| write_metadata(&metadata, protocol))).collect()
}
