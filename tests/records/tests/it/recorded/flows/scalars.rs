//! CV-23: the converters of bytes, numbers and Boolean values, both ways.

use super::super::flow::{BYTES, Flow, STRING};
use super::numbered;

const PACKAGE: &str = "org.apache.kafka.connect.converters.";

pub(super) fn flows() -> Vec<Flow> {
    // A name for the sink of what can be read, one for the sink that fails, the class, and good values.
    let sinks: [(&'static str, &'static str, &str, &[&[u8]]); 6] = [
        ("shorts", "shorts-failing", "ShortConverter", &[&[0x7f, 0xff], &[0x80, 0]]),
        ("integers", "integers-failing", "IntegerConverter", &[&[0, 0, 0, 7], &[0xff; 4]]),
        (
            "longs",
            "longs-failing",
            "LongConverter",
            &[&[0, 0, 0, 0, 0, 0, 0, 7], &[0x80, 0, 0, 0, 0, 0, 0, 0]],
        ),
        (
            "floats",
            "floats-failing",
            "FloatConverter",
            &[&[0x3f, 0xc0, 0, 0], &[0x7f, 0xc0, 0, 0], &[0x80, 0, 0, 0]],
        ),
        (
            "doubles",
            "doubles-failing",
            "DoubleConverter",
            &[&[0x3f, 0xf8, 0, 0, 0, 0, 0, 0], &[0xff, 0xf0, 0, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 0, 0, 1]],
        ),
        ("booleans", "booleans-failing", "BooleanConverter", &[&[0], &[1]]),
    ];
    let mut flows = Vec::new();
    for (name, failing, class, good) in sinks {
        let class = format!("{PACKAGE}{class}");
        let bad: [&[u8]; 7] = [&[], &[2], &[1, 2], &[1, 2, 3], &[1, 2, 3, 4], &[1; 8], &[1; 9]];
        let mut values = good.to_vec();
        values.extend(bad);
        flows.push(Flow::sink("CV-23", name, numbered(values)).converter("value", &class).dead_letters());
        let values = [good[0], &[1, 2, 3]];
        flows.push(Flow::sink("CV-23", failing, numbered(values)).converter("value", &class).failing());
    }
    flows.push(Flow::sink("CV-23", "arrays", numbered(["", "abc"])).converter("value", BYTES));
    // A source of numbers: keys are INT32, values INT64.
    let source = |name, key: &str, value: &str| {
        Flow::made("CV-23", name, "VerifiableSourceConnector", 3)
            .with("throughput", "10")
            .converter("key", &format!("{PACKAGE}{key}"))
            .converter("value", &format!("{PACKAGE}{value}"))
    };
    flows.push(source("seqno-numbers", "IntegerConverter", "LongConverter"));
    flows.push(source("seqno-as-integers", "IntegerConverter", "IntegerConverter").failing());
    flows.push(source("seqno-as-doubles", "IntegerConverter", "DoubleConverter").failing());
    flows.push(source("seqno-as-bytes", "IntegerConverter", "ByteArrayConverter").failing());
    flows.push(source("seqno-as-booleans", "BooleanConverter", "LongConverter").failing());
    flows.push(source("seqno-as-text", "IntegerConverter", "LongConverter").converter("value", STRING));
    flows
}
