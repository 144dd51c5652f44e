"""Prints the values of all records of a topic that a reader of committed records sees."""

import sys

from confluent_kafka import Consumer, TopicPartition

from checks import BOOTSTRAP

consumer = Consumer(
    {
        "bootstrap.servers": BOOTSTRAP,
        "group.id": "x",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
)
consumer.assign([TopicPartition(sys.argv[2], 0, 0)])
while True:
    message = consumer.poll(30)
    assert message is not None, "no end of partition"
    if message.error() is not None:
        break
    print(message.value().decode())
