//! Clients of the REST API that others wrote, unmodified, operate a worker.

use xtask::oracle::worker::Program;
use xtask::oracle::{Oracle, live, python};

use super::python::{bare, run};
use crate::lines::Lines;
use crate::site::Site;
use crate::stage::{Kafka, ours};

const PACKAGES: &[&str] =
    &["kafka-connect-healthcheck==0.3.0", "kafka-connect-py==1.0.0", "kafkaconnect==1.3.1"];

#[test]
fn clients_of_others_operate_a_member() {
    scene(ours());
}

pub(crate) fn scene(program: Program) {
    let environment = || python::venv(&Oracle::open(), PACKAGES);
    let Some(python) = live::or_skip("REST clients", environment) else { return };
    let kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    let worker = site.start_member(program, "operation");
    let file = site.path("lines");
    Lines::ascii(100).write(&file);
    let mut command = bare(&python, "operation");
    command.arg(worker.url()).arg(format!("127.0.0.1:{}", worker.rest_port())).arg(file);
    run("operation", &mut command);
}
