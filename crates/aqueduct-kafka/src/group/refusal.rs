//! What an error means for a member.

use aqueduct_proto::member::GroupError;
use kafka_protocol::error::ResponseError;

use crate::error::{ErrorKind, KafkaError};

/// The coordinator's error code as the state machine knows it.
pub(super) fn of_code(code: ResponseError) -> GroupError {
    match code {
        ResponseError::CoordinatorLoadInProgress => GroupError::Loading,
        ResponseError::CoordinatorNotAvailable | ResponseError::NotCoordinator => GroupError::NotCoordinator,
        ResponseError::RebalanceInProgress => GroupError::RebalanceInProgress,
        ResponseError::IllegalGeneration => GroupError::IllegalGeneration,
        ResponseError::UnknownMemberId | ResponseError::FencedInstanceId => GroupError::UnknownMember,
        ResponseError::MemberIdRequired => GroupError::MemberIdRequired,
        ResponseError::InconsistentGroupProtocol => GroupError::InconsistentProtocol,
        // Another broker, or the same one later.
        code if code.is_retriable() => GroupError::NotCoordinator,
        code => GroupError::Refused(code.code()),
    }
}

/// The same for errors of any kind: what may pass is a coordinator out of reach.
pub(super) fn of_error(error: &KafkaError) -> GroupError {
    match error.kind() {
        ErrorKind::Broker(code) => of_code(code),
        // The same credentials, certificates and host names will be refused again.
        ErrorKind::Authentication => GroupError::Refused(ResponseError::SaslAuthenticationFailed.code()),
        ErrorKind::Config => GroupError::Refused(ResponseError::InvalidConfig.code()),
        _ => GroupError::NotCoordinator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_cannot_is_refused() {
        for (code, expected) in [
            (ResponseError::CoordinatorLoadInProgress, GroupError::Loading),
            (ResponseError::NotCoordinator, GroupError::NotCoordinator),
            (ResponseError::RequestTimedOut, GroupError::NotCoordinator),
            (ResponseError::RebalanceInProgress, GroupError::RebalanceInProgress),
            (ResponseError::IllegalGeneration, GroupError::IllegalGeneration),
            (ResponseError::FencedInstanceId, GroupError::UnknownMember),
            (ResponseError::InconsistentGroupProtocol, GroupError::InconsistentProtocol),
            (ResponseError::GroupAuthorizationFailed, GroupError::Refused(30)),
            (ResponseError::InvalidSessionTimeout, GroupError::Refused(26)),
            (ResponseError::GroupMaxSizeReached, GroupError::Refused(81)),
            (ResponseError::Unknown(999), GroupError::Refused(999)),
        ] {
            assert_eq!(of_code(code), expected, "{code}");
            assert_eq!(of_error(&KafkaError::broker(code, None)), expected, "{code}");
        }
        for (kind, expected) in [
            (ErrorKind::Disconnected, GroupError::NotCoordinator),
            (ErrorKind::Timeout, GroupError::NotCoordinator),
            (ErrorKind::Protocol, GroupError::NotCoordinator),
            (ErrorKind::Authentication, GroupError::Refused(58)),
        ] {
            assert_eq!(of_error(&KafkaError::new(kind, "")), expected, "{kind:?}");
        }
    }
}
