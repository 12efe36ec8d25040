"""What tests of bad input share: records byte by byte, the numbered messages of a service that is not
there, metrics, and a broker's log with its tail cut off. The hashes are written a second time here, as
somebody in another language would write them."""
import glob
import os
import re
import struct

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions
from kafka.partitioner.default import murmur2
from process import Failure, until

INBOX, EVENTS, DLT = "shop.product.inbox.v1", "shop.product.events.v1", "shop.product.inbox.v1.dlt"
ORDERS = "shop.order.inbox.v1"
PRODUCT, EVT = "shop.product.v1.", "shop.evt.v1."
PARTITIONS = 2


def partition_of(key):
    return (murmur2(key.encode()) & 0x7fffffff) % PARTITIONS


def key_in(partition, stem):
    """stem-N for the first N that lies in this partition."""
    return next(f"{stem}-{number}" for number in range(100) if partition_of(f"{stem}-{number}") == partition)


# ---- records, byte by byte ----

class Raw:
    def __init__(self, key, value, headers, partition, offset=None, timestamp=None):
        self.key, self.value, self.headers, self.partition = key, value, headers, partition
        self.offset, self.timestamp = offset, timestamp

    def header(self, name):
        return dict(self.headers).get(name)

    def text(self, name):
        value = self.header(name)
        return None if value is None else value.decode("utf-8", "backslashreplace")

    def __repr__(self):
        return f"[{self.partition}]@{self.offset} {self.key!r} {self.headers} {self.value!r:.200}"


class RawPublisher:
    def __init__(self, broker, compression=None):
        self.producer = KafkaProducer(bootstrap_servers=broker.address, acks="all", retries=1000,
                                      compression_type=compression, max_request_size=32 << 20,
                                      max_in_flight_requests_per_connection=1)

    def send(self, record, topic=INBOX):
        """The record with its place and time in the log."""
        got = self.producer.send(topic, key=record.key, value=record.value, partition=record.partition,
                                 headers=record.headers).get(30)
        record.offset, record.timestamp = got.offset, got.timestamp
        return record

    def close(self):
        self.producer.close()


def read_raw(broker, topic):
    """All records, in each partition's order."""
    consumer = KafkaConsumer(bootstrap_servers=broker.address, enable_auto_commit=False, group_id=None,
                             max_partition_fetch_bytes=4 << 20)
    try:
        parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        ends, records = consumer.end_offsets(parts), []
        for _ in range(300):
            if all(consumer.position(part) >= ends[part] for part in parts):
                return sorted(records, key=lambda record: (record.partition, record.offset))
            for batch in consumer.poll(timeout_ms=200).values():
                records += [Raw(got.key, got.value, got.headers, got.partition, got.offset, got.timestamp)
                            for got in batch]
        raise Failure(f"{topic} does not come to its end: {ends}")
    finally:
        consumer.close()


# ---- topics, without a JVM for each ----

def admin(broker, do):
    client = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        return do(client)
    finally:
        client.close()


def topics(broker):
    return set(admin(broker, lambda client: client.list_topics()))


def delete(broker, *names):
    """Waits until they are gone."""
    def do(client):
        client.delete_topics(list(names))
        until(lambda: not set(names) & set(client.list_topics()), f"{names} are deleted")
    admin(broker, do)


def widen(broker, topic, partitions):
    """Waits until it has so many."""
    def do(client):
        client.create_partitions({topic: NewPartitions(partitions)})
        until(lambda: len(client.describe_topics([topic])[0]["partitions"]) == partitions, f"{topic} is wider")
    admin(broker, do)


# ---- numbered messages ----

MASK = (1 << 64) - 1


def siphash(data, key=b"evt log chain v1"):
    """SipHash-2-4 with the project's key."""
    def rotate(word, bits):
        return (word << bits | word >> 64 - bits) & MASK

    def rounds(v, count):
        for _ in range(count):
            v[0] = v[0] + v[1] & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = v[2] + v[3] & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    low, high = struct.unpack("<QQ", key)
    v = [low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d, low ^ 0x6c7967656e657261, high ^ 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def u64(number):
    return struct.pack("<Q", number)


def field(data):
    return u64(len(data)) + data


class Sender:
    """A shard of another service, as the receiver sees it: numbered, chained messages to one partition."""

    def __init__(self, partition, service="order", lineage="0123456789abcdef", stream="product.inbox"):
        self.source = f"/shop/{service}/0/{lineage}"
        self.stream, self.partition, self.number = stream, partition, 0
        self.chain = siphash(field(self.source.encode()) + field(stream.encode()) + u64(partition))

    def next(self, key, name, value):
        """The next message; `value` has its frame."""
        self.number += 1
        self.chain = siphash(u64(self.chain) + field(name.encode()) + field(key.encode()) + value[5:])
        return self.message(self.number, self.chain, key, name, value)

    def message(self, number, chain, key, name, value, partition=None):
        return Raw(key.encode(), value,
                   [("ce_specversion", b"1.0"),
                    ("ce_id", f"{self.stream}.{self.partition}.{number}-{chain:016x}".encode()),
                    ("ce_source", self.source.encode()), ("ce_type", name.encode())],
                   self.partition if partition is None else partition)


# ---- what a service says of itself ----

def metric(service, name, **labels):
    """The sum over all that have these labels."""
    total = 0.0
    for line in service.ask("GET", "/metrics").expect(200).text.splitlines():
        match = re.match(rf"{name}(?:\{{(.*)\}})? ([0-9.e+-]+)$", line)
        if match and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', match[1] or "")).items():
            total += float(match[2])
    return total


def reason(service):
    """Why it is not ready: what /readyz says."""
    answer = service.ask("GET", "/readyz")
    assert answer.status == 503, answer
    return answer.json["detail"]


# ---- a broker's log, while the broker is down ----

def batches(path):
    """[(where it begins, base offset, bytes)] of a segment."""
    found, at = [], 0
    with open(path, "rb") as segment:
        data = segment.read()
    while at + 12 <= len(data):
        base, size = struct.unpack_from(">qi", data, at)
        if size <= 0 or at + 12 + size > len(data):
            break
        found.append((at, base, 12 + size))
        at += 12 + size
    return found


def segment_of(broker, topic, partition):
    folder = os.path.join(broker.folder, "data", f"{topic}-{partition}")
    segments = glob.glob(os.path.join(folder, "*.log"))
    if len(segments) != 1:
        raise Failure(f"not one segment: {segments}")
    return segments[0]


def batch_from(broker, topic, partition, offset):
    """Where the first batch begins that has nothing from before this offset."""
    return min(base for _, base, _ in batches(segment_of(broker, topic, partition)) if base >= offset)


def cut(broker, topic, partition, offset):
    """Ends the log before the batch that begins with this offset, as a disk does that lost its tail."""
    segment = segment_of(broker, topic, partition)
    places = [at for at, base, _ in batches(segment) if base == offset]
    if len(places) != 1:
        raise Failure(f"no batch begins with {offset}: {batches(segment)}")
    os.truncate(segment, places[0])


# ---- a store ----

def remove_store(service, partition):
    """With what SQLite keeps beside it; the lock file stays, as it belongs to nobody."""
    for path in (service.store(partition) + end for end in ("", "-wal", "-shm")):
        if os.path.exists(path):
            os.unlink(path)
