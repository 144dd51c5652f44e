//! Some cases of every target, always the same ones. `cargo xtask fuzz` tries others.

use aqueduct_fuzz::{Case, TARGETS, Watch, find};

/// Cases of each target. A failure is seen again with `cargo xtask fuzz TARGET --seed SEED --cases 1`.
const CASES: u64 = 2000;

fn brief(name: &str) {
    let target = find(name).unwrap_or_else(|| panic!("no target {name}"));
    let watch = Watch::start();
    for seed in 0..CASES {
        let case = Case { target, seed };
        watch.begins(case);
        if let Err(failure) = case.run() {
            panic!("{case}: {failure}\n{}", case.input().escape_ascii());
        }
    }
}

macro_rules! targets {
    ($($test:ident: $name:literal),* $(,)?) => {
        const TESTED: &[&str] = &[$($name),*];
        $(#[test]
        fn $test() {
            brief($name);
        })*
    };
}

targets! {
    avro: "avro",
    config: "config",
    config_topic: "config-topic",
    connector_file: "connector-file",
    dates: "dates",
    json: "json",
    json_schema: "json-schema",
    offsets: "offsets",
    properties: "properties",
    protobuf: "protobuf",
    regex: "regex",
    scalars: "scalars",
    status_topic: "status-topic",
    subprotocol: "subprotocol",
    transforms: "transforms",
    values: "values",
}

#[test]
fn every_target_is_tested() {
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(names, TESTED);
}

#[test]
fn a_seed_is_all_that_a_case_needs() {
    for target in TARGETS {
        let input = |seed| Case { target, seed }.input();
        assert_eq!(input(7), input(7), "{}", target.name);
        let different = (0..50).filter(|seed| input(*seed) != input(seed + 1)).count();
        assert!(different > 40, "{}: only {different} inputs differ from the one before", target.name);
    }
}
