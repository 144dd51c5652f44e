"""Groups with every assignor: each partition has one owner, also after members come and go."""

import kafka
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from checks import BOOTSTRAP, check, equal, run, until
from clients import admin, create_topic, rdkafka_produce

PARTITIONS = 6
create_topic("grouped", PARTITIONS)


def member(group, **config):
    consumer = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": group,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 500,
            "auto.offset.reset": "earliest",
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )
    consumer.subscribe(["grouped"])
    return consumer


def shared(members, sizes):
    """Polls until the members own all partitions in shares of these sizes, each partition once."""

    def is_shared():
        for consumer in members:
            consumer.poll(0.05)
        owned = [sorted(part.partition for part in consumer.assignment()) for consumer in members]
        everything = sorted(part for share in owned for part in share)
        return everything == list(range(PARTITIONS)) and sorted(map(len, owned)) == sorted(sizes) and owned

    return until(f"shares of {sizes}", is_shared)


def come_and_go(strategy):
    group = f"group-{strategy}"
    first = member(group, partition_assignment_strategy=strategy)
    shared([first], [6])
    second = member(group, partition_assignment_strategy=strategy)
    third = member(group, partition_assignment_strategy=strategy)
    shared([first, second, third], [2, 2, 2])
    third.close()
    shared([first, second], [3, 3])
    first.close()
    second.close()


@check
def range_of_librdkafka():
    come_and_go("range")


@check
def roundrobin_of_librdkafka():
    come_and_go("roundrobin")


@check
def cooperative_sticky_of_librdkafka():
    come_and_go("cooperative-sticky")


@check
def assignors_of_kafka_python():
    for assignor in [RangePartitionAssignor, RoundRobinPartitionAssignor, StickyPartitionAssignor]:
        members = [
            kafka.KafkaConsumer(
                "grouped",
                bootstrap_servers=BOOTSTRAP,
                group_id=f"python-{assignor.name}",
                partition_assignment_strategy=[assignor],
                session_timeout_ms=6000,
                heartbeat_interval_ms=500,
            )
            for _ in range(2)
        ]

        def is_shared():
            for consumer in members:
                consumer.poll(50)
            owned = [{part.partition for part in consumer.assignment()} for consumer in members]
            return owned[0] | owned[1] == set(range(PARTITIONS)) and not owned[0] & owned[1] and owned

        owned = until(f"{assignor.name} shares", is_shared)
        equal(sorted(map(len, owned)), [3, 3])
        for consumer in members:
            consumer.close()


@check
def a_static_member_comes_back_to_its_partitions():
    names = ["one", "two"]
    members = [member("static", group_instance_id=name) for name in names]
    before = shared(members, [3, 3])
    members[1].close()
    members[1] = member("static", group_instance_id="two")
    equal(shared(members, [3, 3]), before)
    for consumer in members:
        consumer.close()


@check
def a_second_static_member_of_the_name_fences_the_first():
    first = member("fenced-static", group_instance_id="same")
    shared([first], [6])
    second = member("fenced-static", group_instance_id="same")
    shared([second], [6])

    def is_fenced():
        message = first.poll(0.1)
        return message is not None and message.error() is not None and message.error().name()

    errors = until("the first member is fenced", is_fenced)
    assert errors in ("_FATAL", "FENCED_INSTANCE_ID"), errors
    second.close()


@check
def offsets_are_kept_for_the_next_member():
    rdkafka_produce("grouped", "none", [(str(n).encode(), b"x", []) for n in range(30)])
    first = member("offsets", enable_auto_commit=False)
    seen = []

    def read():
        message = first.poll(0.1)
        if message is not None and message.error() is None:
            seen.append(message)
        return len(seen) == 30

    until("30 records", read)
    first.commit(asynchronous=False)
    first.close()
    second = member("offsets", enable_auto_commit=False)
    shared([second], [6])
    assert second.poll(1.0) is None, "a committed record came again"
    second.close()
    kept = admin().list_consumer_group_offsets(
        [ConsumerGroupTopicPartitions("offsets", [TopicPartition("grouped", n) for n in range(PARTITIONS)])]
    )["offsets"].result(30)
    equal(sum(part.offset for part in kept.topic_partitions if part.offset > 0), 30)


run()
