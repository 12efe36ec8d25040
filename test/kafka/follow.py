"""All records of topics, read by a Kafka client and an Avro that are not ours, from where the reading
before ended: for tests that look again and again at logs that grow."""
import functools
import io
import json

import avro.io
import avro.schema
from clients import MARKERS, Record, schema_file, schema_ids, text
from kafka import KafkaConsumer, TopicPartition
from process import Failure
from readers import load

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


class Follower:
    def __init__(self, broker, topics, partitions=(0, 1)):
        self.broker, self.topics = broker, tuple(topics)
        self.parts = [TopicPartition(topic, number) for topic in topics for number in partitions]
        self.next = {part: 0 for part in self.parts}
        self.open = self.of = None  # the client, and the pid of the broker that it talks to

    def consumer(self):
        """A new one for each life of the broker, as it may have been killed meanwhile."""
        if self.of != self.broker.pid:
            self.close()
            self.open = KafkaConsumer(bootstrap_servers=self.broker.address, enable_auto_commit=False,
                                      group_id=None, check_crcs=True, max_poll_records=100000)
            self.open.assign(self.parts)
            self.of = self.broker.pid
        return self.open

    def close(self):
        if self.open:
            self.open.close()
        self.open = self.of = None

    def ends(self):
        """{(topic, partition): the offset that comes next}"""
        return {(part.topic, part.partition): end
                for part, end in self.consumer().end_offsets(self.parts).items()}

    def read(self):
        """{topic: [Record]} of what came since, up to the ends of now."""
        consumer = self.consumer()
        ends = consumer.end_offsets(self.parts)
        for part in self.parts:
            consumer.seek(part, self.next[part])
        records = {topic: [] for topic in self.topics}
        for _ in range(POLLS_MAX):
            if all(consumer.position(part) >= ends[part] for part in self.parts):
                break
            for part, batch in consumer.poll(timeout_ms=200).items():
                records[part.topic] += [
                    Record(part.partition, got.offset, text(got.key), got.value,
                           {name: text(value) for name, value in got.headers}, got.timestamp)
                    for got in batch if got.offset < ends[part] and got.key not in MARKERS]
        else:
            raise Failure(f"the topics do not come to their ends: {ends}")
        self.next = ends
        return records
