"""All records of the topics that a round writes, read by a Kafka client and an Avro that are not ours,
from where the round before ended."""
import functools
import io
import json

import avro.io
import avro.schema
from clients import Record, schema_file, schema_ids
from kafka import KafkaConsumer, TopicPartition
from process import Failure
from readers import load

INBOX = "shop.product.inbox.v1"
EVENTS = "shop.product.events.v1"
DEAD = "shop.product.inbox.v1.dlt"
ORDER = "shop.order.inbox.v1"
PARTITIONS = (0, 1)
TOPICS = (INBOX, EVENTS, DEAD, ORDER)
POLLS_MAX = 300


@functools.lru_cache
def decoder(schema_id):
    """(type, its reader); thousands of records are read with it, so it is made once."""
    name = schema_ids().get(schema_id)
    if name is None:
        raise Failure(f"no such schema: {schema_id}")
    return name, avro.io.DatumReader(avro.schema.parse(json.dumps(load(schema_file(name)))))


def decode(record):
    """The value; its schema must be of the type that the header says."""
    if record.value[:1] != b"\0":
        raise Failure(f"not framed: {record}")
    name, reader = decoder(int.from_bytes(record.value[1:5], "big"))
    if name != record.type:
        raise Failure(f"the header says {record.type}, the schema {name}: {record}")
    return reader.read(avro.io.BinaryDecoder(io.BytesIO(record.value[5:])))


def text(value):
    return None if value is None else value.decode("utf-8", "backslashreplace")


class Reader:
    def __init__(self, broker):
        self.broker = broker
        self.parts = [TopicPartition(topic, number) for topic in TOPICS for number in PARTITIONS]
        self.next = {part: 0 for part in self.parts}

    def consumer(self):
        """A new one each time: the broker may have been killed meanwhile."""
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address, enable_auto_commit=False,
                                 group_id=None, check_crcs=True, max_poll_records=100000)
        consumer.assign(self.parts)
        return consumer

    def ends(self):
        """{partition of the inbox: the offset that comes next}"""
        consumer = self.consumer()
        try:
            ends = consumer.end_offsets([part for part in self.parts if part.topic == INBOX])
            return {part.partition: end for part, end in ends.items()}
        finally:
            consumer.close()

    def read(self):
        """{topic: [Record]} of what came since, up to the ends of now."""
        consumer = self.consumer()
        try:
            ends = consumer.end_offsets(self.parts)
            for part in self.parts:
                consumer.seek(part, self.next[part])
            records = {topic: [] for topic in TOPICS}
            for _ in range(POLLS_MAX):
                if all(consumer.position(part) >= ends[part] for part in self.parts):
                    break
                for part, batch in consumer.poll(timeout_ms=200).items():
                    records[part.topic] += [
                        Record(part.partition, got.offset, text(got.key), got.value,
                               {name: text(value) for name, value in got.headers}, got.timestamp)
                        for got in batch if got.offset < ends[part]]
            else:
                raise Failure(f"the topics do not come to their ends: {ends}")
            self.next = ends
            return records
        finally:
            consumer.close()
