//! Topics that do not exist yet (KIP-158).

use std::collections::HashSet;
use std::sync::Arc;

use aqueduct_api::{Result, Topic};
use async_trait::async_trait;

/// Makes topics for source records.
#[async_trait]
pub(crate) trait TopicCreator: Send {
    /// Makes the topic if it does not exist, by the rules of the connector's topic creation groups.
    async fn create_if_missing(&mut self, topic: &str) -> Result<()>;
}

/// Makes sure of each topic once, before the first record goes there.
pub(crate) struct TopicCreation {
    /// `None`: topics are left to the broker.
    creator: Option<Box<dyn TopicCreator>>,
    known: HashSet<Topic>,
    /// The topic of the record before.
    last: Option<Topic>,
}

impl TopicCreation {
    pub(crate) fn new(creator: Option<Box<dyn TopicCreator>>) -> Self {
        Self { creator, known: HashSet::new(), last: None }
    }

    /// Whether records may go to this topic now. The topic of the record before nearly always is that of the next.
    pub(crate) fn knows(&self, topic: &Topic) -> bool {
        self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, topic) || last == topic)
    }

    /// Makes sure of a topic. `true`: it is the first record to this topic.
    pub(crate) async fn meet(&mut self, topic: &Topic) -> Result<bool> {
        let new = !self.known.contains(topic);
        if new {
            if let Some(creator) = &mut self.creator {
                creator.create_if_missing(topic).await?;
            }
            self.known.insert(Arc::clone(topic));
        }
        self.last = Some(Arc::clone(topic));
        Ok(new)
    }
}
