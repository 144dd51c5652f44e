//! What can be run, and which keys it takes.

use super::{Step, get};

const CONNECTORS: &[&str] = &[
    "org.apache.kafka.connect.file.FileStreamSourceConnector",
    "org.apache.kafka.connect.file.FileStreamSinkConnector",
    "org.apache.kafka.connect.tools.MockSourceConnector",
    "org.apache.kafka.connect.tools.MockSinkConnector",
    "org.apache.kafka.connect.tools.VerifiableSourceConnector",
    "org.apache.kafka.connect.tools.VerifiableSinkConnector",
    "org.apache.kafka.connect.tools.SchemaSourceConnector",
];

/// Behind `org.apache.kafka.connect.transforms.`
const TRANSFORMS: &[&str] = &[
    "Cast$Key",
    "Cast$Value",
    "DropHeaders",
    "ExtractField$Key",
    "ExtractField$Value",
    "Filter",
    "Flatten$Key",
    "Flatten$Value",
    "HeaderFrom$Key",
    "HeaderFrom$Value",
    "HoistField$Key",
    "HoistField$Value",
    "InsertField$Key",
    "InsertField$Value",
    "InsertHeader",
    "MaskField$Key",
    "MaskField$Value",
    "RegexRouter",
    "ReplaceField$Key",
    "ReplaceField$Value",
    "SetSchemaMetadata$Key",
    "SetSchemaMetadata$Value",
    "TimestampConverter$Key",
    "TimestampConverter$Value",
    "TimestampRouter",
    "ValueToKey",
    "predicates.HasHeaderKey",
    "predicates.RecordIsTombstone",
    "predicates.TopicNameMatches",
];

/// Behind `org.apache.kafka.connect.`
const CONVERTERS: &[&str] = &[
    "converters.BooleanConverter",
    "converters.ByteArrayConverter",
    "converters.DoubleConverter",
    "converters.FloatConverter",
    "converters.IntegerConverter",
    "converters.LongConverter",
    "converters.ShortConverter",
    "json.JsonConverter",
    "storage.StringConverter",
    "storage.SimpleHeaderConverter",
];

/// Short names, and names of nothing.
const ALIASES: &[&str] = &[
    "FileStreamSource",
    "FileStreamSourceConnector",
    "FileStreamSink",
    "JsonConverter",
    "Json",
    "Filter",
    "RegexRouter",
    "Cast$Value",
    "Cast",
    "Mock",
    "NoSuch",
    "java.lang.String",
    "org.apache.kafka.connect.transforms.Cast",
];

pub(super) fn steps() -> Vec<Step> {
    let config = |class: String| get(format!("/connector-plugins/{class}/config"));
    let mut steps = vec![
        get("/connector-plugins"),
        get("/connector-plugins?connectorsOnly=true"),
        get("/connector-plugins?connectorsOnly=false"),
        get("/connector-plugins?connectorsOnly=bogus"),
    ];
    steps.extend(CONNECTORS.iter().map(|class| config((*class).to_owned())));
    steps.extend(
        TRANSFORMS.iter().map(|class| config(format!("org.apache.kafka.connect.transforms.{class}"))),
    );
    steps.extend(CONVERTERS.iter().map(|class| config(format!("org.apache.kafka.connect.{class}"))));
    steps.extend(ALIASES.iter().map(|name| config((*name).to_owned())));
    steps
}
