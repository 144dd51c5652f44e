//! The second part of `bench transforms`: whole workers that transform, both sides in turns on one broker.
//!
//! A file source hoists each line into a struct, adds two fields, casts one and writes JSON with its schema. A file sink
//! reads structs of ten fields from JSON with its schema, adds a field, renames and drops others and casts three.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::lines::{self, mixed, number};
use super::report::Report;
use super::setup::{Setup, Side, results};
use super::transfer::{More, Transfer, same};

const JSON: (&str, &str) = ("value.converter", "org.apache.kafka.connect.json.JsonConverter");

const SOURCE: &More = &[
    JSON,
    ("transforms", "hoist,insert,cast"),
    ("transforms.hoist.type", "org.apache.kafka.connect.transforms.HoistField$Value"),
    ("transforms.hoist.field", "line"),
    ("transforms.insert.type", "org.apache.kafka.connect.transforms.InsertField$Value"),
    ("transforms.insert.timestamp.field", "read_at"),
    ("transforms.insert.static.field", "origin"),
    ("transforms.insert.static.value", "a file"),
    ("transforms.cast.type", "org.apache.kafka.connect.transforms.Cast$Value"),
    ("transforms.cast.spec", "read_at:int64"),
];

const SINK: &More = &[
    JSON,
    ("transforms", "insert,replace,cast"),
    ("transforms.insert.type", "org.apache.kafka.connect.transforms.InsertField$Value"),
    ("transforms.insert.timestamp.field", "written_at"),
    ("transforms.replace.type", "org.apache.kafka.connect.transforms.ReplaceField$Value"),
    ("transforms.replace.exclude", "note"),
    ("transforms.replace.renames", "customer:customer_id"),
    ("transforms.cast.type", "org.apache.kafka.connect.transforms.Cast$Value"),
    ("transforms.cast.spec", "customer_id:string,created_at:int64,written_at:int64"),
];

/// How much is measured.
#[derive(Debug, clap::Args)]
pub(super) struct Workers {
    /// How often a worker of each side runs; 0 leaves the workers out
    #[arg(long, default_value_t = 3)]
    pairs: u32,
    /// Records in a worker's measured window
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Records that a worker moves before the window
    #[arg(long, default_value_t = 500_000)]
    warmup: u64,
    /// The Java worker's heap, at most; its start script has 2 GB
    #[arg(long, default_value_t = 2048)]
    java_heap_mb: u32,
    /// Measure this binary's workers instead of a release build's
    #[arg(long)]
    aqueduct: Option<PathBuf>,
}

pub(super) fn run(args: &Workers) -> Result<()> {
    if args.pairs == 0 {
        return Ok(());
    }
    if args.records == 0 {
        bail!("there is nothing to measure");
    }
    let setup = Setup::new("transforms", args.aqueduct.as_deref(), args.java_heap_mb)?;
    let mut transfer = Transfer::new(setup, args.warmup, args.records)?;
    let plain = transfer.setup.path("lines.txt");
    lines::write(&plain, transfer.total(), number)?;
    let orders = transfer.setup.path("orders.txt");
    lines::write(&orders, transfer.total(), order)?;
    println!("filling the topic of the sinks");
    let filled = "bench-orders";
    transfer.source(Side::Aqueduct, "orders", &orders, filled, &[])?;

    let titles = ["File to JSON with 3 transformations", "JSON to file with 3 transformations"];
    let mut report = Report::new("transforms", transfer.setup.binary(), titles);
    for pair in 0..args.pairs {
        let sides = Side::in_turns(pair);
        for side in sides {
            let topic = format!("bench-{pair}-{}", side.name());
            report.add(transfer.source(side, &format!("source-{pair}"), &plain, &topic, SOURCE)?);
            transfer.delete_topic(&topic)?;
        }
        let mut outputs = Vec::new();
        for side in sides {
            let (run, output) = transfer.sink(side, &format!("sink-{pair}"), filled, SINK)?;
            report.add(run);
            outputs.push(output);
        }
        if let [one, other] = &outputs[..]
            && !same(one, other)?
        {
            bail!("{} and {} differ", one.display(), other.display());
        }
        outputs.iter().try_for_each(fs::remove_file)?;
    }
    transfer.setup.clear()?;
    report.finish(&results())
}

/// A struct of ten fields in JSON. Every one gives a text of the same length.
fn order(number: u64, out: &mut dyn Write) -> io::Result<()> {
    const SCHEMA: &str = concat!(
        r#"{"type":"struct","name":"com.example.Order","optional":false,"fields":["#,
        r#"{"type":"int64","optional":false,"field":"id"},"#,
        r#"{"type":"int32","optional":false,"field":"customer"},"#,
        r#"{"type":"string","optional":false,"field":"status"},"#,
        r#"{"type":"string","optional":true,"field":"email"},"#,
        r#"{"type":"string","optional":true,"field":"note"},"#,
        r#"{"type":"boolean","optional":false,"field":"paid"},"#,
        r#"{"type":"double","optional":false,"field":"weight"},"#,
        r#"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"#,
        r#""parameters":{"scale":"2"},"optional":false,"field":"total"},"#,
        r#"{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"#,
        r#""optional":false,"field":"created_at"},"#,
        r#"{"type":"string","optional":false,"field":"city"}]}"#,
    );
    let mixed = mixed(number);
    let part = |shift: u32, from: u64, below: u64| from + (mixed >> shift) % (below - from);
    writeln!(
        out,
        r#"{{"schema":{SCHEMA},"payload":{{"id":{},"customer":{},"status":"SHIPPED","email":"user{:07}@example.com","note":"leave it at the door","paid":true,"weight":{}.5,"total":"{}","created_at":{},"city":"Springfield"}}}}"#,
        1_000_000_000 + number,
        part(0, 1_000_000, 10_000_000),
        part(8, 0, 10_000_000),
        part(16, 100, 1_000),
        base64(part(24, 1_000_000, 1 << 23)),
        part(32, 1_600_000_000_000, 1_700_000_000_000),
    )
}

/// The last three bytes of a number.
fn base64(number: u64) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |shift: u32| char::from(ALPHABET[(number >> shift) as usize % 64]);
    [18, 12, 6, 0].into_iter().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_orders_are_of_one_length() {
        assert_eq!(lines::lengths(order).len(), 1);
    }

    #[test]
    fn an_order_is_json_of_ten_fields() {
        let mut out = Vec::new();
        order(7, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let fields = json["schema"]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 10);
        let payload = json["payload"].as_object().unwrap();
        assert!(fields.iter().all(|field| payload.contains_key(field["field"].as_str().unwrap())));
        assert_eq!(base64(0x12_34_56), "EjRW");
    }
}
