//! The world that herders live in.

mod chance;
mod event;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use aqueduct_api::ConfigMap;
use aqueduct_proto::config_log::Record;
use aqueduct_proto::herder::{Effect, Generated, Herder, Input, Refusal, Request, Settings, WriteError};
use aqueduct_proto::member::{self, GroupError, Response};
use aqueduct_proto::session::{Algorithm, KeyPolicy};
use aqueduct_proto::subprotocol::{Subprotocol, Work};

use super::check::wanted_tasks;
use super::coordinator::{Answer, Coordinator, Process, Replies};
use super::log::Log;
use super::rng::Rng;
use event::Event;

const CHAOS_MS: i64 = 8_000;
const QUIET_MS: i64 = 40_000;

/// Something that happens at a time.
#[derive(Debug, Clone)]
enum Happening {
    /// An input for a process.
    Input(Process, Input),
    /// A process may look at its clock.
    Timeout(Process),
    /// A request reaches the coordinator.
    Request(Process, u64, member::Request),
    /// A process reads what is new in the log.
    Tail(Process),
    /// A read that was asked for ends, at this offset.
    ReadEnd(Process, i64, bool),
    /// Records reach the log.
    Append(Process, Vec<Record>, bool),
    /// A claim reaches the log.
    Claim(Process),
    /// Task configurations reach the leader.
    Post(Process, String, String, Vec<ConfigMap>, Option<u64>),
    /// Work stops.
    Stopped(Process, Work),
    /// The coordinator looks at its clock.
    Coordinator,
    /// A user or the world does something.
    Chance,
    /// A crashed worker starts.
    Start(usize),
}

pub(super) struct Worker {
    incarnation: u32,
    pub(super) herder: Option<Herder>,
    /// What really runs, until it has stopped.
    pub(super) running: BTreeSet<String>,
    position: i64,
    epoch: Option<u64>,
    paused_until_ms: i64,
    timeout_ms: Option<i64>,
    pub(super) setting: Subprotocol,
    /// Requests of other workers that wait for a reply.
    posts: BTreeMap<u64, (Process, String, Option<u64>)>,
}

pub(super) struct World {
    seed: u64,
    loud: bool,
    rng: Rng,
    now_ms: i64,
    sequence: u64,
    events: BinaryHeap<Reverse<Event>>,
    pub(super) workers: Vec<Worker>,
    coordinator: Coordinator,
    pub(super) log: Log,
    max_delay_ms: i32,
    transactional: bool,
    pub(super) compacts: bool,
    request_ids: u64,
}

/// Connectors and tasks by the names under which they run.
pub(super) fn pieces(work: &Work) -> impl Iterator<Item = String> {
    work.connectors.iter().cloned().chain(work.tasks.iter().map(|id| format!("{}#{}", id.connector, id.task)))
}

impl World {
    pub(super) fn new(seed: u64, loud: bool) -> Self {
        let mut rng = Rng::new(seed);
        let setting = *rng.pick(&[
            Subprotocol::Sessioned,
            Subprotocol::Sessioned,
            Subprotocol::Compatible,
            Subprotocol::Eager,
        ]);
        let count = rng.between(1, 4);
        let workers = (0..count)
            .map(|_| Worker {
                incarnation: 0,
                herder: None,
                running: BTreeSet::new(),
                position: 0,
                epoch: None,
                paused_until_ms: 0,
                timeout_ms: None,
                // A rolling change of the setting.
                setting: if setting.is_cooperative() && rng.percent(20) {
                    Subprotocol::Compatible
                } else {
                    setting
                },
                posts: BTreeMap::new(),
            })
            .collect();
        let mut world = Self {
            max_delay_ms: *rng.pick(&[0, 500, 3_000]),
            transactional: rng.percent(50),
            compacts: rng.percent(40),
            seed,
            loud,
            rng,
            now_ms: 1_000_000,
            sequence: 0,
            events: BinaryHeap::new(),
            workers,
            coordinator: Coordinator::new(),
            log: Log::default(),
            request_ids: 0,
        };
        for worker in 0..world.workers.len() {
            let after = world.rng.between(0, 1_000);
            world.after(after, Happening::Start(worker));
        }
        world.after(10, Happening::Coordinator);
        world.after(500, Happening::Chance);
        world
    }

    fn after(&mut self, delay_ms: i64, what: Happening) {
        self.sequence += 1;
        self.events.push(Reverse(Event { at_ms: self.now_ms + delay_ms, sequence: self.sequence, what }));
    }

    fn chaos(&self) -> bool {
        self.now_ms < 1_000_000 + CHAOS_MS
    }

    /// How long something takes.
    fn latency(&mut self) -> i64 {
        if self.chaos() && self.rng.percent(5) { self.rng.between(0, 800) } else { self.rng.between(0, 20) }
    }

    fn say(&self, text: impl FnOnce() -> String) {
        #[expect(clippy::print_stderr, reason = "what a person asks for with a seed")]
        if self.loud {
            eprintln!("{:>8} {}", self.now_ms - 1_000_000, text());
        }
    }

    pub(super) fn run(mut self) {
        let end_ms = self.now_ms + CHAOS_MS + QUIET_MS;
        let mut looked_ms = 0;
        while let Some(Reverse(event)) = self.events.pop() {
            self.now_ms = event.at_ms;
            self.happen(event.what);
            if !self.chaos() && self.now_ms - looked_ms >= 500 {
                looked_ms = self.now_ms;
                // Long enough after the last fault for every delay to be over.
                let calm = self.now_ms > 1_000_000 + CHAOS_MS + 2 * i64::from(self.max_delay_ms) + 6_000;
                if calm && self.complaint().is_none() {
                    return;
                }
            }
            if self.now_ms > end_ms {
                break;
            }
        }
        let complaint = self.complaint();
        assert!(complaint.is_none(), "seed {}: {}", self.seed, complaint.unwrap_or_default());
    }

    fn is_current(&self, process: Process) -> bool {
        let worker = &self.workers[process.0];
        worker.incarnation == process.1 && worker.herder.is_some()
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Input(process, input) => self.feed(process, input),
            Happening::Timeout(process) => {
                if self.is_current(process) {
                    self.workers[process.0].timeout_ms = None;
                    self.feed(process, Input::Tick);
                }
            }
            Happening::Request(process, id, request) => {
                let replies = self.coordinator.handle(process, id, request, self.now_ms);
                self.answer(replies);
            }
            Happening::Coordinator => {
                if self.now_ms >= self.coordinator.down_until_ms {
                    let replies = self.coordinator.tick(self.now_ms);
                    self.answer(replies);
                }
                self.after(50, Happening::Coordinator);
            }
            Happening::Tail(process) => self.read(process, self.log.end()),
            Happening::ReadEnd(process, end, ok) => {
                if ok {
                    self.read(process, end);
                }
                self.feed(process, Input::ReadDone { reached_end: ok });
            }
            Happening::Append(process, records, privileged) => self.append(process, records, privileged),
            Happening::Claim(process) => {
                if self.is_current(process) {
                    self.workers[process.0].epoch = Some(self.log.claim());
                    self.feed(process, Input::Claimed { ok: true });
                }
            }
            Happening::Post(from, url, connector, configs, question) => {
                self.post(from, &url, connector, configs, question);
            }
            Happening::Stopped(process, work) => {
                if self.is_current(process) {
                    for piece in pieces(&work) {
                        self.workers[process.0].running.remove(&piece);
                    }
                    self.feed(process, Input::Stopped(work));
                }
            }
            Happening::Start(worker) => self.start(worker),
            Happening::Chance => {
                if self.chaos() {
                    self.chance();
                    let after = self.rng.between(20, 400);
                    self.after(after, Happening::Chance);
                }
            }
        }
    }

    fn start(&mut self, at: usize) {
        let settings = Settings {
            url: format!("http://w{at}/"),
            member: member::Settings {
                session_timeout_ms: 1_000,
                rebalance_timeout_ms: 3_000,
                heartbeat_interval_ms: 300,
                request_timeout_ms: 1_000,
                retry_backoff_ms: 50,
                subprotocol: self.workers[at].setting,
            },
            max_delay_ms: self.max_delay_ms,
            unsync_backoff_ms: 500,
            transactional: self.transactional,
            keys: KeyPolicy { algorithm: Algorithm::Sha256, size_bits: None, ttl_ms: 5_000 },
        };
        let worker = &mut self.workers[at];
        if worker.herder.is_some() {
            return;
        }
        worker.incarnation += 1;
        worker.herder = Some(Herder::new(settings, self.now_ms));
        worker.position = 0;
        worker.epoch = None;
        worker.running.clear();
        worker.timeout_ms = None;
        worker.posts.clear();
        let process = (at, worker.incarnation);
        self.say(|| format!("w{at} starts"));
        self.feed(process, Input::Tick);
    }

    /// Gives an input to a herder, unless its process is gone; a paused process gets it later.
    fn feed(&mut self, process: Process, input: Input) {
        if !self.is_current(process) {
            return;
        }
        let paused_ms = self.workers[process.0].paused_until_ms - self.now_ms;
        if paused_ms > 0 {
            self.after(paused_ms, Happening::Input(process, input));
            return;
        }
        let mut effects = Vec::new();
        let now_ms = self.now_ms;
        let Some(herder) = &mut self.workers[process.0].herder else { return };
        herder.step(now_ms, input, &mut effects);
        let timeout_ms = herder.next_timeout();
        for effect in effects {
            self.perform(process, effect);
        }
        let worker = &mut self.workers[process.0];
        if let Some(at_ms) = timeout_ms
            && worker.timeout_ms.is_none_or(|known| at_ms < known || known < now_ms)
        {
            let at_ms = at_ms.max(now_ms + 1);
            worker.timeout_ms = Some(at_ms);
            self.after(at_ms - now_ms, Happening::Timeout(process));
        }
    }

    fn read(&mut self, process: Process, end: i64) {
        if !self.is_current(process) {
            return;
        }
        let from = self.workers[process.0].position;
        let records: Vec<(i64, Record)> =
            self.log.from(from).take_while(|(offset, _)| *offset < end).cloned().collect();
        if self.workers[process.0].paused_until_ms > self.now_ms {
            // It reads on when it wakes up.
            let later = self.workers[process.0].paused_until_ms - self.now_ms;
            self.after(later, Happening::Tail(process));
            return;
        }
        self.workers[process.0].position = from.max(end);
        for (offset, record) in records {
            let (key, value) = (record.key, record.value);
            self.feed(process, Input::ConfigRecord { offset, key, value });
        }
    }

    fn append(&mut self, process: Process, records: Vec<Record>, privileged: bool) {
        let fails = self.chaos() && self.rng.percent(5);
        let epoch = if privileged && self.transactional {
            Some(self.workers[process.0].epoch.unwrap_or_default())
        } else {
            None
        };
        // A failure may come before or after the write.
        let lost = fails && self.rng.percent(50);
        // Nor is it always known where it went.
        let known = !(self.chaos() && self.rng.percent(5));
        let result = if lost {
            Err(WriteError::Failed)
        } else if !self.log.append(records, epoch) {
            Err(WriteError::Fenced)
        } else if fails {
            Err(WriteError::Failed)
        } else {
            Ok(known.then(|| self.log.end() - 1))
        };
        for worker in 0..self.workers.len() {
            let latency = self.latency();
            self.after(latency, Happening::Tail((worker, self.workers[worker].incarnation)));
        }
        let latency = self.latency();
        self.after(latency, Happening::Input(process, Input::WriteDone(result)));
    }

    fn answer(&mut self, replies: Replies) {
        for (process, id, answer) in replies {
            let input = match answer {
                Answer::Response(response) => Input::Group { id, response },
                Answer::MemberId(member_id) => Input::MemberId { id, member_id },
            };
            let copies = if self.chaos() && self.rng.percent(5) { 2 } else { 1 };
            for _ in 0..copies {
                let latency = self.latency();
                self.after(latency, Happening::Input(process, input.clone()));
            }
        }
    }

    fn post(
        &mut self,
        from: Process,
        url: &str,
        connector: String,
        configs: Vec<ConfigMap>,
        question: Option<u64>,
    ) {
        let at = (0..self.workers.len()).find(|at| url == format!("http://w{at}/"));
        let Some(at) = at.filter(|at| self.workers[*at].herder.is_some()) else {
            return self.feed(from, Input::TasksPosted { connector, question, ok: false });
        };
        self.request_ids += 1;
        let id = self.request_ids;
        self.workers[at].posts.insert(id, (from, connector.clone(), question));
        let process = (at, self.workers[at].incarnation);
        self.feed(process, Input::Request { id, request: Request::PutTasks { connector, configs } });
    }

    fn perform(&mut self, process: Process, effect: Effect) {
        let latency = self.latency();
        self.say(|| format!("w{} g{} {effect:?}", process.0, self.generation(process.0)));
        match effect {
            Effect::Group { id, request } => {
                if self.chaos() && self.rng.percent(3) {
                    let response = Response::Failed(GroupError::NotCoordinator);
                    return self.after(latency, Happening::Input(process, Input::Group { id, response }));
                }
                self.after(latency, Happening::Request(process, id, request));
            }
            Effect::ReadConfig => {
                let ok = !(self.chaos() && self.rng.percent(5));
                self.after(latency, Happening::ReadEnd(process, self.log.end(), ok));
            }
            Effect::Write { records, privileged } => {
                if privileged {
                    let leads = self.workers[process.0].herder.as_ref().is_some_and(Herder::is_leader);
                    assert!(leads, "seed {}: w{} writes without leading: {records:?}", self.seed, process.0);
                }
                self.after(latency, Happening::Append(process, records, privileged));
            }
            Effect::Claim => self.after(latency, Happening::Claim(process)),
            Effect::StartConnector { connector, .. } => self.run_piece(process, connector),
            Effect::StartTask { id, .. } => self.run_piece(process, format!("{}#{}", id.connector, id.task)),
            Effect::Stop(work) => {
                let takes = if self.chaos() { self.rng.between(0, 600) } else { latency };
                self.after(takes, Happening::Stopped(process, work));
            }
            Effect::GenerateTasks { connector, question } => {
                self.generate(process, connector, question, latency);
            }
            Effect::PostTasks { leader_url, connector, configs, question } => {
                self.after(latency, Happening::Post(process, leader_url, connector, configs, question));
            }
            Effect::MakeKey { bytes } => {
                let key = (0..bytes).map(|_| self.rng.next() as u8).collect();
                self.after(latency, Happening::Input(process, Input::KeyMaterial(key)));
            }
            Effect::FenceProducers { .. } => {
                let ok = !(self.chaos() && self.rng.percent(20));
                self.after(latency, Happening::Input(process, Input::ProducersFenced { ok }));
            }
            Effect::Reply { id, result } => {
                if let Some((from, connector, question)) = self.workers[process.0].posts.remove(&id) {
                    let ok = result.is_ok();
                    self.after(
                        latency,
                        Happening::Input(from, Input::TasksPosted { connector, question, ok }),
                    );
                } else if result == Err(Refusal::Busy) {
                    panic!("seed {}: too many requests", self.seed);
                }
            }
            Effect::Finished => {
                let at = process.0;
                self.workers[at].herder = None;
                self.hang_up(at);
                let after = self.rng.between(10, 2_000);
                self.after(after, Happening::Start(at));
            }
            Effect::Fatal(error) => panic!("seed {}: {error:?}", self.seed),
            Effect::SetTarget { .. }
            | Effect::Reconfigure { .. }
            | Effect::Restart { .. }
            | Effect::CleanStatuses
            | Effect::LoggerLevel { .. }
            | Effect::Warn(_) => {}
        }
    }

    fn generation(&self, at: usize) -> i32 {
        self.workers[at].herder.as_ref().map_or(-1, Herder::generation)
    }

    /// Nothing starts while another worker of the same generation still runs it.
    fn run_piece(&mut self, process: Process, piece: String) {
        let generation = self.generation(process.0);
        for (at, other) in self.workers.iter().enumerate() {
            let awake = other.herder.is_some();
            if at != process.0 && awake && other.running.contains(&piece) && generation >= 0 {
                assert_ne!(
                    self.generation(at),
                    generation,
                    "seed {}: w{} starts {piece} while w{at} runs it in generation {generation}",
                    self.seed,
                    process.0,
                );
            }
        }
        let fresh = self.workers[process.0].running.insert(piece.clone());
        assert!(fresh, "seed {}: w{} starts {piece} twice", self.seed, process.0);
    }

    fn generate(&mut self, process: Process, connector: String, question: u64, latency: i64) {
        let Some(herder) = &self.workers[process.0].herder else { return };
        let config = herder.config();
        let wanted = config.connector(&connector).map(wanted_tasks);
        let result = match wanted {
            _ if self.chaos() && self.rng.percent(10) => Generated::Failed,
            None => Generated::Refused,
            Some(count) => Generated::Configs(
                (0..count).map(|task| ConfigMap::from([("task", task.to_string())])).collect(),
            ),
        };
        self.after(latency, Happening::Input(process, Input::Generated { connector, question, result }));
    }
}
