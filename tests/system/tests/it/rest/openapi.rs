//! Requests made up by another hand from the document that describes the API.

use std::process::Command;

use xtask::oracle::worker::Program;
use xtask::oracle::{Oracle, live, python};
use xtask::workspace;

use crate::clients::python as scripts;
use crate::site::Site;
use crate::stage::{Kafka, ours};

const PACKAGES: &[&str] = &["schemathesis==4.32.5"];
const GROUP: &str = "openapi";
/// Of each kind, good and bad ones, for each operation.
const REQUESTS: u32 = 10;

#[test]
fn made_up_requests_fail_only_where_they_fail_in_java() {
    ask(REQUESTS);
}

/// What is not Java's failure is not ours, and nothing hangs.
pub(super) fn ask(requests: u32) {
    let environment = || python::venv(&Oracle::open(), PACKAGES);
    let Some(python) = live::or_skip("schemathesis", environment) else { return };
    let Some(apache) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let java_site = Site::new(&apache);
    let java = java_site.start_member(Program::Java, GROUP);
    let embedded = Kafka::embedded();
    let our_site = Site::new(&embedded);
    let our = our_site.start_member(ours(), GROUP);
    let mut command = Command::new(python);
    command.arg("-B").arg(workspace::root().join("tests/system/python/openapi.py"));
    command.args([our.url(), java.url(), requests.to_string()]);
    scripts::run("schemathesis", &mut command);
}
