//! What goes wrong, and what users do.

use aqueduct_api::ConfigMap;
use aqueduct_proto::herder::{Herder, Input, Request};
use aqueduct_proto::state::TargetState;

use super::{Happening, World};

impl World {
    /// Something goes wrong, or a user does something.
    pub(super) fn chance(&mut self) {
        let at = self.rng.below(self.workers.len() as u64) as usize;
        match self.rng.below(14) {
            0 => self.crash(at),
            1 => {
                let pause_ms = self.rng.between(100, 3_000);
                self.say(|| format!("w{at} pauses for {pause_ms}"));
                self.workers[at].paused_until_ms = self.now_ms + pause_ms;
            }
            2 => {
                self.say(|| format!("w{at} shuts down"));
                let process = (at, self.workers[at].incarnation);
                self.feed(process, Input::Shutdown);
            }
            3 => self.coordinator.down_until_ms = self.now_ms + self.rng.between(50, 800),
            4 => self.coordinator.change_leader(),
            5 if self.compacts => {
                self.say(|| "compaction".to_owned());
                let live = self.workers.iter().filter(|worker| worker.herder.is_some());
                let seen_by_all = live.map(|worker| worker.position).min().unwrap_or(i64::MAX);
                self.log.compact(seen_by_all);
            }
            _ => {
                let request = self.wish();
                self.say(|| format!("w{at} is asked for {request:?}"));
                self.request_ids += 1;
                // Users ask the leader, for requests are forwarded to it.
                let leader = (0..self.workers.len())
                    .find(|at| self.workers[*at].herder.as_ref().is_some_and(Herder::is_leader));
                let at = leader.filter(|_| self.rng.percent(80)).unwrap_or(at);
                let process = (at, self.workers[at].incarnation);
                self.feed(process, Input::Request { id: self.request_ids, request });
            }
        }
    }

    pub(super) fn crash(&mut self, at: usize) {
        self.say(|| format!("w{at} crashes"));
        if self.workers[at].herder.take().is_some() {
            self.workers[at].running.clear();
            self.hang_up(at);
            let after = self.rng.between(10, 4_000);
            self.after(after, Happening::Start(at));
        }
    }

    /// Whoever waits for a reply of this worker, waits no more.
    pub(super) fn hang_up(&mut self, at: usize) {
        for (from, connector, question) in std::mem::take(&mut self.workers[at].posts).into_values() {
            self.after(10, Happening::Input(from, Input::TasksPosted { connector, question, ok: false }));
        }
    }

    fn wish(&mut self) -> Request {
        let connector = (*self.rng.pick(&["a", "b", "c", "d"])).to_owned();
        match self.rng.below(10) {
            0 => Request::DeleteConnector { name: connector },
            1 => Request::SetTarget { connector, target: TargetState::Paused },
            2 => Request::SetTarget { connector, target: TargetState::Stopped },
            3 => Request::SetTarget { connector, target: TargetState::Started },
            4 => Request::Fence { connector },
            _ => {
                let config = ConfigMap::from([("tasks", self.rng.below(4).to_string())]);
                Request::PutConnector { name: connector, config, initial: None, replace: true }
            }
        }
    }
}
