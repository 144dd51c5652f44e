"""Every codec from every client to every client: keys, values and headers arrive as they were sent."""

from checks import check, equal, run
from clients import CLIENTS, CODECS, create_topic

RECORDS = [
    (f"key-{number}".encode(), (f"value-{number} " * (1 + number % 50)).encode(), [("h", str(number).encode())])
    for number in range(60)
] + [(None, b"", []), (b"", None, [("empty", b""), ("empty", b"again")])]


def matrix(codec):
    for name, (produce, _) in CLIENTS.items():
        topic = f"codec-{codec}-{name}"
        create_topic(topic)
        produce(topic, codec, RECORDS)
        for reader, (_, read) in CLIENTS.items():
            records = read(topic, len(RECORDS))
            assert records == RECORDS, f"{name} to {reader}: {[pair for pair in zip(records, RECORDS) if pair[0] != pair[1]][:2]}"


@check
def recompressed_by_the_topic():
    """A topic may keep its records in a codec of its own."""
    for codec in CODECS:
        topic = f"topic-codec-{codec}"
        create_topic(topic, compression_type="uncompressed" if codec == "none" else codec)
        CLIENTS["kafka-python"][0](topic, "gzip", RECORDS)
        equal(CLIENTS["librdkafka"][1](topic, len(RECORDS)), RECORDS)


for codec in CODECS:

    def one(codec=codec):
        matrix(codec)

    one.__name__ = codec
    check(one)

run()
