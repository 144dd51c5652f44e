//! A million lines from a file through a topic into a file: once undisturbed, once through kills in both directions.

use xtask::oracle::live;
use xtask::oracle::wire::Client;

use crate::lines::{self, Lines};
use crate::site::{SINK, SOURCE, Site, committed_position};
use crate::stage::{Kafka, ours};
use crate::waiting::{settled, tell, until};

const TOTAL: usize = 1_000_000;
/// At which record the worker is killed, in each direction.
const KILLS: [usize; 2] = [300_000, 700_000];

#[test]
fn a_million_lines_on_the_embedded_broker() {
    undisturbed(&Kafka::embedded());
}

#[test]
fn a_million_lines_on_apache_kafka() {
    if let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) {
        undisturbed(&kafka);
    }
}

#[test]
fn a_million_lines_through_kills_on_the_embedded_broker() {
    killed(&Kafka::embedded());
}

#[test]
fn a_million_lines_through_kills_on_apache_kafka() {
    if let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) {
        killed(&kafka);
    }
}

fn undisturbed(kafka: &Kafka) {
    let site = Site::new(kafka);
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::new(TOTAL);
    all.write(&input);
    kafka.client().create_topic("undisturbed", 1).unwrap();
    let source = site.connector("undisturbed-source", SOURCE, &input, "undisturbed");
    let sink = site.connector("undisturbed-sink", SINK, &output, "undisturbed");

    let mut worker = site.start(ours(), &[&source, &sink]);
    until("the output is as long as the input", || lines::length(&output) >= lines::length(&input));
    let status = worker.server().stop().unwrap().expect("it was running");
    assert!(status.success(), "{status}");

    assert_eq!(end(&mut kafka.client(), "undisturbed"), TOTAL);
    let (wanted, md5) = (lines::md5(&input), lines::md5(&output));
    assert_eq!(md5, wanted, "{:?}", all.census(&output));
    tell(&format!("{}: {TOTAL} lines, md5 {md5} on both sides", kafka.name()));
}

fn killed(kafka: &Kafka) {
    let site = Site::new(kafka);
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::new(TOTAL);
    all.write(&input);
    let mut client = kafka.client();
    client.create_topic("killed", 1).unwrap();

    // Into the topic. What the offset file doesn't have when the worker dies is sent again, and nothing else is.
    let source = site.connector("killed-source", SOURCE, &input, "killed");
    let (mut sent, mut committed) = (0, 0);
    for kill in KILLS {
        let mut worker = site.start(ours(), &[&source]);
        until("the source has come to where it is killed", || {
            end(&mut client, "killed") >= kill + sent - committed
        });
        worker.server().kill().unwrap();
        sent = settled("end offset", || end(&mut client, "killed"));
        committed = lines::before(&input, committed_position(&site.offsets()));
        assert!(committed < TOTAL, "the kill came too late to disturb anything");
    }
    assert!(committed > 0, "nothing was committed between two kills: all of {sent} would come again");
    let repeated_by_source = sent - committed;
    let records = TOTAL + repeated_by_source;
    let mut worker = site.start(ours(), &[&source]);
    until("the rest is sent", || end(&mut client, "killed") >= records);
    worker.server().stop().unwrap();
    assert_eq!(end(&mut client, "killed"), records, "sent {sent}, committed {committed}");

    // Out of it. What the group hasn't committed when the worker dies is written again, and nothing else is.
    let sink = site.connector("killed-sink", SINK, &output, "killed");
    let bytes_per_line = lines::length(&input) / TOTAL as u64;
    let (mut written, mut committed) = (0, 0);
    for kill in KILLS {
        let mut worker = site.start(ours(), &[&sink]);
        let length = (kill + written - committed) as u64 * bytes_per_line;
        until("the sink has come to where it is killed", || lines::length(&output) >= length);
        worker.server().kill().unwrap();
        written = all.census(&output).whole();
        let offset = client.committed("connect-killed-sink", "killed", 0).unwrap();
        committed = usize::try_from(offset.unwrap_or(0)).unwrap();
        assert!(committed < records, "the kill came too late to disturb anything");
    }
    assert!(committed > 0, "nothing was committed between two kills: all of {written} would come again");
    let repeated_by_sink = written - committed;
    let mut worker = site.start(ours(), &[&sink]);
    until("all is committed", || {
        client.committed("connect-killed-sink", "killed", 0).unwrap() == i64::try_from(records).ok()
    });
    worker.server().stop().unwrap();

    let census = all.census(&output);
    assert_eq!((census.in_order, census.too_early), (TOTAL, 0), "{census:?}");
    assert_eq!(census.repeated, repeated_by_source + repeated_by_sink, "{census:?}");
    assert!(census.torn <= KILLS.len(), "{census:?}");
    tell(&format!(
        "{}: {TOTAL} lines through {} kills each way: lost 0, repeated {repeated_by_source} by the source and \
         {repeated_by_sink} by the sink, {} torn",
        kafka.name(),
        KILLS.len(),
        census.torn
    ));
}

/// How many records the only partition of a topic holds.
fn end(client: &mut Client, topic: &str) -> usize {
    client.end_offset(topic, 0).unwrap().map_or(0, |end| usize::try_from(end).unwrap())
}
