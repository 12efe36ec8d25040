"""Where a key lies: we choose partitions ourselves, and must choose those that the Java client chooses,
as Kafka's own console producer, kafka-python and kafkajs do."""
import os
import random
import re

import clients
from process import BUILD, command

COUNTS = (1, 2, 7, 12)
JAVA_COUNT = 7


def keys():
    """Random UTF-8 of one to four bytes a character, of every length from 0 up, the same each time."""
    rand = random.Random(4711)
    ranges = ((0x20, 0x7e), (0xa1, 0x7ff), (0x800, 0xd7ff), (0xe000, 0xfffd), (0x10000, 0x10ffff))
    made = [""]
    for number in range(1, 4000):
        first, last = rand.choice(ranges)
        made.append("".join(chr(rand.randint(first, last)) for _ in range(number % 41)))
    return sorted(set(made))


def ours(all_keys):
    """{key: {count: partition}}"""
    out = command([os.path.join(BUILD, "partitions"), *COUNTS], input="".join(f"{k}\n" for k in all_keys)).out
    rows = [list(map(int, line.split())) for line in out.splitlines()]
    assert len(rows) == len(all_keys)
    return {key: dict(zip(COUNTS, row)) for key, row in zip(all_keys, rows)}


def test_java(shop):
    all_keys = keys()
    assert len(all_keys) > 3000
    shop.broker.create("java", JAVA_COUNT)
    shop.broker.run("produce", "--topic", "java", "--property", "parse.key=true",
                    "--property", "key.separator=\t", input="".join(f"{key}\tv\n" for key in all_keys))
    records = clients.read_all(shop.broker, "java")
    assert len(records) == len(all_keys)
    wanted = {record.key: record.partition for record in records}
    assert set(wanted) == set(all_keys)
    assert set(wanted.values()) == set(range(JAVA_COUNT)), "not all partitions were used"
    got = ours(all_keys)
    wrong = [(key, where, got[key]) for key, where in wanted.items() if got[key][JAVA_COUNT] != where]
    assert not wrong, f"{len(wrong)} of {len(wanted)}: {wrong[:5]}"


def test_other_counts(shop):
    """python3-kafka has the same function in Python, which is checked against Java's above by way
    of ours: so the other counts need no topics."""
    del shop
    from kafka.partitioner.default import murmur2
    for key, by_count in ours(keys()).items():
        hashed = murmur2(key.encode()) & 0x7fffffff
        assert by_count == {count: hashed % count for count in COUNTS}, (key, by_count)


def test_kafkajs(shop):
    """It publishes where we would, and reads what another client wrote, compressed by lz4."""
    name = "shop.product.v1.WithdrawProduct"
    shop.broker.create("kafkajs", JAVA_COUNT)
    some = ["tea", "coffee", "", "käse", "𝄞", "x" * 40]
    where = ours(sorted(some))
    js = clients.KafkaJs(shop.broker)
    for key in some:
        sent = js.publish("kafkajs", key, name, {"sku": f"sku-{len(key)}"})
        # It takes an empty key for none.
        assert key == "" or sent["partition"] == where[key][JAVA_COUNT], (key, sent)
    publisher = clients.Publisher(shop.broker)
    for key in some:
        publisher.publish("kafkajs", key, name, {"sku": f"sku-{len(key)}"}, source="/test/python")
    publisher.close()
    theirs = js.read("kafkajs")
    assert len(theirs) == 2 * len(some)
    for record in theirs:
        assert record["type"] == name and record["value"] == {"sku": f"sku-{len(record['key'])}"}, record
        assert record["headers"]["ce_type"] == name and re.match(r"/test/(python|kafkajs)$",
                                                                 record["headers"]["ce_source"]), record
    same = [(record.partition, record.offset, record.key, record.type, record.json)
            for record in clients.read_all(shop.broker, "kafkajs")]
    assert sorted(map(repr, same)) == sorted(
        repr((r["partition"], r["offset"], r["key"], r["type"], r["value"])) for r in theirs)
    assert js.close()


def test_transactions_leave_holes(shop):
    """What later tests rely on: these holes are really there."""
    name = "shop.product.v1.WithdrawProduct"
    shop.broker.create("holes", 1)
    js = clients.KafkaJs(shop.broker)
    sent = [js.transaction("holes", "tea", name, {"sku": "tea"}, commit)["offset"]
            for commit in (True, False, True)]
    assert sent == [0, 2, 4], sent
    assert [record["offset"] for record in js.read("holes")] == [0, 4]
    # It reads what was aborted, too.
    records = clients.read_all(shop.broker, "holes")
    assert [record.offset for record in records] == [0, 2, 4], records
    assert js.close()
