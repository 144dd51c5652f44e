//! The REST API beside that of the Java worker.
//!
//! The same requests go to both. What Java answers is recorded in `testdata/rest/`: the live tests hold the recordings
//! against the Java worker of today, the others hold ours against the recordings and need no Java. Every difference is
//! a failure unless [`deviations`] gives a reason for it, and so is a reason that nothing needs any more.
//!
//! `AQUEDUCT_RECORD=1` makes the live tests write the recordings instead.

mod asked;
mod cases;
mod deviations;
mod difference;
pub(crate) mod exchange;
mod long;
mod openapi;
mod sameness;
mod setting;
mod transcript;

use serde_json::Value;
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use crate::site::Site;
use crate::stage::{Kafka, ours};
use crate::waiting::tell;
use asked::Asked;
use cases::Case;
use difference::Difference;
use setting::Setting;

const RECORD: &str = "AQUEDUCT_RECORD";

#[test]
fn java_answers_as_recorded() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    hold_java(Setting::Standalone, &kafka);
}

#[test]
fn ours_answers_as_javas_does() {
    hold_ours(Setting::Standalone);
}

#[test]
fn ours_answers_as_javas_does_in_a_group() {
    hold_ours(Setting::Member);
}

#[test]
fn ours_answers_as_javas_does_when_guarded() {
    hold_ours(Setting::Guarded);
}

#[test]
fn ours_answers_as_javas_does_when_bounded() {
    hold_ours(Setting::Bounded);
}

#[test]
fn ours_answers_as_javas_does_with_lists() {
    hold_ours(Setting::Listed);
}

#[test]
fn ours_answers_as_javas_does_where_sources_are_exact() {
    hold_ours(Setting::Exact);
}

/// Holds the recordings of a setting against a Java worker, or makes them.
fn hold_java(setting: Setting, kafka: &Kafka) {
    let record = std::env::var_os(RECORD).is_some_and(|value| value == "1");
    let mut differences = Vec::new();
    play(setting, kafka, &Program::Java, |name, transcript| {
        if record {
            let entries = transcript.as_array().unwrap();
            let never = entries.iter().find(|entry| !entry["never"].is_null());
            assert!(never.is_none(), "{name}: {never:#?}");
            let text = serde_json::to_string_pretty(transcript).unwrap() + "\n";
            std::fs::write(setting.recording(name), text).unwrap();
        } else {
            differences.extend(difference::between(name, &setting.recorded(name), transcript));
        }
    });
    assert!(differences.is_empty(), "{}", shown(&differences));
}

fn hold_ours(setting: Setting) {
    let kafka = Kafka::embedded();
    let mut differences = Vec::new();
    let mut answers = 0;
    play(setting, &kafka, &ours(), |name, transcript| {
        answers += transcript.as_array().map_or(0, Vec::len);
        differences.extend(difference::between(name, &setting.recorded(name), transcript));
    });
    let (unexplained, idle) = deviations::sift(setting, differences);
    assert!(unexplained.is_empty(), "{setting:?}: {}", shown(&unexplained));
    assert!(idle.is_empty(), "{setting:?}: known deviations that nothing shows any more: {idle:#?}");
    tell(&format!("{setting:?}: {answers} answers as Java's"));
}

/// Plays all cases of a setting with a worker of this program, and gives each transcript away with the case's name.
fn play(setting: Setting, kafka: &Kafka, program: &Program, mut take: impl FnMut(&str, &Value)) {
    let site = Site::new(kafka);
    let mut asked = Asked::start(setting, kafka, &site, program);
    for Case { name, steps } in setting.cases() {
        for topic in cases::TOPICS {
            kafka.client().create_topic(topic, 1).unwrap();
        }
        asked.write("input", Some("one\ntwo\nthree\n"));
        take(name, &transcript::play(&mut asked, &steps));
    }
}

fn shown(differences: &[Difference]) -> String {
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    format!("{} differences\n{}", lines.len(), lines.join("\n"))
}
