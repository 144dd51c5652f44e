//! One file of offsets, and workers of both programs on it in turns.

use xtask::oracle::live;
use xtask::oracle::worker::Program;

use crate::lines::{self, Census, Lines};
use crate::site::{SINK, SOURCE, Site, committed_position};
use crate::stage::{Kafka, ours};
use crate::waiting::{tell, until};

const TOTAL: usize = 1_500_000;

/// Ours, Java, ours: each stops cleanly in the middle of the file, and the next goes on behind the last record.
#[test]
fn the_java_worker_and_ours_hand_over_their_offsets() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let site = Site::new(&kafka);
    let (input, output) = (site.path("input"), site.path("output"));
    let all = Lines::ascii(TOTAL);
    all.write(&input);
    let mut client = kafka.client();
    client.create_topic("handover", 1).unwrap();
    let source = site.connector("handover-source", SOURCE, &input, "handover");
    let mut end = || usize::try_from(client.end_offset("handover", 0).unwrap().unwrap_or(0)).unwrap();

    let mut turns = Vec::new();
    for (program, stop_at) in [(ours(), 250_000), (Program::Java, 600_000), (ours(), 900_000)] {
        let mut worker = site.start(program, &[&source]);
        until("the worker has come to where it is stopped", || end() >= stop_at);
        worker.server().stop().unwrap().expect("it was running");
        turns.push((end(), lines::before(&input, committed_position(&site.offsets()))));
    }
    for (end, committed) in &turns {
        assert_eq!(*end, *committed, "after each clean stop the offsets say what the topic holds: {turns:?}");
    }
    assert!(turns[1].0 < TOTAL, "Java's stop came too late to hand anything over: {turns:?}");
    let mut worker = site.start(ours(), &[&source]);
    until("the rest is sent", || end() >= TOTAL);
    worker.server().stop().unwrap();
    assert_eq!(end(), TOTAL);

    let sink = site.connector("handover-sink", SINK, &output, "handover");
    let _worker = site.start(ours(), &[&sink]);
    until("all is written", || lines::length(&output) >= lines::length(&input));
    assert_eq!(all.census(&output), Census::exactly(TOTAL));
    let turns: Vec<usize> = turns.into_iter().map(|(end, _)| end).collect();
    tell(&format!("handed over at {turns:?} of {TOTAL}: nothing lost, nothing repeated"));
}
