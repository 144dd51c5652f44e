//! The only worker of a group: what it costs to change something. Groups are the simulation's.

use std::collections::VecDeque;

use aqueduct_api::ConfigMap;

use super::*;
use crate::config_log::{Record, put_connector};
use crate::member::{Request as GroupRequest, Response};
use crate::session::Algorithm;
use crate::state::TargetState;

/// A worker with a coordinator and a config topic that answer at once.
struct Sole {
    herder: Herder,
    now_ms: i64,
    log: Vec<Record>,
    /// What has been fed of the log.
    read: usize,
    /// Whether records come back as soon as they are written.
    tails: bool,
    /// Whether the broker tells where they lie.
    tells_offsets: bool,
    generation: i32,
    metadata: Vec<u8>,
    reads: usize,
    replies: Vec<(u64, Result<(), Refusal>)>,
}

impl Sole {
    /// With these connectors from the start.
    fn with(connectors: usize) -> Self {
        let settings = Settings {
            url: "http://only/".to_owned(),
            member: member::Settings {
                session_timeout_ms: 10_000,
                rebalance_timeout_ms: 60_000,
                heartbeat_interval_ms: 3_000,
                request_timeout_ms: 40_000,
                retry_backoff_ms: 100,
                subprotocol: Subprotocol::Sessioned,
            },
            max_delay_ms: 300_000,
            unsync_backoff_ms: 300_000,
            transactional: false,
            keys: KeyPolicy { algorithm: Algorithm::Sha256, size_bits: None, ttl_ms: 3_600_000 },
        };
        let config = ConfigMap::new();
        let log = (0..connectors).flat_map(|number| {
            put_connector(&format!("stopped-{number}"), &config, Some(TargetState::Stopped))
        });
        let mut sole = Self {
            herder: Herder::new(settings, 0),
            now_ms: 0,
            log: log.collect(),
            read: 0,
            tails: true,
            tells_offsets: true,
            generation: 0,
            metadata: Vec::new(),
            reads: 0,
            replies: Vec::new(),
        };
        sole.feed(Input::Tick);
        assert!(sole.herder.is_settled() && sole.herder.is_leader());
        sole
    }

    /// Gives an input and all that follows from it.
    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            self.herder.step(self.now_ms, input, &mut effects);
            for effect in effects {
                self.perform(effect, &mut inputs);
            }
        }
    }

    fn perform(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Group { id, request } => {
                if let Some(response) = self.coordinate(request) {
                    inputs.push_back(Input::Group { id, response });
                }
            }
            Effect::ReadConfig => {
                self.reads += 1;
                self.read_on(inputs);
                inputs.push_back(Input::ReadDone { reached_end: true });
            }
            Effect::Write { records, .. } => {
                self.log.extend(records);
                let last = self.tells_offsets.then(|| self.log.len() as i64 - 1);
                inputs.push_back(Input::WriteDone(Ok(last)));
                if self.tails {
                    self.read_on(inputs);
                }
            }
            Effect::Stop(work) => inputs.push_back(Input::Stopped(work)),
            Effect::MakeKey { bytes } => inputs.push_back(Input::KeyMaterial(vec![7; bytes])),
            Effect::Reply { id, result } => self.replies.push((id, result)),
            Effect::StartConnector { .. } | Effect::CleanStatuses => {}
            other => panic!("{other:?}"),
        }
    }

    fn read_on(&mut self, inputs: &mut VecDeque<Input>) {
        for (offset, record) in self.log.iter().enumerate().skip(self.read) {
            let (key, value) = (record.key.clone(), record.value.clone());
            inputs.push_back(Input::ConfigRecord { offset: offset as i64, key, value });
        }
        self.read = self.log.len();
    }

    fn coordinate(&mut self, request: GroupRequest) -> Option<Response> {
        let only = || "only".to_owned();
        Some(match request {
            GroupRequest::FindCoordinator => Response::CoordinatorFound,
            GroupRequest::Join { protocols, .. } => {
                let (protocol, metadata) = protocols.into_iter().next().expect("a protocol");
                self.generation += 1;
                self.metadata = metadata;
                Response::Joined {
                    generation: self.generation,
                    protocol: protocol.to_owned(),
                    leader: only(),
                    member_id: only(),
                    members: vec![(only(), self.metadata.clone())],
                }
            }
            GroupRequest::Sync { assignments, .. } => {
                Response::Synced(assignments.into_iter().next().expect("a share").1)
            }
            GroupRequest::Heartbeat { .. } => Response::Alive,
            GroupRequest::Leave { .. } => return None,
        })
    }

    /// How many generations and reads to the end it takes until a request is served and the group is at rest.
    fn cost(&mut self, request: Request) -> (i32, usize) {
        let (generation, reads, id) = (self.generation, self.reads, self.replies.len() as u64);
        self.feed(Input::Request { id, request });
        assert_eq!(self.replies.last(), Some(&(id, Ok(()))));
        assert!(self.herder.is_settled());
        (self.generation - generation, self.reads - reads)
    }
}

fn create(name: &str) -> Request {
    let initial = Some(TargetState::Stopped);
    Request::PutConnector { name: name.to_owned(), config: ConfigMap::new(), initial, replace: false }
}

fn delete(name: &str) -> Request {
    Request::DeleteConnector { name: name.to_owned() }
}

#[test]
fn a_connector_comes_and_goes_with_one_rebalance_each() {
    let mut sole = Sole::with(3);
    assert_eq!(sole.cost(create("new")), (1, 0));
    assert!(sole.herder.runs_connector("new"));
    assert_eq!(sole.cost(delete("new")), (1, 0));
    assert!(!sole.herder.runs_connector("new"));
    assert_eq!(sole.herder.assigned().connectors.len(), 3);
    // Nothing of the old one is left in the way of another.
    assert_eq!(sole.cost(create("new")), (1, 0));
    assert!(sole.herder.runs_connector("new"));
}

#[test]
fn the_end_is_read_if_it_is_not_known_what_to_wait_for() {
    let mut sole = Sole::with(1);
    sole.tells_offsets = false;
    assert_eq!(sole.cost(create("new")), (1, 1));
}

#[test]
fn what_does_not_come_back_is_looked_for() {
    let mut sole = Sole::with(1);
    sole.tails = false;
    let (replies, reads) = (sole.replies.len(), sole.reads);
    sole.feed(Input::Request { id: 9, request: create("new") });
    assert_eq!((sole.replies.len(), sole.reads), (replies, reads));
    while sole.reads == reads {
        let due = sole.herder.next_timeout().expect("it waits");
        assert!((1..3_000).contains(&due), "{due}");
        sole.now_ms = due;
        sole.feed(Input::Tick);
    }
    assert_eq!((sole.replies.last(), sole.reads), (Some(&(9, Ok(()))), reads + 1));
    assert!(sole.herder.runs_connector("new"));
}
