//! Headers that are added to all answers (KIP-577).

use aqueduct_api::{Error, Result};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

use crate::worker_config::{HeaderAction, HeaderRule};

/// A rule of `response.http.headers.config`, ready to be followed.
#[derive(Debug)]
pub(super) struct AnswerHeader {
    name: HeaderName,
    value: Value,
    replaces: bool,
}

#[derive(Debug)]
enum Value {
    Text(HeaderValue),
    /// So long after the answer.
    Date(SignedDuration),
}

impl AnswerHeader {
    /// Makes what can be sent of a rule. The value of a date is the milliseconds that are added to the time of the answer.
    ///
    /// # Errors
    /// A name or value that HTTP does not allow, and a date that is no number.
    pub(super) fn new(rule: &HeaderRule) -> Result<Self> {
        let refused = |what: &str| {
            Error::config(format!("response.http.headers.config: the {what} of {} cannot be sent", rule.name))
        };
        let value = match rule.action {
            HeaderAction::Set | HeaderAction::Add => {
                Value::Text(HeaderValue::from_str(&rule.value).map_err(|_| refused("value"))?)
            }
            HeaderAction::SetDate | HeaderAction::AddDate => {
                let later_ms = rule.value.parse().map_err(|_| refused("date"))?;
                Value::Date(SignedDuration::from_millis(later_ms))
            }
        };
        Ok(Self {
            name: HeaderName::from_bytes(rule.name.as_bytes()).map_err(|_| refused("name"))?,
            value,
            replaces: matches!(rule.action, HeaderAction::Set | HeaderAction::SetDate),
        })
    }

    /// Adds the header to an answer that is sent now.
    pub(super) fn apply(&self, now: Timestamp, headers: &mut HeaderMap) {
        let value = match &self.value {
            Value::Text(value) => value.clone(),
            Value::Date(later) => match date(now.saturating_add(*later).unwrap_or(now)) {
                Some(value) => value,
                None => return,
            },
        };
        if self.replaces {
            headers.insert(&self.name, value);
        } else {
            headers.append(&self.name, value);
        }
    }
}

fn date(time: Timestamp) -> Option<HeaderValue> {
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()?;
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_followed() {
        let rules =
            HeaderRule::parse_all("set a:1,add b:2,add b:3,setDate Expires:60000,set a:4").expect("good");
        let mut headers = HeaderMap::new();
        for rule in &rules {
            AnswerHeader::new(rule).expect("good").apply(Timestamp::UNIX_EPOCH, &mut headers);
        }
        let all: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let expected: [(&str, &[u8]); 4] =
            [("a", b"4"), ("b", b"2"), ("b", b"3"), ("expires", b"Thu, 01 Jan 1970 00:01:00 GMT")];
        assert_eq!(all, expected);
        for bad in ["setDate Expires:never", "set a(:1"] {
            let rules = HeaderRule::parse_all(bad).expect("well formed");
            assert!(AnswerHeader::new(&rules[0]).is_err(), "{bad}");
        }
    }
}
