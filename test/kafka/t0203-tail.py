"""evt tail: records of topics, decoded, from where one says to where one says."""
import datetime
import re
import time

import clients
from shop import free_port, until

INBOX = "shop.product.inbox.v1"
RECEIVE = "shop.product.v1.ReceiveStock"


def sku_on(partition):
    """A key of that partition, by the keys that the first test has sent."""
    return SKUS[partition]


SKUS = {}


def tail(shop, *args, **how):
    """[(partition, offset)] of what is shown."""
    return [(row["partition"], row["offset"]) for row in shop.evt("tail", *args, "--json", **how).lines]


def test_records(shop):
    shop.evt("topics", "apply")
    for number in range(20):
        row = shop.evt("publish", "ReceiveStock", f'{{"sku": "s{number}", "quantity": 1}}', "--json").json
        SKUS.setdefault(row["partition"], row["key"])
        if len(SKUS) == 2:
            break
    for partition, have in enumerate(len(records) for _, records in
                                     sorted(clients.read(shop.broker, INBOX).items())):
        for number in range(have, 20):
            shop.evt("publish", "ReceiveStock", f'{{"sku": "{sku_on(partition)}", "quantity": {number}}}')


def test_places(shop):
    def offsets(*words):
        return [offset for _, offset in tail(shop, "product.inbox", *words, "-p", 1)]
    assert offsets() == list(range(10, 20))
    assert offsets("start") == list(range(20))
    assert offsets("17") == [17, 18, 19]
    assert offsets("-3") == [17, 18, 19]
    assert offsets("+3") == [0, 1, 2]
    assert offsets("10:13") == [10, 11, 12]
    assert offsets("-5:-3") == [15, 16]
    assert offsets(":2") == [0, 1]
    assert offsets("100") == [] and offsets("18:100") == [18, 19]
    assert offsets("@-1h:end") == list(range(20))
    assert offsets(f"@{datetime.date.today() + datetime.timedelta(2)}") == []
    row = shop.evt("tail", INBOX, "12:13", "-p", 1, "--json").json
    at = datetime.datetime.fromtimestamp(row["ts"] / 1000, datetime.timezone.utc)
    assert offsets(f"@{at.strftime('%Y-%m-%dT%H:%M:%S')}.{row['ts'] % 1000:03}Z")[0] <= 12


def test_topics_and_partitions(shop):
    both = tail(shop, "product.inbox", "-1")
    assert sorted(both) == [(0, 19), (1, 19)], both
    rows = shop.evt("tail", "product.inbox,shop.product.events.v1", "+1", "--json").lines
    assert sorted((row["topic"], row["partition"], row["offset"]) for row in rows) == [
        (topic, partition, 0) for topic in ("shop.product.events.v1", INBOX) for partition in (0, 1)], rows


def test_filters(shop):
    rows = shop.evt("tail", "product.inbox", "--key", sku_on(0), "--json").lines
    assert len(rows) > 10 and {row["key"] for row in rows} == {sku_on(0)}, rows
    assert tail(shop, "product.inbox", "--type", "LogBegins") in ([(0, 0), (1, 0)], [(1, 0), (0, 0)])
    assert len(tail(shop, "product.inbox", "start", "--count", 3)) == 3
    trace = "0af7651916cd43dd8448eb211c80319c"
    shop.evt("publish", "ReceiveStock", f'{{"sku": "{sku_on(0)}", "quantity": 1}}', "--traceparent",
             f"00-{trace}-b7ad6b7169203331-01")
    assert tail(shop, "product.inbox", "--trace", trace) == [(0, 20)]
    assert tail(shop, "product.inbox", "--trace", "f" * 32) == []


def test_as_kcat_has_it(shop):
    row = shop.evt("tail", "product.inbox", "5:6", "-p", 0, "--json").json
    assert list(row) == ["topic", "partition", "offset", "tstype", "ts", "broker", "headers", "key",
                         "payload"], row
    theirs = shop.kcat("-C", "-J", "-t", INBOX, "-p", 0, "-o", 5, "-c", 1, "-q").json
    for key in ("topic", "partition", "offset", "tstype", "ts", "broker", "headers", "key"):
        assert row[key] == theirs[key], (key, row, theirs)
    assert row["payload"]["sku"] == row["key"], row


def test_what_cannot_be_decoded(shop):
    publisher = clients.Publisher(shop.broker)
    whole = clients.encode(RECEIVE, {"sku": "tea", "quantity": 1})
    publisher.raw(INBOX, "bad", b"\x01\x02garbage", clients.headers(RECEIVE), 0)
    publisher.raw(INBOX, "bad", whole[:-1], clients.headers(RECEIVE), 0)
    publisher.raw(INBOX, "gone", None, {}, 0)
    publisher.raw(INBOX, "bad", whole, clients.headers("shop.other.v1.Thing"), 0)
    publisher.close()
    lines = shop.evt("tail", "product.inbox", "-4", "-p", 0).out.splitlines()
    assert "[the value does not begin with the magic byte 0" in lines[0], lines
    assert lines[0].endswith("01026761726261676" + "5"), lines
    assert "[the Avro bytes end too early" in lines[1], lines
    assert ' ? key="gone" [the value is missing]' in lines[2], lines
    assert "this build does not know its schema] 00" in lines[3], lines
    rows = shop.evt("tail", "product.inbox", "-4", "-p", 0, "--json").lines
    assert all(row["payload"] is None and row["problem"] for row in rows), rows
    assert rows[0]["hex"] == "010267617262616765", rows


def test_follow(shop):
    """Both what is there and what comes, until it is told to stop; each line at once."""
    from shop import BUILD
    follower = shop.process("follower", f"{BUILD}/evt", "tail", "product.inbox", "-1", "--follow", "-p", 1,
                            KAFKA_BOOTSTRAP_SERVERS=shop.broker.address)
    follower.wait_line(r"^product\.inbox\.1@19 ")
    shop.evt("publish", "ReceiveStock", f'{{"sku": "{sku_on(1)}", "quantity": 777}}')
    follower.wait_line(r'^product\.inbox\.1@20 .*"quantity":777')
    follower.stop()
    newcomer = shop.process("newcomer", f"{BUILD}/evt", "tail", "product.inbox", "end", "-c", 1, "-p", 1,
                            KAFKA_BOOTSTRAP_SERVERS=shop.broker.address)

    def came():
        shop.evt("publish", "ReceiveStock", f'{{"sku": "{sku_on(1)}", "quantity": 778}}')
        return not newcomer.running()
    until(came, "the first that comes is shown")
    newcomer.wait_end(0)
    assert len(newcomer.said().splitlines()) == 1 and "778" in newcomer.said(), newcomer.said()


def test_holes(shop):
    """A transactional producer's markers are no records: the end comes all the same."""
    js = clients.KafkaJs(shop.broker)
    for commit in (True, False):
        js.transaction(INBOX, sku_on(1), RECEIVE, {"sku": sku_on(1), "quantity": 5}, commit)
    assert js.close()
    begun = time.monotonic()
    rows = shop.evt("tail", "product.inbox", "-6", "-p", 1, "--json").lines
    assert rows[-1]["payload"]["quantity"] == 5 and time.monotonic() - begun < 20, rows


def test_neither_key_nor_value(shop):
    """As somebody deletes what has no name; it is a record all the same."""
    shop.kcat("-P", "-t", INBOX, "-p", 1, "-K", ":", "-Z", input=":\n")
    done = shop.evt("tail", "product.inbox", "-1", "-p", 1)
    assert re.fullmatch(r"product\.inbox\.1@\d+ \S+Z \? key=none \[the value is missing\] \n", done.out), done
    row = shop.evt("tail", "product.inbox", "-1", "-p", 1, "--json").json
    assert (row["key"], row["payload"], row["problem"], row["hex"], row["headers"]) == (
        None, None, "the value is missing", "", []), row
    assert tail(shop, "product.inbox", "-1", "-p", 1, "--key", "") == []
    assert tail(shop, "product.inbox", "-1", "-p", 1, "--type", "ReceiveStock") == []


def test_mistakes_are_named(shop):
    for status, words, args in (
            (3, f"{shop.broker.address} has no topic product.inbx; `evt topics diff` says which are missing",
             ("product.inbx",)),
            (2, f"{INBOX} has no partition 2, the last is 1", ("product.inbox", "-p", 2)),
            (2, "'3x' is no place in a log: say start, end, -3, +3, 47, 10:20, @2026-11-21, @-1h or @-1h:end",
             ("product.inbox", "3x")),
            (3, "no message is called Nothing: docs/events.md lists them", ("product.inbox", "-t", "Nothing"))):
        done = shop.evt("tail", *args, status=status)
        assert done.err == f"evt: {words}\n", done
    address = f"127.0.0.1:{free_port()}"
    done = shop.evt("tail", "product.inbox", "-b", address, status=1)
    assert done.err.startswith(f"evt: no broker answered at {address} within 5000 ms"), done
