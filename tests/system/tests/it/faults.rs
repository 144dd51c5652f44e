//! What a worker does when something around it breaks.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use xtask::oracle::live;
use xtask::oracle::{Oracle, http, ports};

use crate::lines::{self, Census, Lines};
use crate::site::{SINK, SOURCE, Site, failure};
use crate::stage::{Embedded, Kafka, folder, ours};
use crate::waiting::{tell, until};

const TOTAL: usize = 300_000;

/// A file source that has put all lines into a topic.
fn fill(site: &Site, kafka: &Kafka, topic: &str, lines: Lines) {
    let input = site.path("filling");
    lines.write(&input);
    kafka.client().create_topic(topic, 1).unwrap();
    let source = site.connector(&format!("{topic}-filling"), SOURCE, &input, topic);
    let mut worker = site.start(ours(), &[&source]);
    let mut client = kafka.client();
    until("the topic is filled", || client.end_offset(topic, 0).unwrap() == i64::try_from(lines.count).ok());
    worker.server().stop().unwrap();
}

#[test]
fn a_full_device_fails_the_sink_and_commits_nothing() {
    let kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    fill(&site, &kafka, "full-device", Lines::new(1000));
    let sink = site.connector("full-device-sink", SINK, Path::new("/dev/full"), "full-device");
    let mut worker = site.start(ours(), &[&sink]);
    let trace = failure(&worker, "full-device-sink");
    assert!(trace.contains("/dev/full") && trace.contains("No space left on device"), "{trace}");
    assert!(http::get(worker.rest_port(), "/health").unwrap().status == 200, "one sink is not the worker");
    worker.server().stop().unwrap();
    assert_eq!(kafka.client().committed("connect-full-device-sink", "full-device", 0).unwrap(), None);
}

#[test]
fn a_disk_that_fills_up_fails_the_sink_and_loses_nothing() {
    let Some(disk) = live::or_skip("a small tmpfs", SmallDisk::mount) else { return };
    let kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    let all = Lines::new(TOTAL);
    fill(&site, &kafka, "full-disk", all);
    let output = disk.path().join("output");
    let sink = site.connector("full-disk-sink", SINK, &output, "full-disk");
    let mut worker = site.start(ours(), &[&sink]);
    let trace = failure(&worker, "full-disk-sink");
    assert!(trace.contains("No space left on device"), "{trace}");
    worker.server().stop().unwrap();
    let committed = kafka.client().committed("connect-full-disk-sink", "full-disk", 0).unwrap().unwrap_or(0);
    let written = all.census(&output);
    assert!(i64::try_from(written.in_order).unwrap() >= committed, "committed {committed} of {written:?}");

    // With room again, the sink goes on where it was, and every line is there.
    let moved = site.path("output");
    std::fs::copy(&output, &moved).unwrap();
    let sink = site.connector("full-disk-sink", SINK, &moved, "full-disk");
    let mut worker = site.start(ours(), &[&sink]);
    let mut client = kafka.client();
    until("all is committed", || {
        client.committed("connect-full-disk-sink", "full-disk", 0).unwrap() == i64::try_from(TOTAL).ok()
    });
    worker.server().stop().unwrap();
    let census = all.census(&moved);
    assert_eq!((census.in_order, census.too_early), (TOTAL, 0), "{census:?}");
    tell(&format!("full disk: {written:?} with {committed} committed; in the end {census:?}"));
}

#[test]
fn a_worker_waits_for_a_broker_that_is_not_there_yet() {
    let [port] = ports::free().unwrap();
    let site = Site::at(format!("127.0.0.1:{port}"));
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::new(100);
    all.write(&input);
    let source = site.connector("early-source", SOURCE, &input, "early");
    let sink = site.connector("early-sink", SINK, &output, "early");
    let config = site.worker(ours(), &[&source, &sink]);
    let mut server = config.spawn(&Oracle::open()).unwrap();

    let health = || http::get(config.rest_port, "/health");
    until("the worker answers", || health().is_ok());
    let answer = health().unwrap();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json()["status"], "starting", "{answer:?}");
    assert_eq!(http::get(config.rest_port, "/connectors").unwrap().status, 404, "no route is open yet");

    let _broker = Embedded::start_on(port);
    until("the worker is healthy", || health().is_ok_and(|answer| answer.status == 200));
    until("all lines are through", || all.census(&output) == Census::exactly(100));
    let status = server.stop().unwrap().expect("it was running");
    assert!(status.success(), "{status}");
}

#[test]
fn a_signal_stops_a_worker_that_waits_for_a_broker() {
    let [port] = ports::free().unwrap();
    let site = Site::at(format!("127.0.0.1:{port}"));
    let config = site.worker(ours(), &[]);
    let mut server = config.spawn(&Oracle::open()).unwrap();
    until("the worker answers", || http::get(config.rest_port, "/health").is_ok());
    let status = server.stop().unwrap().expect("it was running");
    assert!(status.success(), "{status}");
}

/// A broker that crashes under a source and a sink: what it has acknowledged is there when it is back, and both go on.
#[test]
fn a_broker_that_crashes_in_mid_stream_loses_nothing() {
    disturbed_broker("crashing", Embedded::crash);
}

#[test]
fn a_broker_that_restarts_in_mid_stream_loses_nothing() {
    disturbed_broker("restarting", Embedded::restart);
}

fn disturbed_broker(topic: &str, disturb: fn(&mut Embedded)) {
    let mut kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::new(TOTAL);
    all.write(&input);
    kafka.client().create_topic(topic, 1).unwrap();
    let source = site.connector(&format!("{topic}-source"), SOURCE, &input, topic);
    let sink = site.connector(&format!("{topic}-sink"), SINK, &output, topic);
    let mut worker = site.start(ours(), &[&source, &sink]);
    until("lines come through", || lines::length(&output) > 0);
    let before = lines::length(&output);
    if let Kafka::Embedded(broker) = &mut kafka {
        disturb(broker);
    }
    assert!(before < lines::length(&input), "the broker went too late to disturb anything");

    until("every line is through", || {
        lines::length(&output) >= lines::length(&input) && all.census(&output).in_order == TOTAL
    });
    worker.server().stop().unwrap();
    let census = all.census(&output);
    assert_eq!((census.in_order, census.too_early, census.torn), (TOTAL, 0, 0), "{census:?}");
    tell(&format!("{topic} broker, {before} bytes were out: {census:?}"));
}

/// A worker that is asked to stop in the middle of both directions, and started again.
#[test]
fn a_clean_stop_repeats_nothing() {
    let kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::new(TOTAL);
    all.write(&input);
    kafka.client().create_topic("clean", 1).unwrap();
    let source = site.connector("clean-source", SOURCE, &input, "clean");
    let sink = site.connector("clean-sink", SINK, &output, "clean");
    for share in [10, 3] {
        let mut worker = site.start(ours(), &[&source, &sink]);
        let wanted = lines::length(&input) / share;
        until("some lines are through", || lines::length(&output) >= wanted);
        let status = worker.server().stop().unwrap().expect("it was running");
        assert!(status.success(), "{status}");
        assert!(lines::length(&output) < lines::length(&input), "the stop came too late");
    }
    let mut worker = site.start(ours(), &[&source, &sink]);
    until("all lines are through", || lines::length(&output) >= lines::length(&input));
    worker.server().stop().unwrap();
    assert_eq!(all.census(&output), Census::exactly(TOTAL));
}

/// A file system of 1 MB in memory, unmounted with the value. Only root may mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> anyhow::Result<SmallDisk> {
        let dir = folder();
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path()).output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(SmallDisk(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            tell(&format!("{} stays mounted", self.path().display()));
        }
    }
}
