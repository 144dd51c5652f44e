"""Transactions: commit, abort, fencing, time-out, and offsets that move with the records."""

import asyncio
import time

import aiokafka
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from checks import BOOTSTRAP, PATIENCE_S, check, equal, run, until
from clients import aio_read, create_topic, python_read, rdkafka_produce, rdkafka_read

COMMITTED = {"isolation_level": "read_committed"}
UNCOMMITTED = {"isolation_level": "read_uncommitted"}


def transactional(name, **config):
    config = {key.replace("_", "."): value for key, value in config.items()}
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": name, **config})
    producer.init_transactions(PATIENCE_S)
    return producer


def send(producer, topic, values):
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(PATIENCE_S) == 0


def values(records):
    return [value for _, value, _ in records]


@check
def commit_and_abort():
    create_topic("tx")
    producer = transactional("tx")
    for number, end in [(1, "commit"), (2, "abort"), (3, "commit")]:
        producer.begin_transaction()
        send(producer, "tx", [f"{number}{letter}".encode() for letter in "ab"])
        (producer.commit_transaction if end == "commit" else producer.abort_transaction)(PATIENCE_S)
    expected = [b"1a", b"1b", b"3a", b"3b"]
    equal(values(rdkafka_read("tx", 4, **COMMITTED)), expected)
    equal(values(python_read("tx", 4, **COMMITTED)), expected)
    equal(values(aio_read("tx", 4, **COMMITTED)), expected)
    equal(values(rdkafka_read("tx", 6, **UNCOMMITTED)), [b"1a", b"1b", b"2a", b"2b", b"3a", b"3b"])


@check
def an_open_transaction_hides_what_follows():
    create_topic("tx-open")
    producer = transactional("tx-open")
    producer.begin_transaction()
    send(producer, "tx-open", [b"inside"])
    rdkafka_produce("tx-open", "none", [(None, b"after", [])])
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "x", "isolation.level": "read_committed"})
    consumer.assign([TopicPartition("tx-open", 0, 0)])
    assert consumer.poll(1.0) is None, "a record behind an open transaction"
    producer.commit_transaction(PATIENCE_S)
    equal(values(rdkafka_read("tx-open", 2, **COMMITTED)), [b"inside", b"after"])
    consumer.close()


@check
def a_second_producer_of_the_id_fences_the_first():
    create_topic("tx-fence")
    first = transactional("tx-fence")
    first.begin_transaction()
    send(first, "tx-fence", [b"lost"])
    second = transactional("tx-fence")
    try:
        first.commit_transaction(PATIENCE_S)
        raise AssertionError("the fenced producer has committed")
    except KafkaException as error:
        assert error.args[0].code() in (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH), error
    second.begin_transaction()
    send(second, "tx-fence", [b"kept"])
    second.commit_transaction(PATIENCE_S)
    equal(values(rdkafka_read("tx-fence", 1, **COMMITTED)), [b"kept"])


@check
def a_transaction_times_out():
    create_topic("tx-late")
    producer = transactional("tx-late", transaction_timeout_ms=1500)
    producer.begin_transaction()
    send(producer, "tx-late", [b"late"])
    rdkafka_produce("tx-late", "none", [(None, b"after", [])])
    started = time.monotonic()
    equal(values(rdkafka_read("tx-late", 1, **COMMITTED)), [b"after"])
    try:
        producer.commit_transaction(PATIENCE_S)
        raise AssertionError("committed after its time")
    except KafkaException:
        pass
    return f"aborted after {time.monotonic() - started:.1f} s"


@check
def offsets_move_with_the_records():
    create_topic("tx-in")
    create_topic("tx-out")
    rdkafka_produce("tx-in", "none", [(None, str(n).encode(), []) for n in range(10)])
    consumer = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": "tx-group",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["tx-in"])
    producer = transactional("tx-move")
    for end in ["abort", "commit"]:
        producer.begin_transaction()
        got = []

        def read():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                got.append(message)
            return len(got) == 10

        until("10 records", read)
        send(producer, "tx-out", [message.value() for message in got])
        position = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), PATIENCE_S)
        partition = TopicPartition("tx-in", 0)
        if end == "abort":
            producer.abort_transaction(PATIENCE_S)
            equal(consumer.committed([partition], PATIENCE_S)[0].offset, -1001)
            consumer.seek(TopicPartition("tx-in", 0, 0))
        else:
            producer.commit_transaction(PATIENCE_S)
            equal(consumer.committed([partition], PATIENCE_S)[0].offset, 10)
    consumer.close()
    equal(values(rdkafka_read("tx-out", 10, **COMMITTED)), [str(n).encode() for n in range(10)])


@check
def aiokafka_commits_and_aborts():
    create_topic("tx-aio")

    async def produce():
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id="tx-aio")
        await producer.start()
        try:
            await producer.begin_transaction()
            await producer.send_and_wait("tx-aio", b"aborted")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait("tx-aio", b"committed")
        finally:
            await producer.stop()

    asyncio.run(asyncio.wait_for(produce(), PATIENCE_S))
    equal(values(rdkafka_read("tx-aio", 1, **COMMITTED)), [b"committed"])


run()
