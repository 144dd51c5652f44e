//! Refusals of the herder as answers to users.

use aqueduct_proto::herder::{Refusal, Request};

use super::super::HerderError;

/// What a refusal of this request means for who asked.
pub(super) fn error(request: &Described, refusal: Refusal) -> HerderError {
    let text = refusal.to_string();
    match refusal {
        Refusal::NotLeader { leader_url } => HerderError::Elsewhere { url: leader_url },
        Refusal::NotFound(_) => HerderError::NotFound(request.unknown.clone()),
        Refusal::Exists(_) => HerderError::AlreadyExists(text),
        Refusal::Stopped(_) => HerderError::BadRequest(text),
        Refusal::FencingOvertaken => HerderError::Conflict(text),
        Refusal::WriteFailed
        | Refusal::ReadFailed
        | Refusal::FencingFailed
        | Refusal::Busy
        | Refusal::ShuttingDown => HerderError::Internal(text),
    }
}

/// What is said of a request whose connector is not known, which depends on the request.
#[derive(Debug)]
pub(super) struct Described {
    unknown: String,
}

impl Described {
    pub(super) fn of(request: &Request) -> Self {
        let unknown = match request {
            Request::SetTarget { connector, .. } => format!("Unknown connector {connector}"),
            Request::Restart { connector, .. } => format!("Unknown connector: {connector}"),
            Request::PutConnector { name, .. } | Request::DeleteConnector { name } => {
                format!("Connector {name} not found")
            }
            Request::PutTasks { connector, .. }
            | Request::Settle { connector }
            | Request::Fence { connector } => {
                format!("Connector {connector} not found")
            }
            Request::LoggerLevel { namespace, .. } => format!("Logger {namespace} not found."),
        };
        Self { unknown }
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_proto::restart::RestartRequest;

    use super::*;

    #[test]
    fn each_request_has_its_words_for_an_unknown_connector() {
        let check = |request: Request, expected: &str| {
            let error = error(&Described::of(&request), Refusal::NotFound("c".to_owned()));
            assert!(matches!(&error, HerderError::NotFound(text) if text == expected), "{error:?}");
        };
        check(Request::DeleteConnector { name: "c".to_owned() }, "Connector c not found");
        check(
            Request::Restart { connector: "c".to_owned(), request: RestartRequest::default() },
            "Unknown connector: c",
        );
    }
}
