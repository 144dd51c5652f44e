//! One error type for both planes.
//!
//! A [`KafkaError`] says what went wrong ([`ErrorKind`]), in words close to those of the Java clients (they end up
//! in connector traces that people search for), and whether trying again can help.

use std::fmt;

use kafka_protocol::error::ResponseError;

/// What went wrong: either a code that a broker answered, or a condition found on this side of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A broker answered with this protocol error code.
    Broker(ResponseError),
    /// The operation did not finish in its time.
    Timeout,
    /// No broker could be reached, or the connection broke.
    Disconnected,
    /// The broker did not accept our credentials; trying again with the same ones cannot help.
    Authentication,
    /// A property has a wrong type or value, or a combination of properties is refused.
    Config,
    /// A record is larger than `max.request.size` or `buffer.memory` allows.
    RecordTooLarge,
    /// The client can no longer be used; a new one must be made.
    Fatal,
    /// The call is not legal in the client's present state.
    IllegalState,
    /// A partition has no committed offset (or its offset is out of range) and there is no reset policy.
    NoOffset,
    /// The client was closed before the operation finished.
    Closed,
    /// The peer sent bytes that do not follow the protocol, or nothing that this client can work with.
    Protocol,
    /// Any other local failure.
    Other,
}

/// An error of a producer, a consumer or an administrative call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaError {
    kind: ErrorKind,
    retriable: bool,
    abortable: bool,
    message: Box<str>,
}

impl KafkaError {
    /// An error with the kind's own idea of whether it can be retried.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> KafkaError {
        let retriable = match kind {
            ErrorKind::Broker(code) => code.is_retriable(),
            ErrorKind::Timeout | ErrorKind::Disconnected => true,
            _ => false,
        };
        KafkaError { kind, retriable, abortable: false, message: message.into().into_boxed_str() }
    }

    /// The error for a broker's code: the broker's own text where it sent one, Kafka's standard text otherwise.
    pub fn broker(code: ResponseError, message: Option<&str>) -> KafkaError {
        let message = match message {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => standard_message(code)
                .map_or_else(|| format!("Broker error {}: {code}", code.code()), str::to_owned),
        };
        KafkaError::new(ErrorKind::Broker(code), message)
    }

    /// A refused configuration; `message` names the key.
    pub fn config(message: impl Into<String>) -> KafkaError {
        KafkaError::new(ErrorKind::Config, message)
    }

    /// Overrides whether another try can help.
    #[must_use]
    pub fn with_retriable(mut self, retriable: bool) -> KafkaError {
        self.retriable = retriable;
        self
    }

    /// Marks an error after which the open transaction must be aborted, and the producer can go on.
    #[must_use]
    pub(crate) fn with_abortable(mut self, abortable: bool) -> KafkaError {
        self.abortable = abortable;
        self
    }

    /// The same error with `context: ` before its message.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> KafkaError {
        self.message = format!("{context}: {}", self.message).into_boxed_str();
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The protocol code, if a broker answered one.
    pub fn code(&self) -> Option<ResponseError> {
        match self.kind {
            ErrorKind::Broker(code) => Some(code),
            _ => None,
        }
    }

    /// Whether a broker answered exactly `code`.
    pub fn is(&self, code: ResponseError) -> bool {
        self.code() == Some(code)
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retriable(&self) -> bool {
        self.retriable
    }

    /// Whether the client that gave this error must be replaced.
    pub fn is_fatal(&self) -> bool {
        self.kind == ErrorKind::Fatal || self.is_fenced()
    }

    /// Whether another client with the same transactional id or group instance id has taken over.
    pub fn is_fenced(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ResponseError::ProducerFenced
                    | ResponseError::InvalidProducerEpoch
                    | ResponseError::FencedInstanceId
            )
        )
    }

    /// Whether the group has not come to rest: it takes no offsets before the next generation is assigned.
    pub fn is_rebalance(&self) -> bool {
        matches!(self.code(), Some(ResponseError::RebalanceInProgress | ResponseError::IllegalGeneration))
    }

    /// Whether the open transaction must be aborted before the producer can go on.
    pub fn is_abortable(&self) -> bool {
        self.abortable
    }

    /// Whether the cluster refused for lack of rights (of any kind: topic, group, cluster, transactional id).
    pub fn is_authorization(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ResponseError::TopicAuthorizationFailed
                    | ResponseError::GroupAuthorizationFailed
                    | ResponseError::ClusterAuthorizationFailed
                    | ResponseError::TransactionalIdAuthorizationFailed
            )
        )
    }

    /// The message alone, without the kind.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The class that a Java client would have thrown, as it appears in traces and in dead letter queue headers.
    pub fn class_name(&self) -> &'static str {
        match self.kind {
            ErrorKind::Broker(code) => java_class(code),
            ErrorKind::Timeout => "org.apache.kafka.common.errors.TimeoutException",
            ErrorKind::Disconnected => "org.apache.kafka.common.errors.DisconnectException",
            ErrorKind::Authentication => "org.apache.kafka.common.errors.SaslAuthenticationException",
            ErrorKind::Config => "org.apache.kafka.common.config.ConfigException",
            ErrorKind::RecordTooLarge => "org.apache.kafka.common.errors.RecordTooLargeException",
            ErrorKind::NoOffset => "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
            ErrorKind::IllegalState | ErrorKind::Closed => "java.lang.IllegalStateException",
            ErrorKind::Protocol => "org.apache.kafka.common.protocol.types.SchemaException",
            ErrorKind::Fatal | ErrorKind::Other => "org.apache.kafka.common.KafkaException",
        }
    }
}

impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for KafkaError {}

/// What every fallible call of this crate returns.
pub type Result<T> = std::result::Result<T, KafkaError>;

/// Kafka's own text for the codes that users of this crate meet.
fn standard_message(code: ResponseError) -> Option<&'static str> {
    Some(match code {
        ResponseError::UnknownServerError => {
            "The server experienced an unexpected error when processing the request."
        }
        ResponseError::OffsetOutOfRange => {
            "The requested offset is not within the range of offsets maintained by the server."
        }
        ResponseError::UnknownTopicOrPartition => "This server does not host this topic-partition.",
        ResponseError::RequestTimedOut => "The request timed out.",
        ResponseError::MessageTooLarge => {
            "The request included a message larger than the max message size the server will accept."
        }
        ResponseError::CoordinatorLoadInProgress => {
            "The coordinator is loading and hence can't process requests."
        }
        ResponseError::CoordinatorNotAvailable => "The coordinator is not available.",
        ResponseError::NotCoordinator => "This is not the correct coordinator.",
        ResponseError::InvalidTopicException => {
            "The request attempted to perform an operation on an invalid topic."
        }
        ResponseError::NotEnoughReplicas => {
            "Messages are rejected since there are fewer in-sync replicas than required."
        }
        ResponseError::IllegalGeneration => "Specified group generation id is not valid.",
        ResponseError::UnknownMemberId => "The coordinator is not aware of this member.",
        ResponseError::RebalanceInProgress => "The group is rebalancing, so a rejoin is needed.",
        ResponseError::TopicAuthorizationFailed => "Topic authorization failed.",
        ResponseError::GroupAuthorizationFailed => "Group authorization failed.",
        ResponseError::ClusterAuthorizationFailed => "Cluster authorization failed.",
        ResponseError::TransactionalIdAuthorizationFailed => "Transactional Id authorization failed.",
        ResponseError::UnsupportedVersion => "The version of API is not supported.",
        ResponseError::TopicAlreadyExists => "Topic with this name already exists.",
        ResponseError::InvalidPartitions => "Number of partitions is below 1.",
        ResponseError::InvalidReplicationFactor => {
            "Replication factor is below 1 or larger than the number of available brokers."
        }
        ResponseError::InvalidConfig => "Configuration is invalid.",
        ResponseError::NotController => "This is not the correct controller for this cluster.",
        ResponseError::PolicyViolation => "Request parameters do not satisfy the configured policy.",
        ResponseError::OutOfOrderSequenceNumber => "The broker received an out of order sequence number.",
        ResponseError::InvalidProducerEpoch => {
            "Producer attempted to produce with an old epoch. Either there is a newer producer with the same \
             transactionalId, or the producer's transaction has been expired by the broker."
        }
        ResponseError::InvalidTxnState => {
            "The producer attempted a transactional operation in an invalid state."
        }
        ResponseError::ConcurrentTransactions => {
            "The producer attempted to update a transaction while another concurrent operation on the same \
             transaction was ongoing."
        }
        ResponseError::SaslAuthenticationFailed => "SASL Authentication failed.",
        ResponseError::NonEmptyGroup => "The group is not empty.",
        ResponseError::GroupIdNotFound => "The group id does not exist.",
        ResponseError::MemberIdRequired => {
            "The group member needs to have a valid member id before actually entering a consumer group."
        }
        ResponseError::FencedInstanceId => {
            "The broker rejected this static consumer since another consumer with the same group.instance.id has \
             registered with a different member.id."
        }
        ResponseError::GroupSubscribedToTopic => {
            "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."
        }
        ResponseError::InvalidRecord => {
            "This record has failed the validation on broker and hence will be rejected."
        }
        ResponseError::ProducerFenced => {
            "There is a newer producer with the same transactionalId which fences the current one."
        }
        _ => return None,
    })
}

/// The exception class of a protocol code, where it is one that appears in traces; the common parent otherwise.
fn java_class(code: ResponseError) -> &'static str {
    match code {
        ResponseError::UnknownServerError => "org.apache.kafka.common.errors.UnknownServerException",
        ResponseError::OffsetOutOfRange => "org.apache.kafka.common.errors.OffsetOutOfRangeException",
        ResponseError::CorruptMessage => "org.apache.kafka.common.errors.CorruptRecordException",
        ResponseError::UnknownTopicOrPartition => {
            "org.apache.kafka.common.errors.UnknownTopicOrPartitionException"
        }
        ResponseError::RequestTimedOut => "org.apache.kafka.common.errors.TimeoutException",
        ResponseError::MessageTooLarge => "org.apache.kafka.common.errors.RecordTooLargeException",
        ResponseError::NetworkException => "org.apache.kafka.common.errors.NetworkException",
        ResponseError::CoordinatorNotAvailable => {
            "org.apache.kafka.common.errors.CoordinatorNotAvailableException"
        }
        ResponseError::InvalidTopicException => "org.apache.kafka.common.errors.InvalidTopicException",
        ResponseError::NotEnoughReplicas => "org.apache.kafka.common.errors.NotEnoughReplicasException",
        ResponseError::UnknownMemberId => "org.apache.kafka.common.errors.UnknownMemberIdException",
        ResponseError::RebalanceInProgress => "org.apache.kafka.common.errors.RebalanceInProgressException",
        ResponseError::TopicAuthorizationFailed => {
            "org.apache.kafka.common.errors.TopicAuthorizationException"
        }
        ResponseError::GroupAuthorizationFailed => {
            "org.apache.kafka.common.errors.GroupAuthorizationException"
        }
        ResponseError::ClusterAuthorizationFailed => {
            "org.apache.kafka.common.errors.ClusterAuthorizationException"
        }
        ResponseError::TransactionalIdAuthorizationFailed => {
            "org.apache.kafka.common.errors.TransactionalIdAuthorizationException"
        }
        ResponseError::UnsupportedVersion => "org.apache.kafka.common.errors.UnsupportedVersionException",
        ResponseError::TopicAlreadyExists => "org.apache.kafka.common.errors.TopicExistsException",
        ResponseError::InvalidPartitions => "org.apache.kafka.common.errors.InvalidPartitionsException",
        ResponseError::InvalidReplicationFactor => {
            "org.apache.kafka.common.errors.InvalidReplicationFactorException"
        }
        ResponseError::InvalidConfig => "org.apache.kafka.common.errors.InvalidConfigurationException",
        ResponseError::PolicyViolation => "org.apache.kafka.common.errors.PolicyViolationException",
        ResponseError::OutOfOrderSequenceNumber => {
            "org.apache.kafka.common.errors.OutOfOrderSequenceException"
        }
        ResponseError::InvalidProducerEpoch => "org.apache.kafka.common.errors.InvalidProducerEpochException",
        ResponseError::SaslAuthenticationFailed => {
            "org.apache.kafka.common.errors.SaslAuthenticationException"
        }
        ResponseError::NonEmptyGroup => "org.apache.kafka.common.errors.GroupNotEmptyException",
        ResponseError::GroupIdNotFound => "org.apache.kafka.common.errors.GroupIdNotFoundException",
        ResponseError::FencedInstanceId => "org.apache.kafka.common.errors.FencedInstanceIdException",
        ResponseError::GroupSubscribedToTopic => {
            "org.apache.kafka.common.errors.GroupSubscribedToTopicException"
        }
        ResponseError::InvalidRecord => "org.apache.kafka.common.InvalidRecordException",
        ResponseError::ProducerFenced => "org.apache.kafka.common.errors.ProducerFencedException",
        _ => "org.apache.kafka.common.errors.ApiException",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_codes_bring_their_text_class_and_retriability() {
        for (code, retriable, fatal, class) in [
            (ResponseError::UnknownTopicOrPartition, true, false, "UnknownTopicOrPartitionException"),
            (ResponseError::TopicAlreadyExists, false, false, "TopicExistsException"),
            (ResponseError::ProducerFenced, false, true, "ProducerFencedException"),
            (ResponseError::InvalidProducerEpoch, false, true, "InvalidProducerEpochException"),
        ] {
            let error = KafkaError::broker(code, None);
            assert_eq!((error.is_retriable(), error.is_fatal()), (retriable, fatal), "{code}");
            assert_eq!(error.class_name(), format!("org.apache.kafka.common.errors.{class}"));
            assert!(error.message().ends_with('.'), "{error}");
        }
    }

    #[test]
    fn the_brokers_own_text_wins_and_context_comes_first() {
        let error = KafkaError::broker(ResponseError::TopicAlreadyExists, Some("Topic 't' already exists."));
        assert_eq!(error.clone().context("creating").to_string(), "creating: Topic 't' already exists.");
        assert!(error.is(ResponseError::TopicAlreadyExists) && !error.is_retriable());
    }
}
