//! What the owner of a member has not heard yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aqueduct_proto::member::Event;
use tokio::sync::Notify;

/// Events in order, for one reader.
///
/// It stays short without a limit: the state machine asks to prepare, to lead, and assigns, each only after the owner
/// did what was asked before, and what else may come again and again is kept once.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: Mutex<VecDeque<Event>>,
    some: Notify,
}

impl EventQueue {
    pub(super) fn push(&self, event: Event) {
        let mut events = self.events();
        if events.back() != Some(&event) {
            events.push_back(event);
        }
        drop(events);
        self.some.notify_one();
    }

    /// Forgets what was not read: the membership that it belonged to is over.
    pub(super) fn clear(&self) {
        self.events().clear();
    }

    /// The next event. Cancel-safe.
    pub(super) async fn next(&self) -> Event {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.some.notified().await;
        }
    }

    fn pop(&self) -> Option<Event> {
        self.events().pop_front()
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn repetitions_are_heard_once_and_order_is_kept() {
        let queue = EventQueue::default();
        for event in [Event::Prepare, Event::OutOfReach, Event::OutOfReach, Event::PollTimeout] {
            queue.push(event);
        }
        for expected in [Event::Prepare, Event::OutOfReach, Event::PollTimeout] {
            assert_eq!(queue.next().await, expected);
        }
        queue.push(Event::Prepare);
        queue.clear();
        assert_eq!(queue.pop(), None);
    }
}
