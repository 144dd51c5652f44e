"""Administrative calls: what they do, and the error codes of what can't be done."""

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)

from checks import BOOTSTRAP, check, equal, run, until
from clients import admin, create_topic, rdkafka_produce, rdkafka_read


def refused(code, futures):
    """The one future of a call must fail with this code."""
    (future,) = futures.values()
    try:
        future.result(30)
    except KafkaException as error:
        equal(error.args[0].name(), code)
        return
    raise AssertionError(f"no error instead of {code}")


def configs(topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    return {name: entry.value for name, entry in admin().describe_configs([resource])[resource].result(30).items()}


@check
def topics_come_and_go():
    create_topic("admin-topic", 3, cleanup_policy="compact", retention_ms="1000")
    known = admin().list_topics(timeout=30).topics["admin-topic"]
    equal(len(known.partitions), 3)
    refused("TOPIC_ALREADY_EXISTS", admin().create_topics([NewTopic("admin-topic", 1, 1)]))
    admin().delete_topics(["admin-topic"])["admin-topic"].result(30)
    until("the topic is gone", lambda: "admin-topic" not in admin().list_topics(timeout=30).topics)
    refused("UNKNOWN_TOPIC_OR_PART", admin().delete_topics(["admin-topic"]))


@check
def what_makes_no_topic():
    refused("INVALID_REPLICATION_FACTOR", admin().create_topics([NewTopic("x", 1, 2)]))
    refused("INVALID_PARTITIONS", admin().create_topics([NewTopic("x", 0, 1)]))
    refused("TOPIC_EXCEPTION", admin().create_topics([NewTopic("a/b", 1, 1)]))
    refused("TOPIC_EXCEPTION", admin().create_topics([NewTopic("x" * 250, 1, 1)]))
    refused("INVALID_CONFIG", admin().create_topics([NewTopic("x", 1, 1, config={"cleanup.policy": "bogus"})]))
    refused("INVALID_CONFIG", admin().create_topics([NewTopic("x", 1, 1, config={"no.such.key": "1"})]))
    admin().create_topics([NewTopic("x", 1, 1)], validate_only=True)["x"].result(30)
    assert "x" not in admin().list_topics(timeout=30).topics


@check
def partitions_only_grow():
    create_topic("admin-grow", 2)
    admin().create_partitions([NewPartitions("admin-grow", 4)])["admin-grow"].result(30)
    until("4 partitions", lambda: len(admin().list_topics("admin-grow", 30).topics["admin-grow"].partitions) == 4)
    refused("INVALID_PARTITIONS", admin().create_partitions([NewPartitions("admin-grow", 3)]))
    refused("UNKNOWN_TOPIC_OR_PART", admin().create_partitions([NewPartitions("no-such-topic", 3)]))


@check
def settings_change_one_at_a_time():
    create_topic("admin-config", 1, retention_ms="1000")
    equal(configs("admin-config")["retention.ms"], "1000")
    change = ConfigResource(
        ConfigResource.Type.TOPIC,
        "admin-config",
        incremental_configs=[
            ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry("retention.ms", None, incremental_operation=AlterConfigOpType.DELETE),
        ],
    )
    admin().incremental_alter_configs([change])[change].result(30)
    now = configs("admin-config")
    equal((now["cleanup.policy"], now["retention.ms"]), ("compact", "604800000"))
    bad = ConfigResource(
        ConfigResource.Type.TOPIC,
        "admin-config",
        incremental_configs=[ConfigEntry("cleanup.policy", "bogus", incremental_operation=AlterConfigOpType.SET)],
    )
    refused("INVALID_CONFIG", admin().incremental_alter_configs([bad]))
    unknown = ConfigResource(ConfigResource.Type.TOPIC, "no-such-topic")
    refused("UNKNOWN_TOPIC_OR_PART", admin().describe_configs([unknown]))


@check
def records_before_an_offset_can_be_deleted():
    create_topic("admin-delete")
    rdkafka_produce("admin-delete", "none", [(None, str(n).encode(), []) for n in range(10)])
    admin().delete_records([TopicPartition("admin-delete", 0, 6)])[TopicPartition("admin-delete", 0)].result(30)
    equal([value for _, value, _ in rdkafka_read("admin-delete", 4)], [b"6", b"7", b"8", b"9"])
    partition = TopicPartition("admin-delete", 0)
    bounds = [
        admin().list_offsets({partition: spec})[partition].result(30).offset
        for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
    ]
    equal(bounds, [6, 10])
    refused("OFFSET_OUT_OF_RANGE", admin().delete_records([TopicPartition("admin-delete", 0, 11)]))


@check
def a_record_that_is_too_large_is_refused():
    create_topic("admin-large", max_message_bytes="2000")
    producer = Producer({"bootstrap.servers": BOOTSTRAP})
    errors = []
    producer.produce("admin-large", b"x" * 5000, on_delivery=lambda error, _: errors.append(error))
    producer.flush(30)
    equal([error.code() for error in errors], [KafkaError.MSG_SIZE_TOO_LARGE])


@check
def groups_are_listed_and_deleted():
    create_topic("admin-group")
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "admin-group"})
    consumer.subscribe(["admin-group"])
    until("the group has its partition", lambda: consumer.poll(0.1) or consumer.assignment())
    refused("NON_EMPTY_GROUP", admin().delete_consumer_groups(["admin-group"]))
    described = admin().describe_consumer_groups(["admin-group"])["admin-group"].result(30)
    equal((described.state.name, len(described.members)), ("STABLE", 1))
    consumer.close()
    admin().delete_consumer_groups(["admin-group"])["admin-group"].result(30)
    refused("GROUP_ID_NOT_FOUND", admin().delete_consumer_groups(["admin-group"]))
    listed = admin().list_consumer_groups().result(30).valid
    assert "admin-group" not in [group.group_id for group in listed]


run()
