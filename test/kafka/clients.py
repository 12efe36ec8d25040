"""Kafka clients that are not ours: python3-kafka, which is pure Python, and npm's kafkajs. Both read
all that a topic has and publish what a test wants, with Avro by python3-avro and by avsc."""
import functools
import json
import os
import uuid

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from process import BUILD, ROOT, Failure
from readers import Filter, Python

AVRO = Python()


# ---- Avro in Confluent's frame ----

def schema_file(name):
    """The newest schema of a type: "shop.product.v1.CreateProduct"."""
    folder, short = name.split(".")[1], name.split(".")[-1]
    return os.path.join(ROOT, "schemas", folder, f"{short}.avsc")


@functools.lru_cache
def schema_ids():
    """{id: full name} of schemas.lock; the subject is the name, or TOPIC-name."""
    ids = {}
    with open(os.path.join(ROOT, "schemas", "schemas.lock"), encoding="ascii") as lock:
        for line in lock:
            if not line.startswith("#"):
                number, _, _, subject = line.split()
                ids[int(number)] = subject.rsplit("-", 1)[-1]
    return ids


def encode(name, value):
    """A record's value: the frame of the newest schema, then Avro."""
    number = max(number for number, type_name in schema_ids().items() if type_name == name)
    return b"\0" + number.to_bytes(4, "big") + bytes.fromhex(AVRO.encode(schema_file(name), value))


def decode(value):
    """(type, value) of a framed record."""
    if value is None or len(value) < 5 or value[0] != 0:
        raise Failure(f"not framed: {value!r}")
    name = schema_ids().get(int.from_bytes(value[1:5], "big"))
    if name is None:
        raise Failure(f"no such schema: {value[:5].hex()}")
    return name, AVRO.decode(schema_file(name), value[5:].hex())


def headers(name, source="/test/python", number=None, **more):
    """The four that a record from outside must have."""
    return {"ce_specversion": "1.0", "ce_id": number or str(uuid.uuid4()), "ce_source": source,
            "ce_type": name, **more}


# ---- python3-kafka ----

class Record:
    def __init__(self, partition, offset, key, value, headers, timestamp_ms):
        self.partition, self.offset, self.key, self.value = partition, offset, key, value
        self.headers, self.timestamp_ms = headers, timestamp_ms

    @property
    def type(self):
        return self.headers.get("ce_type")

    @property
    def json(self):
        """The decoded value; its type must be what the header says."""
        name, value = decode(self.value)
        assert name == self.type, f"the header says {self.type}, the schema {name}: {self}"
        return value

    def __repr__(self):
        return f"[{self.partition}]@{self.offset} {self.key!r} {self.headers} {self.value!r}"


MARKERS = (b"\0\0\0\0", b"\0\0\0\1")  # keys of a transaction's end: aborted, committed


def text(value):
    return None if value is None else value.decode("utf-8", "backslashreplace")


def read(broker, topic, begin=None):
    """All records of a topic up to its ends of now, as {partition: [Record]}; `begin` has the offset
    to begin with, by partition. This client knows nothing of transactions: it reads what was aborted
    like any other record, and their markers, which are dropped here, as records."""
    consumer = KafkaConsumer(bootstrap_servers=broker.address, enable_auto_commit=False, group_id=None,
                             check_crcs=True)
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise Failure(f"there is no topic {topic}")
        parts = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(parts)
        starts, ends = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
        for part in parts:
            consumer.seek(part, max(starts[part], (begin or {}).get(part.partition, 0)))
        records = {part.partition: [] for part in parts}
        rounds = 0
        while any(consumer.position(part) < ends[part] for part in parts):
            rounds += 1
            if rounds > 300:
                raise Failure(f"{topic} does not come to its end: {ends}")
            for part, batch in consumer.poll(timeout_ms=200).items():
                records[part.partition] += [
                    Record(part.partition, got.offset, text(got.key), got.value,
                           {name: text(value) for name, value in got.headers}, got.timestamp)
                    for got in batch if got.offset < ends[part] and got.key not in MARKERS]
        return records
    finally:
        consumer.close()


def read_all(broker, topic):
    """The same in one list."""
    return [record for records in read(broker, topic).values() for record in records]


class Publisher:
    """Sends, and knows where what it sent lies."""

    def __init__(self, broker, compression="lz4"):
        self.producer = KafkaProducer(bootstrap_servers=broker.address, acks="all",
                                      compression_type=compression,
                                      # Without idempotence one at a time keeps the order, and what is
                                      # sent twice over a broker's end has the same ce_id.
                                      retries=1000, max_in_flight_requests_per_connection=1)

    def raw(self, topic, key, value, header_values=None, partition=None):
        """(partition, offset); what is not bytes is taken as text."""
        def octets(part):
            return part.encode() if isinstance(part, str) else part
        sent = self.producer.send(topic, key=octets(key), value=octets(value), partition=partition,
                                  headers=[(name, octets(part))
                                           for name, part in (header_values or {}).items()])
        where = sent.get(30)
        return where.partition, where.offset

    def publish(self, topic, key, name, value, **more):
        """A typed one with the four headers; returns its ce_id."""
        envelope = headers(name, **more)
        self.raw(topic, key, encode(name, value), envelope)
        return envelope["ce_id"]

    def burst(self, topic, commands, source="/test/python"):
        """Sends all (key, type, value) before it waits for any; returns their ce_ids."""
        sent = []
        for key, name, value in commands:
            envelope = headers(name, source)
            sent.append((envelope["ce_id"], self.producer.send(
                topic, key=key.encode(), value=encode(name, value),
                headers=[(header, part.encode()) for header, part in envelope.items()])))
        self.producer.flush(60)
        for _, future in sent:
            future.get(60)
        return [number for number, _ in sent]

    def close(self):
        self.producer.close()


# ---- kafkajs ----

class KafkaJs:
    """kafkajs.js, which answers a line with a line."""

    def __init__(self, broker):
        self.filter = Filter("node", os.path.join(ROOT, "test", "kafka", "kafkajs.js"),
                             os.path.join(BUILD, "node-kafka"), broker.address)

    def close(self):
        """True if it ended as it should."""
        return self.filter.close()

    def call(self, **request):
        answer = json.loads(self.filter.ask(json.dumps(request)))
        if "error" in answer:
            raise Failure(f"kafkajs: {answer['error']}")
        return answer["ok"]

    def read(self, topic):
        """[{partition, offset, key, headers, type, value}] of all that the topic has now."""
        schemas = {str(number): schema_file(name) for number, name in schema_ids().items()
                   if os.path.exists(schema_file(name))}
        return self.call(op="read", topic=topic, schemas=schemas)

    def publish(self, topic, key, name, value, source="/test/kafkajs", number=None, **more):
        """Returns {partition, offset, id}."""
        envelope = headers(name, source, number, **more)
        schema_id = max(n for n, type_name in schema_ids().items() if type_name == name)
        sent = self.call(op="send", topic=topic, key=key, headers=envelope, id=schema_id,
                         schema=schema_file(name), value=value)
        return {**sent, "id": envelope["ce_id"]}

    def transaction(self, topic, key, name, value, commit):
        """One record in a transaction, which leaves a hole behind it; aborted, it is one itself."""
        schema_id = max(n for n, type_name in schema_ids().items() if type_name == name)
        envelope = headers(name, "/test/kafkajs")
        sent = self.call(op="transaction", topic=topic, key=key, headers=envelope, id=schema_id,
                         schema=schema_file(name), value=value, commit=commit)
        return {**sent, "id": envelope["ce_id"]}
