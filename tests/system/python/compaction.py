"""A compacted topic keeps the last value of each key, in order and at its offset."""

from confluent_kafka import Consumer, TopicPartition

from checks import BOOTSTRAP, check, equal, run, until
from clients import create_topic, rdkafka_produce


def everything(topic):
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "x", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    records = []
    while True:
        message = consumer.poll(10)
        assert message is not None, "no end of partition"
        if message.error() is not None:
            consumer.close()
            return records
        records.append((message.offset(), message.key(), message.value()))


@check
def the_last_value_of_each_key_stays():
    create_topic(
        "compacted",
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
    )
    # The embedded broker leaves less than 1 MB as it is.
    padding = b"." * 20000
    sent = [(f"key-{n % 5}".encode(), f"value-{n}".encode() + padding, []) for n in range(100)]
    sent += [(b"key-0", None, [])]
    rdkafka_produce("compacted", "none", sent)

    def is_compact():
        kept = everything("compacted")
        return len(kept) <= 6 and kept

    rdkafka_produce("compacted", "none", [(b"last", b"x", [])])
    kept = until("it is compacted", is_compact)
    wanted = [(95 + n, f"key-{n}".encode(), f"value-{95 + n}".encode() + padding) for n in range(1, 5)]
    equal([record for record in kept if record[2] is not None], [*wanted, (101, b"last", b"x")])


run()
