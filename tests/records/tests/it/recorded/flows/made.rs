//! CV-21 and CV-22: records of Kafka's own test connectors.

use super::super::flow::{Flow, JSON};

pub(super) fn flows() -> Vec<Flow> {
    let schemas = |name| {
        Flow::made("CV-21", name, "SchemaSourceConnector", 6)
            .converter("key", JSON)
            .converter("value", JSON)
            .with("multiple.schema", "true")
            .with("partition.count", "3")
    };
    let verifiable =
        |name| Flow::made("CV-22", name, "VerifiableSourceConnector", 3).with("throughput", "10");
    let complete = |name| verifiable(name).converter("value", JSON).with("complete.record.data", "true");
    vec![
        schemas("schemas"),
        schemas("schemas-one").with("multiple.schema", "false"),
        schemas("schemas-bare").with("value.converter.schemas.enable", "false"),
        complete("complete").converter("key", JSON),
        complete("complete-bare").with("value.converter.schemas.enable", "false"),
        verifiable("seqno").converter("key", JSON).converter("value", JSON),
        complete("complete-text").converter("value", super::super::flow::STRING),
    ]
}
