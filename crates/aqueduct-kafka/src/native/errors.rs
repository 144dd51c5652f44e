//! From librdkafka's errors to ours.

use kafka_protocol::error::ResponseError;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};

use crate::error::{ErrorKind, KafkaError};

/// The error for a bare code.
pub(super) fn from_code(code: Code) -> KafkaError {
    if let Some(code) = positive(code) {
        return KafkaError::broker(code, None);
    }
    let kind = match code {
        Code::MessageTimedOut | Code::OperationTimedOut | Code::TimedOutQueue => ErrorKind::Timeout,
        Code::BrokerTransportFailure | Code::AllBrokersDown | Code::Resolve | Code::WaitingForCoordinator => {
            ErrorKind::Disconnected
        }
        Code::Authentication | Code::SSL => ErrorKind::Authentication,
        Code::UnknownTopic | Code::UnknownPartition => {
            return KafkaError::broker(ResponseError::UnknownTopicOrPartition, None);
        }
        Code::Fenced => return KafkaError::broker(ResponseError::ProducerFenced, None),
        Code::Fatal => ErrorKind::Fatal,
        Code::State | Code::Conflict | Code::NotConfigured => ErrorKind::IllegalState,
        Code::AutoOffsetReset | Code::NoOffset => ErrorKind::NoOffset,
        Code::PurgeQueue | Code::PurgeInflight => ErrorKind::Closed,
        Code::InvalidArgument => ErrorKind::Config,
        Code::BadMessage | Code::BadCompression | Code::Underflow => ErrorKind::Protocol,
        _ => ErrorKind::Other,
    };
    KafkaError::new(kind, code.to_string())
}

/// The error for anything that the binding returns.
pub(super) fn from_native(error: &Native) -> KafkaError {
    match error {
        Native::Transaction(inner) => {
            let code = inner.code();
            let text = inner.string();
            let error = match positive(code) {
                Some(code) => KafkaError::broker(code, Some(&text)),
                None if code == Code::Fenced => KafkaError::broker(ResponseError::ProducerFenced, None),
                None if inner.is_fatal() => KafkaError::new(ErrorKind::Fatal, text),
                None => KafkaError::new(from_code(code).kind(), text),
            };
            error.with_retriable(inner.is_retriable()).with_abortable(inner.txn_requires_abort())
        }
        Native::ClientConfig(_, text, key, _) => KafkaError::config(format!("{text} ({key})")),
        // librdkafka's words for a refused combination name keys, never secrets.
        Native::ClientCreation(text) => KafkaError::config(text.trim_end_matches('\0').to_owned()),
        other => match other.rdkafka_error_code() {
            Some(code) => from_code(code),
            None => KafkaError::new(ErrorKind::Other, other.to_string()),
        },
    }
}

/// A code that came over the wire, rather than one of librdkafka's own (which are negative).
fn positive(code: Code) -> Option<ResponseError> {
    i16::try_from(code as i32).ok().filter(|code| *code > 0).and_then(ResponseError::try_from_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_their_meaning() {
        for (code, kind, retriable) in [
            (
                Code::TopicAuthorizationFailed,
                ErrorKind::Broker(ResponseError::TopicAuthorizationFailed),
                false,
            ),
            (Code::NotEnoughReplicas, ErrorKind::Broker(ResponseError::NotEnoughReplicas), true),
            (Code::MessageTimedOut, ErrorKind::Timeout, true),
            (Code::UnknownTopic, ErrorKind::Broker(ResponseError::UnknownTopicOrPartition), true),
            (Code::Fenced, ErrorKind::Broker(ResponseError::ProducerFenced), false),
            (Code::Authentication, ErrorKind::Authentication, false),
        ] {
            let error = from_code(code);
            assert_eq!((error.kind(), error.is_retriable()), (kind, retriable), "{code:?}");
        }
    }
}
