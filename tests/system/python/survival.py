"""Sends numbers for ever, and tells each that was acknowledged. Whoever runs it kills the broker, and then this.

With a second argument, reads the topic instead and tells what is in it.
"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition

from checks import BOOTSTRAP

TOPIC = "survival"


def told(error, message):
    if error is None:
        print(int(message.value()), flush=True)


def send():
    producer = Producer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "enable.idempotence": True,
            "linger.ms": 1,
            "reconnect.backoff.max.ms": 200,
            "message.timeout.ms": 60000,
        }
    )
    number = 0
    while True:
        try:
            producer.produce(TOPIC, str(number), on_delivery=told)
            number += 1
        except BufferError:
            producer.poll(0.1)
        producer.poll(0)
        if number % 100 == 0:
            producer.poll(0.01)


def read():
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "x", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    while True:
        message = consumer.poll(30)
        assert message is not None, "no end of partition"
        if message.error() is not None:
            return
        print(int(message.value()))


send() if len(sys.argv) == 2 else read()
