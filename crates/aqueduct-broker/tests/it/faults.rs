use std::time::{Duration, Instant};

use aqueduct_broker::{ApiKey, Fault, ResponseError};
use rdkafka::producer::FutureProducer;
use rdkafka::types::RDKafkaErrorCode;

use crate::clients::{client, create_topic, eventually, memory_broker, send_all};
use crate::raw::RawClient;
use crate::transactions::values;
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest};

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_and_errors_do_not_lose_or_double_records() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let settings =
        [("enable.idempotence", "true"), ("retry.backoff.ms", "10"), ("reconnect.backoff.ms", "10")];
    let producer: FutureProducer = client(&bootstrap, &settings).create().unwrap();
    let faults = broker.faults();
    let lost = faults.inject(Fault::drop_response(ApiKey::Produce).after(1).times(2));
    let refused =
        faults.inject(Fault::fail(ApiKey::Produce, ResponseError::NotEnoughReplicas).after(1).times(2));
    let dropped = faults.inject(Fault::drop_connection(ApiKey::Produce).after(1).times(1));
    let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let records: Vec<(&str, &str)> = names.iter().map(|name| ("k", name.as_str())).collect();
    send_all(&producer, "t", &records).await;
    assert_eq!((lost.count(), refused.count(), dropped.count()), (2, 2, 1));
    assert_eq!(values(&bootstrap, "t", "read_uncommitted").await, names);
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_error_reaches_the_client() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    broker
        .faults()
        .inject(Fault::fail(ApiKey::Produce, ResponseError::TopicAuthorizationFailed).from_client("rogue"));
    let rogue: FutureProducer = client(&bootstrap, &[("client.id", "rogue")]).create().unwrap();
    let record = rdkafka::producer::FutureRecord::to("t").key("k").payload("v");
    let (error, _) = rogue.send(record, Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::TopicAuthorizationFailed));
    let honest: FutureProducer = client(&bootstrap, &[("client.id", "honest")]).create().unwrap();
    assert_eq!(send_all(&honest, "t", &[("k", "v")]).await, [0]);
    broker.shutdown().await;
}

#[tokio::test]
async fn delays_refusals_and_closed_connections() {
    let broker = memory_broker().await;
    let faults = broker.faults();
    let mut client = RawClient::connect(broker.local_addr()).await;
    faults.inject(Fault::delay(ApiKey::Metadata, Duration::from_millis(200)).times(1));
    let begin = Instant::now();
    client.call(1, MetadataRequest::default().with_topics(None)).await;
    assert!(begin.elapsed() >= Duration::from_millis(200));
    faults.close_connections();
    assert!(client.try_call(0, ApiVersionsRequest::default()).await.is_none());
    faults.refuse_connections(true);
    let mut refused = RawClient::connect(broker.local_addr()).await;
    assert!(refused.read_frame().await.is_none());
    faults.clear();
    let mut welcome = RawClient::connect(broker.local_addr()).await;
    welcome.call(0, ApiVersionsRequest::default()).await;
    let hits = faults.inject(Fault::drop_connection(ApiKey::ApiVersions).times(1));
    assert!(welcome.try_call(0, ApiVersionsRequest::default()).await.is_none());
    eventually("the hit", || hits.count() == 1).await;
    broker.shutdown().await;
}
