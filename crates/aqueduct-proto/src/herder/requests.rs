//! Requests, one after the other.

use std::collections::VecDeque;

use super::plan::{self, Do};
use super::{Effect, Refusal, Request, WriteError};
use crate::config_log::{ConfigState, put_task_count};
use crate::fencing::{self, Round};
use crate::session::SessionKey;

/// More than these wait for nothing good.
const WAITING_MAX: usize = 1_000;
/// What is written comes back by itself, as a rule at once. If it takes longer than this, the end of the log is asked for.
const READ_BACK_MS: i64 = 1_000;

/// Who hears how it went.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// A caller, by its id.
    Caller(u64),
    /// A connector that runs here, which was asked this for its task set.
    TaskSet(String, u64),
    /// The keys.
    Key,
    /// The leader itself, for a connector whose task set must be written again.
    Housekeeping(String),
}

#[derive(Debug)]
enum What {
    Request(Request),
    Key(SessionKey),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    Read,
    Write,
    /// For the record at this offset to be read, until this time.
    ReadBack {
        offset: i64,
        until_ms: i64,
    },
    Fence,
}

#[derive(Debug)]
struct Job {
    origin: Origin,
    steps: VecDeque<Do>,
    waiting: Waiting,
    /// Where the last record lies that was written, if that is known.
    written: Option<i64>,
}

impl Job {
    fn new(origin: Origin, steps: VecDeque<Do>) -> Self {
        Self { origin, steps, waiting: Waiting::Nothing, written: None }
    }

    /// Looks whether what was written has come back.
    fn look_back(&mut self, now_ms: i64, state: &ConfigState) {
        if let Waiting::ReadBack { offset, until_ms } = self.waiting {
            if state.offset() > offset {
                self.waiting = Waiting::Nothing;
            } else if until_ms <= now_ms {
                self.waiting = Waiting::Read;
            }
        }
    }
}

/// The queue, and the request that is being worked on.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<(Origin, What)>,
    job: Option<Job>,
}

/// What the worker is now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role<'a> {
    /// In a generation whose assignment is carried out: only then a request can begin.
    pub(super) settled: bool,
    /// Besides, no member is still stopping what it lost in the last rebalance, as far as the leader knows.
    pub(super) quiet: bool,
    /// Leads this generation.
    pub(super) leads: bool,
    /// May write what only the leader may write.
    pub(super) claimed: bool,
    /// The leader, if it is known.
    pub(super) leader_url: Option<&'a str>,
    /// The time.
    pub(super) now_ms: i64,
}

/// A job that ended.
pub(super) type Outcome = (Origin, Result<(), Refusal>);

impl Requests {
    /// Queues a request. Refused if too many wait.
    pub(super) fn add(&mut self, origin: Origin, request: Request) -> Option<Outcome> {
        if self.waiting.len() >= WAITING_MAX {
            return Some((origin, Err(Refusal::Busy)));
        }
        self.waiting.push_back((origin, What::Request(request)));
        None
    }

    pub(super) fn add_key(&mut self, key: SessionKey) {
        self.waiting.push_back((Origin::Key, What::Key(key)));
    }

    /// Whether a job of this origin waits or runs.
    pub(super) fn has(&self, origin: &Origin) -> bool {
        self.waiting
            .iter()
            .map(|(waiting, _)| waiting)
            .chain(self.job.iter().map(|job| &job.origin))
            .any(|one| one == origin)
    }

    /// Drops the task sets, as far as their turn is now, that their connectors owe no more: they were removed, or have moved
    /// to another worker.
    pub(super) fn drop_settled(&mut self, owes: impl Fn(&str, u64) -> bool) {
        while let Some((Origin::TaskSet(connector, question), _)) = self.waiting.front()
            && !owes(connector, *question)
        {
            self.waiting.pop_front();
        }
    }

    /// Whether a request is being worked on. It must not be torn apart by a rebalance.
    pub(super) fn is_working(&self) -> bool {
        self.job.is_some()
    }

    /// Whether the job waits for a read.
    pub(super) fn wants_read(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.waiting == Waiting::Read)
    }

    /// A read that was begun after [`Requests::wants_read`] is done.
    pub(super) fn read_done(&mut self, reached_end: bool) -> Option<Outcome> {
        self.answered(Waiting::Read, if reached_end { Ok(()) } else { Err(Refusal::ReadFailed) })
    }

    pub(super) fn write_done(&mut self, result: Result<Option<i64>, WriteError>) -> Option<Outcome> {
        if let Some(job) = self.job.as_mut().filter(|job| job.waiting == Waiting::Write) {
            job.written = result.unwrap_or_default();
        }
        self.answered(Waiting::Write, result.map(|_| ()).map_err(|_| Refusal::WriteFailed))
    }

    pub(super) fn fenced(&mut self, ok: bool) -> Option<Outcome> {
        self.answered(Waiting::Fence, if ok { Ok(()) } else { Err(Refusal::FencingFailed) })
    }

    fn answered(&mut self, waiting: Waiting, result: Result<(), Refusal>) -> Option<Outcome> {
        let job = self.job.as_mut().filter(|job| job.waiting == waiting)?;
        job.waiting = Waiting::Nothing;
        result.err().and_then(|refusal| self.end(Err(refusal)))
    }

    fn end(&mut self, result: Result<(), Refusal>) -> Option<Outcome> {
        self.job.take().map(|job| (job.origin, result))
    }

    /// When what was written should have been read back.
    pub(super) fn next_timeout(&self) -> Option<i64> {
        match self.job.as_ref()?.waiting {
            Waiting::ReadBack { until_ms, .. } => Some(until_ms),
            _ => None,
        }
    }

    /// Ends everything.
    pub(super) fn shut_down(&mut self) -> Vec<Outcome> {
        let waiting = self.waiting.drain(..).map(|(origin, _)| origin);
        let all: Vec<Origin> = self.job.take().map(|job| job.origin).into_iter().chain(waiting).collect();
        all.into_iter().map(|origin| (origin, Err(Refusal::ShuttingDown))).collect()
    }

    /// Begins the next job, or goes on with the one that is being worked on. Gives the outcome of one that ends; call again
    /// then.
    pub(super) fn tick(
        &mut self,
        role: Role<'_>,
        state: &ConfigState,
        effects: &mut Vec<Effect>,
    ) -> Option<Outcome> {
        if self.job.is_none()
            && let Some(outcome) = self.begin(role, state)?
        {
            return Some(outcome);
        }
        let job = self.job.as_mut()?;
        job.look_back(role.now_ms, state);
        if job.waiting != Waiting::Nothing {
            return None;
        }
        let Some(step) = job.steps.pop_front() else { return self.end(Ok(())) };
        // A leader that leads no more must not write: the new leader may have written something else.
        let acts_as_leader = matches!(step, Do::Write { privileged: true, .. } | Do::Fence { .. });
        if acts_as_leader && !(role.leads && role.claimed) {
            let leader_url = role.leader_url.filter(|_| !role.leads).map(str::to_owned);
            return self.end(Err(Refusal::NotLeader { leader_url }));
        }
        match step {
            Do::Read => job.waiting = Waiting::Read,
            Do::ReadBack => {
                job.waiting = match job.written {
                    Some(offset) => Waiting::ReadBack { offset, until_ms: role.now_ms + READ_BACK_MS },
                    None => Waiting::Read,
                };
            }
            Do::Write { records, privileged } => {
                job.waiting = Waiting::Write;
                effects.push(Effect::Write { records, privileged });
            }
            Do::Fence { connector, producers } => {
                job.waiting = Waiting::Fence;
                effects.push(Effect::FenceProducers { connector, tasks: producers });
            }
            Do::MayHaveTasks { connector, count } => {
                if let Err(refusal) = plan::may_have_tasks(&connector, count, state) {
                    return self.end(Err(refusal));
                }
            }
            Do::DecideFencing { connector } => match fencing_steps(&connector, state) {
                Ok(steps) => job.steps = steps,
                Err(refusal) => return self.end(Err(refusal)),
            },
            Do::SameTasks { connector, generation } => {
                let now = state.connector(&connector).and_then(|connector| connector.task_generation());
                if now != generation {
                    return self.end(Err(Refusal::FencingOvertaken));
                }
            }
        }
        self.tick(role, state, effects)
    }

    /// `None` if nothing can begin; `Some(None)` if a job began; the outcome of one that is refused at once.
    fn begin(&mut self, role: Role<'_>, state: &ConfigState) -> Option<Option<Outcome>> {
        let needs_leader = match &self.waiting.front()?.1 {
            What::Request(request) => plan::needs_leader(request),
            What::Key(_) => true,
        };
        let needs_quiet = matches!(self.waiting.front()?.1, What::Request(Request::Settle { .. }));
        let may_begin = if needs_quiet && role.leads { role.quiet } else { role.settled };
        if !may_begin || (needs_leader && role.leads && !role.claimed) {
            return None;
        }
        let (origin, what) = self.waiting.pop_front()?;
        if needs_leader && !role.leads {
            let leader_url = role.leader_url.map(str::to_owned);
            return Some(Some((origin, Err(Refusal::NotLeader { leader_url }))));
        }
        let steps = match what {
            What::Request(request) => plan::plan(request, state),
            What::Key(key) => Ok(plan::plan_key(&key)),
        };
        match steps {
            Err(refusal) => Some(Some((origin, Err(refusal)))),
            Ok(steps) => {
                self.job = Some(Job::new(origin, steps));
                Some(None)
            }
        }
    }
}

fn fencing_steps(name: &str, state: &ConfigState) -> Result<VecDeque<Do>, Refusal> {
    let connector = state.connector(name).ok_or_else(|| Refusal::NotFound(name.to_owned()))?;
    let generation = connector.task_generation();
    let (producers, count) = match fencing::round(connector) {
        Round::Nothing => return Ok(VecDeque::new()),
        Round::CountOnly { count } => (None, count),
        Round::Fence { producers, count } => (Some(producers), count),
    };
    let fence = producers.map(|producers| Do::Fence { connector: name.to_owned(), producers });
    let mut steps: VecDeque<Do> = fence.into_iter().collect();
    // New tasks since then would run unfenced under the count of the old ones.
    steps.extend([Do::Read, Do::SameTasks { connector: name.to_owned(), generation }]);
    steps.extend(plan::written(vec![put_task_count(name, count)], true));
    Ok(steps)
}
