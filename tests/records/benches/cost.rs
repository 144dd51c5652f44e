//! All jobs under criterion. With `AQUEDUCT_BENCH_USAGE` set to a file's name, the allocations of each go there, one job
//! a line: name, allocations, bytes, with tabs between.

use std::fmt::Write;

use aqueduct_meter::Meter;
use criterion::{Criterion, criterion_group, criterion_main};

#[global_allocator]
static METER: Meter = Meter;

const GROUP: &str = "records";

fn records(criterion: &mut Criterion) {
    let mut usages = String::new();
    let mut group = criterion.benchmark_group(GROUP);
    for mut job in aqueduct_records::jobs() {
        let usage = job.usage();
        writeln!(usages, "{}\t{}\t{}", job.name, usage.allocations, usage.bytes).expect("a text takes it");
        group.bench_function(job.name.clone(), |bencher| bencher.iter_custom(|times| job.timed(times)));
    }
    group.finish();
    if let Some(path) = std::env::var_os("AQUEDUCT_BENCH_USAGE") {
        std::fs::write(path, usages).expect("the file can be written");
    }
}

criterion_group!(benches, records);
criterion_main!(benches);
