//! The jobs of transformations.

use aqueduct_api::{ConfigMap, PluginKind, Record, Transformation};

use crate::job::Job;
use crate::sample;

fn transformation(class: &str, config: &[(&str, &str)]) -> Box<dyn Transformation> {
    let mut plugins = aqueduct_transforms::plugins().into_iter();
    let found = plugins.find(|plugin| plugin.class.rsplit('.').next() == Some(class));
    let PluginKind::Transformation(make) = found.expect("a transformation of this name").kind else {
        panic!("{class} is no transformation");
    };
    let mut transformation = make();
    let config: ConfigMap = config.iter().copied().collect();
    transformation.configure(&config).expect("a good configuration");
    transformation
}

type Config = &'static [(&'static str, &'static str)];

/// The Java side has the same list.
const ON_ORDERS: &[(&str, Config)] = &[
    ("Cast$Value", &[("spec", "customer:string,weight:int32")]),
    ("DropHeaders", &[("headers", "h")]),
    ("ExtractField$Value", &[("field", "address.city"), ("field.syntax.version", "V2")]),
    ("Flatten$Value", &[("delimiter", "_")]),
    ("HeaderFrom$Value", &[("fields", "status"), ("headers", "status"), ("operation", "copy")]),
    ("HoistField$Value", &[("field", "order")]),
    (
        "InsertField$Value",
        &[
            ("topic.field", "topic"),
            ("timestamp.field", "ts"),
            ("static.field", "dc"),
            ("static.value", "eu"),
        ],
    ),
    ("InsertHeader", &[("header", "h"), ("value.literal", "12")]),
    ("MaskField$Value", &[("fields", "email"), ("replacement", "***")]),
    ("RegexRouter", &[("regex", "(.*)\\.public\\.(.*)"), ("replacement", "$1_$2")]),
    ("ReplaceField$Value", &[("exclude", "note,weight"), ("renames", "id:order_id")]),
    ("SetSchemaMetadata$Value", &[("schema.name", "com.example.v2.Order"), ("schema.version", "2")]),
    (
        "TimestampConverter$Value",
        &[("field", "created_at"), ("target.type", "string"), ("format", "yyyy-MM-dd'T'HH:mm:ss.SSS")],
    ),
    ("TimestampRouter", &[("topic.format", "${topic}-${timestamp}"), ("timestamp.format", "yyyyMMdd")]),
    ("ValueToKey", &[("fields", "id,customer")]),
];

const ON_MAPS: &[&str] = &[
    "Cast$Value",
    "ExtractField$Value",
    "Flatten$Value",
    "HeaderFrom$Value",
    "HoistField$Value",
    "InsertField$Value",
    "MaskField$Value",
    "ReplaceField$Value",
    "TimestampConverter$Value",
    "ValueToKey",
];

const ON_CHANGES: &[(&str, Config)] = &[
    ("ExtractNewRecordState", &[]),
    (
        "ExtractNewRecordState",
        &[
            ("delete.tombstone.handling.mode", "rewrite"),
            ("add.fields", "op,source.ts_ms"),
            ("add.headers", "db"),
        ],
    ),
    ("ByLogicalTableRouter", &[("topic.regex", "(.*)orders(.*)"), ("topic.replacement", "$1all_orders")]),
];

/// Every transformation on the order, some on the order without a schema, and Debezium's on a change of it.
pub(crate) fn jobs() -> Vec<Job> {
    let job = |name: String, class: &str, config: Config, record: Record| {
        Job::apply(name, vec![transformation(class, config)], record)
    };
    // What moving a record through a chain costs, which is part of all others.
    let mut jobs = vec![Job::apply("no transformation", Vec::new(), sample::order_record())];
    jobs.extend(
        ON_ORDERS
            .iter()
            .map(|(class, config)| job((*class).to_owned(), class, config, sample::order_record())),
    );
    let on_maps = ON_ORDERS.iter().filter(|(class, _)| ON_MAPS.contains(class));
    jobs.extend(
        on_maps.map(|(class, config)| job(format!("{class} of a map"), class, config, sample::map_record())),
    );
    jobs.extend(ON_CHANGES.iter().map(|(class, config)| {
        let how = if config.len() == 3 { " with metadata" } else { "" };
        job(format!("{class}{how}"), class, config, sample::change_record())
    }));
    let name = "InsertField, ReplaceField, Cast";
    jobs.push(Job::apply(name, chain(), sample::order_record()));
    jobs.push(Job::apply(format!("{name} of a map"), chain(), sample::map_record()));
    jobs.push(Job::apply_to_strangers(
        format!("{name} of a map with its own keys"),
        chain(),
        sample::map_record(),
    ));
    jobs
}

fn chain() -> Vec<Box<dyn Transformation>> {
    let chain = ["InsertField$Value", "ReplaceField$Value", "Cast$Value"];
    let chain = chain.iter().filter_map(|class| ON_ORDERS.iter().find(|(name, _)| name == class));
    chain
        .map(|(class, config)| match *class {
            // One of its fields is gone by then.
            "Cast$Value" => transformation(class, &[("spec", "customer:string")]),
            class => transformation(class, config),
        })
        .collect()
}
