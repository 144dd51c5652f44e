//! Converters with a registry in memory.

use aqueduct_api::{ErrorKind, Schema, SchemaAndValue, SchemaBuilder, Struct, Type, Value, WireHeaders};
use bytes::Bytes;

use crate::{converter, read, write};

const AVRO: &str = "AvroConverter";

fn record(fields: &[&str]) -> (Schema, Value) {
    let builder = SchemaBuilder::structure().name("a.R");
    let builder = fields.iter().fold(builder, |builder, name| builder.field(*name, Schema::OPTIONAL_STRING));
    let schema = builder.build().expect("a schema");
    let values = fields.iter().map(|name| Value::from(*name)).collect();
    (schema.clone(), Struct::from_values(schema, values).expect("a struct").into())
}

#[tokio::test]
async fn schemas_are_registered_and_read_with_their_version() {
    let url = ("schema.registry.url", "mock://versions");
    let (mut writer, mut reader) = (converter(AVRO, &[url]).unwrap(), converter(AVRO, &[url]).unwrap());
    let mut headers = WireHeaders::new();
    for (id, fields) in [(1, &["a"][..]), (2, &["a", "b"]), (1, &["a"])] {
        let (schema, value) = record(fields);
        let bytes =
            write(&mut *writer, "t", &mut headers, Some(&schema), &value).await.unwrap().expect("bytes");
        assert_eq!(bytes[..5], [0, 0, 0, 0, id]);
        let read = read(&mut *reader, "t", &headers, Some(&bytes)).await.unwrap();
        let read_schema = read.schema.expect("a schema");
        assert_eq!(read_schema.version(), Some(id.into()), "that of the subject");
        assert_eq!(read.value.as_struct().expect("a struct").values(), value.as_struct().unwrap().values());
        // In a topic whose subject does not have the schema there is no version.
        let elsewhere = crate::read(&mut *reader, "other", &headers, Some(&bytes)).await.unwrap();
        assert_eq!(elsewhere.schema.and_then(|schema| schema.version()), None);
    }
    assert!(headers.is_empty());
    let tombstone =
        write(&mut *writer, "t", &mut headers, Some(&Schema::OPTIONAL_STRING), &Value::Null).await;
    assert_eq!(tombstone.unwrap(), None);
    assert_eq!(read(&mut *reader, "t", &headers, None).await.unwrap(), SchemaAndValue::NULL);
}

#[tokio::test]
async fn a_message_is_converted_without_waiting_once_its_schema_is_known() {
    let mut converter = converter(AVRO, &[("schema.registry.url", "mock://waiting")]).unwrap();
    let (schema, value) = record(&["a"]);
    let (mut headers, mut buffer) = (WireHeaders::new(), Vec::new());
    let first = converter.from_connect_data("t", &mut headers, Some(&schema), &value, &mut buffer).map(drop);
    assert!(first.expect_err("the schema is not known").is_retriable() && converter.needs_preparation());
    converter.prepare().await.unwrap();
    assert!(!converter.needs_preparation());
    buffer.clear();
    converter.from_connect_data("t", &mut headers, Some(&schema), &value, &mut buffer).unwrap();
    assert!(!converter.needs_preparation());
}

#[tokio::test]
async fn the_schema_stands_in_a_header() {
    let in_header = [
        ("schema.registry.url", "mock://headers"),
        ("value.schema.id.serializer", "io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer"),
    ];
    let mut converter = converter(AVRO, &in_header).unwrap();
    let mut headers = WireHeaders::new();
    let schema = Schema::STRING;
    let bytes =
        write(&mut *converter, "t", &mut headers, Some(&schema), &"a".into()).await.unwrap().expect("bytes");
    assert_eq!(bytes, &[2, b'a'][..], "the payload alone");
    let header = headers.last("__value_schema_id").flatten().expect("a header");
    assert_eq!((header.len(), header[0]), (17, 1));
    let read = read(&mut *converter, "t", &headers, Some(&bytes)).await.unwrap();
    assert_eq!(read.value, Value::from("a"));
}

#[tokio::test]
async fn subjects_follow_their_strategy() {
    let (schema, value) = record(&["a"]);
    let check = async |scope: &str, strategy: &str, subject: &str| {
        let url = format!("mock://{scope}");
        let config = [("schema.registry.url", &url[..]), ("value.subject.name.strategy", strategy)];
        let mut headers = WireHeaders::new();
        let mut writer = converter(AVRO, &config).unwrap();
        write(&mut *writer, "t", &mut headers, Some(&schema), &value).await.unwrap();
        // Found under the subject alone, by one who does not register.
        let lookup =
            [&config[..], &[("auto.register.schemas", "false"), ("use.latest.version", "true")]].concat();
        let found =
            write(&mut *converter(AVRO, &lookup).unwrap(), "t", &mut headers, Some(&schema), &value).await;
        assert!(found.is_ok(), "{subject}");
        let elsewhere =
            write(&mut *converter(AVRO, &lookup).unwrap(), "u", &mut headers, Some(&schema), &value).await;
        assert_eq!(elsewhere.is_ok(), strategy == "RecordNameStrategy", "{subject}");
        let plain = write(&mut *writer, "t", &mut headers, Some(&Schema::STRING), &"x".into()).await;
        assert_eq!(plain.is_ok(), strategy == "TopicNameStrategy", "{subject}");
    };
    check("s1", "TopicNameStrategy", "t-value").await;
    check("s2", "RecordNameStrategy", "a.R").await;
    check("s3", "TopicRecordNameStrategy", "t-a.R").await;
}

#[tokio::test]
async fn a_schema_that_others_chose_is_written() {
    let url = ("schema.registry.url", "mock://chosen");
    let mut headers = WireHeaders::new();
    let (narrow, value) = record(&["a"]);
    let (wide, wide_value) = record(&["a", "b"]);
    let mut registering = converter(AVRO, &[url]).unwrap();
    write(&mut *registering, "t", &mut headers, Some(&narrow), &value).await.unwrap();
    write(&mut *registering, "t", &mut headers, Some(&wide), &wide_value).await.unwrap();
    let quiet = ("auto.register.schemas", "false");
    for (config, id) in [
        (vec![url, quiet], 1),
        (vec![url, quiet, ("use.latest.version", "true")], 2),
        (vec![url, ("use.schema.id", "2")], 2),
        (vec![url, ("use.schema.guid", "00000000-0000-0000-0000-000000000002")], 2),
    ] {
        let mut converter = converter(AVRO, &config).unwrap();
        let bytes =
            write(&mut *converter, "t", &mut headers, Some(&narrow), &value).await.unwrap().expect("bytes");
        assert_eq!(bytes[..5], [0, 0, 0, 0, id], "{config:?}");
    }
    let (unknown, value) = record(&["c"]);
    let mut quiet = converter(AVRO, &[url, quiet]).unwrap();
    let error =
        write(&mut *quiet, "t", &mut headers, Some(&unknown), &value).await.expect_err("not registered");
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.trace().contains("40403"), "{}", error.trace());
}

#[tokio::test]
async fn the_configuration_names_the_schema_to_read_by() {
    let url = ("schema.registry.url", "mock://fixed");
    let mut headers = WireHeaders::new();
    write(&mut *converter(AVRO, &[url]).unwrap(), "t", &mut headers, Some(&Schema::INT32), &1.into())
        .await
        .unwrap();
    let place = (
        "value.schema.id.deserializer",
        "io.confluent.kafka.serializers.schema.id.ConfigSchemaIdDeserializer",
    );
    let mut fixed = converter(AVRO, &[url, place, ("use.schema.id", "1")]).unwrap();
    let bare = Bytes::from_static(&[14]);
    assert_eq!(read(&mut *fixed, "t", &headers, Some(&bare)).await.unwrap().value, Value::Int32(7));
}

#[tokio::test]
async fn what_is_no_message_is_a_data_error() {
    let mut converter = converter(AVRO, &[("schema.registry.url", "mock://broken")]).unwrap();
    let mut headers = WireHeaders::new();
    let schema = Schema::bare(Type::Int64);
    write(&mut *converter, "t", &mut headers, Some(&schema), &1_i64.into()).await.unwrap();
    for (bytes, cause) in [
        (&b"{}"[..], "Unknown magic byte!"),
        (&[0, 0, 0, 0, 1], "ends too early"),
        (&[0, 0, 0, 0, 99, 2], "Schema not found; error code: 40403"),
    ] {
        let bytes = Bytes::from_static(bytes);
        let error = read(&mut *converter, "t", &headers, Some(&bytes)).await.expect_err("no message");
        assert_eq!(error.kind(), ErrorKind::Data);
        assert_eq!(error.message(), Some("Failed to deserialize data for topic t to Avro: "));
        assert!(error.trace().contains(cause), "{}", error.trace());
    }
}

#[tokio::test]
async fn a_registry_that_is_away_is_worth_a_retry() {
    let config =
        [("schema.registry.url", "http://127.0.0.1:1"), ("max.retries", "1"), ("retries.wait.ms", "1")];
    let mut converter = converter(AVRO, &config).unwrap();
    let mut headers = WireHeaders::new();
    let error = write(&mut *converter, "t", &mut headers, Some(&Schema::STRING), &"a".into()).await;
    assert!(error.expect_err("nothing listens there").is_retriable());
}
