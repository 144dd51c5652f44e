//! What takes minutes, or is asked of Java alone.

use xtask::oracle::live;

use super::setting::Setting;
use super::{hold_java, openapi};
use crate::stage::{Kafka, Own};

/// On a broker of its own: the topics of the cases have to be empty.
#[test]
fn java_answers_as_recorded_in_a_group() {
    let Some(own) = live::or_skip("Apache Kafka", Own::start) else { return };
    hold_java(Setting::Member, &own.kafka());
}

#[test]
fn java_answers_as_recorded_with_other_settings() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    for setting in [Setting::Guarded, Setting::Bounded, Setting::Listed, Setting::Exact] {
        hold_java(setting, &kafka);
    }
}

#[test]
fn many_made_up_requests_fail_only_where_they_fail_in_java() {
    openapi::ask(150);
}
