"""An independent client of a schema registry: reads a message of ours, and writes one that we read.

client.py FORMAT URL HEX prints {"read": ..., "written": HEX}; topics are "ours" and "theirs".
"""

import json
import sys

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.serialization import MessageField, SerializationContext

form, url, ours = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
registry = SchemaRegistryClient({"url": url})
reading = SerializationContext("ours", MessageField.VALUE)
writing = SerializationContext("theirs", MessageField.VALUE)


def avro():
    from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer

    read = AvroDeserializer(registry)(ours, reading)
    registry.register_schema("color", Schema(
        '{"type":"enum","name":"Color","namespace":"n","symbols":["RED","BLUE"]}', "AVRO"))
    schema = Schema(json.dumps({
        "type": "record", "name": "Theirs", "namespace": "n", "fields": [
            {"name": "color", "type": "n.Color"},
            {"name": "text", "type": ["null", "string"], "default": None},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "sizes", "type": {"type": "map", "values": "double"}},
            {"name": "either", "type": ["int", "string"]},
        ]}), "AVRO", [SchemaReference("n.Color", "color", 1)])
    from decimal import Decimal
    value = {"color": "BLUE", "text": "grüße", "price": Decimal("-1.25"), "sizes": {"a": 0.5}, "either": "e"}
    return read, AvroSerializer(registry, schema)(value, writing)


def json_schema():
    from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer

    schema = registry.get_latest_version("ours-value").schema
    read = JSONDeserializer(schema, None, registry)(ours, reading)
    theirs = json.dumps({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": "Theirs", "type": "object",
        "required": ["text"], "properties": {
            "text": {"type": "string"},
            "number": {"type": ["null", "number"]},
            "tags": {"type": "array", "items": {"type": "string"}},
        }})
    value = {"text": "grüße", "number": 1.5, "tags": ["a"]}
    return read, JSONSerializer(theirs, registry)(value, writing)


def protobuf():
    from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    pool = descriptor_pool.DescriptorPool()

    def message(file, name, fields):
        proto = descriptor_pb2.FileDescriptorProto(name=file, package="n", syntax="proto3")
        described = proto.message_type.add(name=name)
        for number, (field, kind, label) in fields.items():
            described.field.add(name=field, number=number, type=kind, label=label)
        pool.Add(proto)
        return message_factory.GetMessageClass(pool.FindMessageTypeByName("n." + name))

    one, many = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
    # Only some of our fields: the others are unknown to the client, which must be able to skip them.
    mine = message("mine.proto", "Ours", {
        1: ("small", kinds.TYPE_INT32, one), 2: ("long", kinds.TYPE_INT64, one), 4: ("text", kinds.TYPE_STRING, one),
        5: ("half", kinds.TYPE_DOUBLE, one), 6: ("yes", kinds.TYPE_BOOL, one), 7: ("list", kinds.TYPE_STRING, many)})
    config = {"use.deprecated.format": False}
    # It asks a registry for compiled schemas, which this one can not give.
    read = ProtobufDeserializer(mine, config)(ours, reading)
    theirs = message("theirs.proto", "Theirs", {
        1: ("text", kinds.TYPE_STRING, one), 2: ("number", kinds.TYPE_SINT64, one), 3: ("tags", kinds.TYPE_STRING, many)})
    value = theirs(text="grüße", number=-5, tags=["a"])
    written = ProtobufSerializer(theirs, registry, config)(value, writing)
    return json_format.MessageToDict(read), written


read, written = {"avro": avro, "json": json_schema, "protobuf": protobuf}[form]()
print(json.dumps({"read": read, "written": written.hex()}, default=str))
