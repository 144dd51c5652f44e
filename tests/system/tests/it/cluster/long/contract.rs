//! The scenes of a group, played with Java's workers: the contract that ours are held against.

use std::time::Duration;

use xtask::oracle::live;
use xtask::oracle::worker::Program;

use crate::cluster::{
    delay, faults, hanging, migration, mixed, protocols, rebalance, requests, signatures, sinks, traffic,
};
use crate::stage::{Kafka, Own, ours};

const TWO: [Program; 2] = [Program::Java, Program::Java];
const THREE: [Program; 3] = [Program::Java, Program::Java, Program::Java];

fn on_kafka(scene: impl FnOnce(&Kafka)) {
    if let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) {
        scene(&kafka);
    }
}

#[test]
fn java_serves_every_request_on_every_worker() {
    on_kafka(|kafka| requests::scene(kafka, "java-requests", THREE));
}

#[test]
fn java_shares_work_evenly() {
    on_kafka(|kafka| rebalance::scene(kafka, "java-shared", THREE));
}

#[test]
fn java_waits_for_a_worker_that_is_gone() {
    on_kafka(|kafka| delay::scene(kafka, "java-delay", THREE, Duration::from_secs(30)));
}

#[test]
fn java_speaks_what_all_workers_know() {
    on_kafka(|kafka| protocols::scene(kafka, "java-protocols", TWO));
}

#[test]
fn java_signs_requests_between_workers() {
    on_kafka(|kafka| signatures::scene(kafka, "java-signed", TWO));
}

#[test]
fn java_makes_new_keys() {
    on_kafka(|kafka| signatures::rotation(kafka, "java-rotated", TWO));
}

#[test]
fn java_replaces_workers_that_stall() {
    on_kafka(|kafka| faults::stalled(kafka, "java-stalled", THREE));
}

#[test]
fn java_ignores_a_task_set_that_was_not_finished() {
    on_kafka(|kafka| faults::half_written(kafka, "java-half", TWO));
}

#[test]
fn java_survives_a_leader_that_dies_while_it_reconfigures() {
    on_kafka(|kafka| faults::dying_leader(kafka, "java-dying", TWO, &[0, 30, 100, 300, 1000]));
}

#[test]
fn java_waits_for_a_broker_that_restarts() {
    if let Some(broker) = live::or_skip("Apache Kafka", Own::start) {
        faults::broker_restart(broker, "java-restarted", THREE);
    }
}

#[test]
fn java_delivers_records_once_while_topics_come_and_go() {
    on_kafka(|kafka| sinks::scene(kafka, "java-sinks-round", "RoundRobinAssignor", TWO));
    on_kafka(|kafka| sinks::scene(kafka, "java-sinks-coope", "CooperativeStickyAssignor", TWO));
}

#[test]
fn java_answers_while_workers_come_and_go() {
    on_kafka(|kafka| traffic::scene(kafka, "java-traffic", THREE));
}

#[test]
fn java_is_one_group_whoever_leads() {
    on_kafka(|kafka| mixed::scene(kafka, "java-mixed", THREE));
}

#[test]
fn java_goes_on_where_java_has_stopped() {
    on_kafka(|kafka| migration::scene(kafka, "java-moved", &TWO));
}

#[test]
fn java_leaves_the_group_when_a_task_takes_too_long() {
    on_kafka(|kafka| hanging::overdue(kafka, "java-overdue", TWO));
}

#[test]
fn ours_leaves_the_group_when_a_task_takes_too_long() {
    on_kafka(|kafka| hanging::overdue(kafka, "overdue", [ours(), ours()]));
}
