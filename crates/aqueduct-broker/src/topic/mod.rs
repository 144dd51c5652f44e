//! Topics: names, ids, partitions, settings.

pub(crate) mod configs;
pub(crate) mod name;
pub(crate) mod registry;

pub(crate) use configs::TopicConfigs;
pub(crate) use registry::{NewTopic, Topic, TopicError, Topics};
