//! A group under test: its workers, and the connectors that it should run.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use xtask::oracle::cluster::{Cluster, Layout, Marks, Wanted};
use xtask::oracle::http::Response;
use xtask::oracle::wire::{self, Record};
use xtask::oracle::worker::Program;
use xtask::oracle::{Oracle, properties};

use crate::stage::Kafka;
use crate::waiting::{found, until};

pub(super) const SOURCE: &str = "org.apache.kafka.connect.tools.VerifiableSourceConnector";
pub(super) const SINK: &str = "org.apache.kafka.connect.tools.VerifiableSinkConnector";
const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";

/// What all groups have; the settings of a test come behind it, and win.
const SETTINGS: &[(&str, &str)] = &[
    ("session.timeout.ms", "6000"),
    ("heartbeat.interval.ms", "1000"),
    ("rebalance.timeout.ms", "20000"),
    ("scheduled.rebalance.max.delay.ms", "0"),
    ("offset.flush.interval.ms", "1000"),
    // Java has its test connectors on the class path; ours shows them when it is asked to.
    ("aqueduct.test.plugins", "true"),
];

pub(super) struct Group {
    pub(super) cluster: Cluster,
    pub(super) client: wire::Client,
    wanted: Wanted,
    /// Connectors that are verifiable sources.
    sources: BTreeSet<String>,
}

impl Group {
    pub(super) fn new(kafka: &Kafka, name: &str, settings: &[(&str, &str)]) -> Group {
        let all = SETTINGS.iter().chain(settings).map(|(key, value)| (*key, (*value).to_owned()));
        let cluster = Cluster::new(&Oracle::open(), kafka.port(), name, properties::pairs(all)).unwrap();
        Group { cluster, client: kafka.client(), wanted: Wanted::new(), sources: BTreeSet::new() }
    }

    /// The same with running workers, of which the first leads.
    pub(super) fn start(kafka: &Kafka, name: &str, settings: &[(&str, &str)], programs: &[Program]) -> Group {
        let mut group = Group::new(kafka, name, settings);
        group.cluster.start(programs).unwrap();
        group.members(programs.len());
        group
    }

    /// What should run.
    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Sends a request to a worker until no rebalance is in its way.
    #[track_caller]
    pub(super) fn ask(&self, index: usize, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.cluster.ask(index, method, path, body).unwrap()
    }

    /// A JSON answer to a GET, when it is one.
    #[track_caller]
    pub(super) fn get(&self, index: usize, path: &str) -> Value {
        let answer = self.ask(index, "GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.json()
    }

    /// Creates or changes a connector through a worker. It is wanted from now on, with as many tasks as it may have.
    #[track_caller]
    pub(super) fn put(&mut self, index: usize, name: &str, config: &Value) {
        for key in ["topic", "topics"] {
            if let Some(topic) = config[key].as_str() {
                self.client.create_topic(topic, 1).unwrap();
            }
        }
        let answer = self.ask(index, "PUT", &format!("/connectors/{name}/config"), Some(config));
        assert!(matches!(answer.status, 200 | 201), "{name}: {answer:?}");
        self.want(name, config["tasks.max"].as_str().unwrap().parse().unwrap());
        if config["connector.class"] == SOURCE {
            self.sources.insert(name.to_owned());
        }
    }

    pub(super) fn want(&mut self, name: &str, tasks: usize) {
        self.wanted.insert(name.to_owned(), tasks);
    }

    /// Deletes a connector through a worker.
    #[track_caller]
    pub(super) fn delete(&mut self, index: usize, name: &str) {
        let answer = self.ask(index, "DELETE", &format!("/connectors/{name}"), None);
        assert_eq!(answer.status, 204, "{answer:?}");
        self.wanted.remove(name);
        self.sources.remove(name);
    }

    /// Waits until all that is wanted runs, shared evenly.
    #[track_caller]
    pub(super) fn balanced(&self) -> Layout {
        found("balance", || self.cluster.balanced(&self.wanted))
    }

    /// Waits until all that is wanted runs, however shared.
    #[track_caller]
    pub(super) fn runs(&self) -> Layout {
        found("all run", || self.cluster.layout(&self.wanted))
    }

    /// Waits until the tasks have started since, and all that is wanted runs: where a worker is back under the same name, its
    /// old statuses look as if its work had never stopped.
    #[track_caller]
    pub(super) fn runs_again(&self, marks: &Marks, tasks: &[&str]) -> Layout {
        let tasks: Vec<&&str> = tasks.iter().filter(|name| !self.wanted.contains_key(**name)).collect();
        until("the tasks have started", || {
            let starts = self.cluster.starts_since(marks);
            tasks.iter().all(|task| starts.contains_key(**task))
        });
        self.runs()
    }

    /// Waits until all members of the group agree on who leads, and gives its number.
    #[track_caller]
    pub(super) fn leader(&self) -> usize {
        found("a leader", || self.cluster.leader()?.context("none"))
    }

    /// A running worker that doesn't lead.
    #[track_caller]
    pub(super) fn follower(&self) -> usize {
        let leader = self.leader();
        self.cluster.running().into_iter().find(|index| *index != leader).expect("more than one worker")
    }

    /// The worker that runs a connector or task.
    pub(super) fn owner(&self, layout: &Layout, name: &str) -> usize {
        let owner = layout.all().find(|(known, _)| *known == name).map(|(_, owner)| owner).expect(name);
        let mut running = self.cluster.running().into_iter();
        running.find(|index| self.cluster.worker_id(*index) == owner).expect("it runs")
    }

    /// Waits until the group has this many members and each has its work.
    #[track_caller]
    pub(super) fn members(&self, count: usize) {
        found("members", || {
            let group = self.cluster.describe()?;
            ensure!(group.state == "Stable" && group.members.len() == count, "{group:?}");
            Ok(())
        });
    }

    /// Lets every task of a source make a few records, and looks that only the worker that should run it does.
    #[track_caller]
    pub(super) fn each_once(&self, layout: &Layout) {
        let marks = self.cluster.marks();
        let wanted = self.source_tasks();
        let makers = || {
            let mut makers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for line in self.cluster.printed_since(&marks) {
                if !line.is("committed") {
                    makers.entry(line.task()).or_default().push(line.member);
                }
            }
            makers
        };
        until("every source makes records", || {
            let makers = makers();
            wanted.iter().all(|task| makers.get(task).is_some_and(|lines| lines.len() >= 3))
        });
        for (task, lines) in makers().iter().filter(|(task, _)| wanted.contains(*task)) {
            let owner = self.owner(layout, task);
            assert!(lines.iter().all(|member| *member == owner), "{task} of {owner} is run by {lines:?}");
        }
    }

    /// How the tasks of sources have moved since a layout and its marks: those that changed their worker started once, and
    /// no other did. Gives how many moved.
    #[track_caller]
    pub(super) fn only_moved_ones_started(&self, before: &Layout, marks: &Marks, after: &Layout) -> usize {
        let starts = self.cluster.starts_since(marks);
        let unmoved = after.unmoved(before);
        let mut moved = 0;
        for task in self.source_tasks() {
            let count = starts.get(&task).copied().unwrap_or(0);
            let stayed = unmoved.contains(&task.as_str());
            assert_eq!(count, usize::from(!stayed), "{task} {}", if stayed { "stayed" } else { "moved" });
            moved += usize::from(!stayed);
        }
        moved
    }

    /// `NAME-NUMBER` of every task of a source.
    fn source_tasks(&self) -> Vec<String> {
        let sources = self.sources.iter();
        sources.flat_map(|name| (0..self.wanted[name]).map(move |task| format!("{name}-{task}"))).collect()
    }

    /// The records of the config topic from an offset on.
    pub(super) fn configs_from(&mut self, offset: i64) -> Vec<Record> {
        let topic = self.cluster.topic("configs");
        self.client.records(&topic, 0, offset).unwrap()
    }

    /// Where the config topic ends.
    pub(super) fn config_end(&mut self) -> i64 {
        let topic = self.cluster.topic("configs");
        self.client.end_offset(&topic, 0).unwrap().unwrap_or(0)
    }
}

/// A source that makes so many records a second and task.
pub(super) fn source(topic: &str, tasks: usize, per_second: u32) -> Value {
    json!({
        "connector.class": SOURCE, "tasks.max": tasks.to_string(), "topic": topic,
        "throughput": per_second.to_string(), "key.converter": STRING, "value.converter": STRING,
    })
}

/// A sink that prints what it gets.
pub(super) fn sink(topic: &str, tasks: usize) -> Value {
    json!({
        "connector.class": SINK, "tasks.max": tasks.to_string(), "topics": topic,
        "key.converter": STRING, "value.converter": STRING, "consumer.override.auto.offset.reset": "earliest",
    })
}
