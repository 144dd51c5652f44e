"""The same few calls on three clients that share no code: librdkafka, kafka-python and aiokafka."""

import asyncio
import functools

import aiokafka
import confluent_kafka
import kafka
from confluent_kafka.admin import AdminClient, NewTopic

from checks import BOOTSTRAP, PATIENCE_S, until

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@functools.cache
def admin():
    """One for the whole script: what a client was asked dies with it."""
    return AdminClient({"bootstrap.servers": BOOTSTRAP})


def create_topic(name, partitions=1, **config):
    config = {key.replace("_", "."): value for key, value in config.items()}
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
    admin().create_topics([topic])[name].result(PATIENCE_S)


def rdkafka_produce(topic, codec, records):
    producer = confluent_kafka.Producer({"bootstrap.servers": BOOTSTRAP, "compression.type": codec})
    failed = []
    for key, value, headers in records:
        producer.produce(
            topic, value, key, headers=headers, on_delivery=lambda error, _: error and failed.append(error)
        )
    assert producer.flush(PATIENCE_S) == 0 and not failed, failed


def rdkafka_read(topic, count, **config):
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": "reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "check.crcs": True,
            **{key.replace("_", "."): value for key, value in config.items()},
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    records = []

    def read():
        message = consumer.poll(0.2)
        if message is not None:
            assert message.error() is None, message.error()
            records.append((message.key(), message.value(), message.headers() or []))
        return len(records) >= count

    until(f"{count} records of {topic}", read)
    consumer.close()
    return records


def python_produce(topic, codec, records):
    codec = None if codec == "none" else codec
    producer = kafka.KafkaProducer(bootstrap_servers=BOOTSTRAP, compression_type=codec, acks="all")
    sent = [producer.send(topic, value, key, headers=headers) for key, value, headers in records]
    for future in sent:
        future.get(PATIENCE_S)
    producer.close()


def python_read(topic, count, **config):
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", enable_auto_commit=False, **config
    )
    consumer.assign([kafka.TopicPartition(topic, 0)])
    records = []

    def read():
        for batch in consumer.poll(200).values():
            records.extend((record.key, record.value, list(record.headers)) for record in batch)
        return len(records) >= count

    until(f"{count} records of {topic}", read)
    consumer.close()
    return records


def aio_produce(topic, codec, records):
    async def produce():
        producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=BOOTSTRAP, compression_type=None if codec == "none" else codec, acks="all"
        )
        await producer.start()
        try:
            for key, value, headers in records:
                await producer.send_and_wait(topic, value, key, headers=headers)
        finally:
            await producer.stop()

    asyncio.run(asyncio.wait_for(produce(), PATIENCE_S))


def aio_read(topic, count, **config):
    async def read():
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest", enable_auto_commit=False, **config
        )
        await consumer.start()
        try:
            consumer.assign([aiokafka.TopicPartition(topic, 0)])
            records = []
            while len(records) < count:
                record = await consumer.getone()
                records.append((record.key, record.value, list(record.headers)))
            return records
        finally:
            await consumer.stop()

    return asyncio.run(asyncio.wait_for(read(), PATIENCE_S))


CLIENTS = {
    "librdkafka": (rdkafka_produce, rdkafka_read),
    "kafka-python": (python_produce, python_read),
    "aiokafka": (aio_produce, aio_read),
}
