"""The product service on real Kafka from one end to the other: its topics are made, commands come from
the shell and from another client, and nothing is lost however it or the broker ends."""
import os
import re
import threading

import clients
import verdict
from shop import Failure, until

INBOX, EVENTS = "shop.product.inbox.v1", "shop.product.events.v1"
PARTITIONS = (0, 1)
PRODUCT = "shop.product.v1."


def create(sku):
    return sku, PRODUCT + "CreateProduct", {"sku": sku, "name": f"Product {sku}", "price_minor": 1999,
                                            "currency": "EUR"}


def receive(sku, quantity):
    return sku, PRODUCT + "ReceiveStock", {"sku": sku, "quantity": quantity}


def received(service):
    """All shards' stock, as it is committed."""
    return sum(service.rows(partition, "SELECT coalesce(sum(received), 0) FROM product")[0][0]
               for partition in PARTITIONS)


def answered(shop, ids, source="/test/python"):
    """The answers to these commands, once all are there."""
    def look():
        found = verdict.answers(clients.read_all(shop.broker, EVENTS))
        missing = [number for number in ids if (source, number) not in found]
        assert not missing, f"{len(missing)} of {len(ids)} have no answer"
        return found
    found = until(look, f"{len(ids)} commands are answered", 120)
    return [found[(source, number)] for number in ids]


def rebuilt_equals(shop, service, name):
    """Every store equals what its log makes of it."""
    for partition in PARTITIONS:
        service.do("replay", "-p", partition, "--out", shop.path(f"{name}-{partition}.db"))


def test_topics(shop):
    shop.evt("topics", "diff", status=5)
    shop.evt("topics", "apply")
    assert {INBOX, EVENTS, INBOX + ".dlt", "shop.order.inbox.v1"} <= shop.broker.topics()
    shop.evt("topics", "diff")
    before = clients.read(shop.broker, INBOX)
    assert sorted(before) == list(PARTITIONS)
    for records in before.values():
        assert [(record.type, record.offset) for record in records] == [("shop.evt.v1.LogBegins", 0)]
        assert records[0].json["lineage"], records
    # A second time changes nothing, least of all a log's beginning.
    shop.evt("topics", "apply")
    assert repr(clients.read(shop.broker, INBOX)) == repr(before)


def test_start(shop):
    shop.product = shop.service("product").start().wait_ready()
    assert shop.product.ask("GET", "/livez").status == 200
    metrics = shop.product.ask("GET", "/metrics").expect(200).text
    assert 'evt_build_info{service="product"' in metrics, metrics


def test_publish_and_wait(shop):
    command = '{"sku": "tea", "name": "Tea", "price_minor": 450, "currency": "EUR"}'
    done = shop.evt("publish", "CreateProduct", command, "--wait")
    assert "DONE" in (done.out + done.err).upper(), done
    refused = shop.evt("publish", "CreateProduct", command, "--wait", status=None)
    assert refused.status == 1 and "the product exists already" in refused.out + refused.err, refused


def test_tail(shop):
    done = shop.evt("tail", "product.events", "start:end", "--json")
    rows = [(row["headers"]["ce_type"], row["key"], row["payload"]) for row in map(flat, done.lines)]
    created = [payload for name, _, payload in rows if name == PRODUCT + "ProductCreated"]
    assert [(row["sku"], row["price_minor"]) for row in created] == [("tea", 450)], rows
    outcomes = [payload["outcome"] for name, _, payload in rows if name == "shop.evt.v1.CommandAnswered"]
    assert outcomes == ["DONE", "REFUSED"], rows
    assert {name for name, _, _ in rows} >= {"shop.evt.v1.LogBegins"}, rows


def flat(row):
    """kcat prints headers as a flat list."""
    if isinstance(row["headers"], list):
        row["headers"] = dict(zip(row["headers"][::2], row["headers"][1::2]))
    return row


def test_other_clients(shop):
    """What they publish with only the four headers is obeyed and answered; and they, and kcat, read all
    that we write."""
    publisher = clients.Publisher(shop.broker)
    ids = publisher.burst(INBOX, [create("by-python"), receive("by-python", 5), receive("nowhere", 1)])
    publisher.close()
    first, second, third = answered(shop, ids)
    assert (first["outcome"], second["outcome"], third["outcome"]) == ("DONE", "DONE", "REFUSED")
    assert third["reason"] == "there is no such product", third

    js = clients.KafkaJs(shop.broker)
    sent = js.publish(INBOX, *create("by-kafkajs"))
    assert answered(shop, [sent["id"]], "/test/kafkajs")[0]["outcome"] == "DONE"
    theirs = js.read(EVENTS)
    assert js.close()
    ours = clients.read_all(shop.broker, EVENTS)
    assert sorted((r["partition"], r["offset"], r["key"], r["type"]) for r in theirs) == sorted(
        (r.partition, r.offset, r.key, r.type) for r in ours)
    assert {r["value"]["sku"] for r in theirs if r["type"] == PRODUCT + "ProductCreated"} == {
        "tea", "by-python", "by-kafkajs"}

    kcat = shop.kcat("-C", "-q", "-e", "-o", "beginning", "-t", EVENTS, "-f", "%k %h\n").out.splitlines()
    assert len(kcat) == len(ours)
    for key, header in (line.split(" ", 1) for line in kcat):
        fields = dict(field.split("=", 1) for field in header.split(","))
        assert {"ce_specversion", "ce_id", "ce_source", "ce_type"} <= set(fields), (key, fields)


def test_transactions(shop):
    """A foreign transactional producer leaves holes; what it aborted never was."""
    js = clients.KafkaJs(shop.broker)
    sent = [js.transaction(INBOX, *create(sku), commit)
            for sku, commit in (("holed-1", True), ("holed-2", False), ("holed-3", True))]
    assert js.close()
    answers = answered(shop, [sent[0]["id"], sent[2]["id"]], "/test/kafkajs")
    assert [answer["outcome"] for answer in answers] == ["DONE", "DONE"]
    skus = {row[0] for partition in PARTITIONS
            for row in shop.product.rows(partition, "SELECT sku FROM product")}
    assert "holed-1" in skus and "holed-3" in skus and "holed-2" not in skus, skus


def batches(shop, topic):
    """How many records each batch of a topic has on the broker's disk, and how it is compressed."""
    logs = ",".join(os.path.join(shop.broker.folder, "data", f"{topic}-{partition}", "0" * 20 + ".log")
                    for partition in PARTITIONS)
    return [(int(count), codec) for count, codec in
            re.findall(r"^baseOffset: .* count: (\d+) .* compresscodec: (\w+)",
                       shop.broker.run("dump", "--files", logs).out, re.M)]


def test_compression(shop):
    """What leaves together is compressed as topics.json wants it, what leaves alone is not."""
    assert {codec for _, codec in batches(shop, EVENTS)} == {"none"}
    shop.product.stop()
    publisher = clients.Publisher(shop.broker)
    ids = publisher.burst(INBOX, [receive("by-python", 1)] * 300)
    publisher.close()
    shop.product.start().wait_ready()
    answered(shop, ids)
    assert any(count > 30 and codec == "lz4" for count, codec in batches(shop, EVENTS)), batches(shop, EVENTS)


class Load(threading.Thread):
    """Publishes commands in small bursts, a thousand a second at most, until it is told to finish;
    `ids` are those that Kafka acknowledged."""

    def __init__(self, shop, skus):
        super().__init__(daemon=True)
        self.publisher = clients.Publisher(shop.broker)
        self.skus, self.ids, self.error = skus, [], None
        self.done = threading.Event()

    def run(self):
        try:
            while not self.done.wait(len(self.skus) / 1000):
                self.ids += self.publisher.burst(INBOX, [receive(sku, 1) for sku in self.skus])
        except Exception as error:  # shown by whoever waits for the thread
            self.error = error

    def more(self, count):
        """Waits until so many more are acknowledged."""
        wanted = len(self.ids) + count

        def check():
            if self.error:
                raise Failure(f"the load failed: {self.error!r}")
            return len(self.ids) >= wanted
        until(check, f"{count} more commands are acknowledged", 60)

    def finish(self):
        self.done.set()
        self.join(120)
        if self.is_alive() or self.error:
            raise Failure(f"the load did not end well: {self.error!r}")
        self.publisher.close()
        return self.ids


def under_load(shop, name, fault, faults=3):
    """Calls `fault` several times in the middle of a load; afterwards everything is there, once."""
    skus = [f"{name}-{number}" for number in range(10)]
    first = clients.Publisher(shop.broker)
    answered(shop, first.burst(INBOX, [create(sku) for sku in skus]))
    first.close()
    before = received(shop.product)
    load = Load(shop, skus)
    load.start()
    for number in range(faults):
        at = received(shop.product)
        until(lambda at=at: received(shop.product) >= at + 200, f"load comes before fault {number}", 60)
        fault(load)
    load.more(200)
    ids = load.finish()
    shop.product.wait_ready()
    until(lambda: received(shop.product) >= before + len(ids), "all commands are applied", 60)
    assert {answer["outcome"] for answer in answered(shop, ids)} == {"DONE"}
    assert received(shop.product) == before + len(ids)
    events = clients.read_all(shop.broker, EVENTS)
    assert verdict.dense(events) > len(ids)
    deltas = [record.json["delta"] for record in verdict.first_times(events)
              if record.type == PRODUCT + "StockChanged" and record.key in skus]
    assert (len(deltas), sum(deltas)) == (len(ids), len(ids))
    rebuilt_equals(shop, shop.product, name)


def test_killed_under_load(shop):
    def kill(load):
        shop.product.kill()
        at = received(shop.product.start())
        load.more(200)
        until(lambda: received(shop.product) > at, "it goes on")
    under_load(shop, "killed", kill)


def test_frozen_under_load(shop):
    """While it stands still commands pile up; then it goes on where it was."""
    def freeze(load):
        shop.product.freeze()
        at = received(shop.product)
        load.more(200)
        assert received(shop.product) == at
        shop.product.thaw()
        until(lambda: received(shop.product) > at, "it goes on")
    under_load(shop, "frozen", freeze)


def test_broker_killed_under_load(shop):
    def kill(_):
        shop.broker.kill()
        shop.broker.start()
    under_load(shop, "brokerless", kill, faults=1)


def test_lag(shop):
    """Kafka's own tool shows how far the shards are, by the service's name."""
    def caught_up():
        rows = [line.split() for line in shop.broker.run("groups", "--describe", "--group", "product").out
                .splitlines() if INBOX in line]
        assert len(rows) == len(PARTITIONS), rows
        return all(row[5] == "0" for row in rows)
    until(caught_up, "no lag is shown", 60)


def test_stop_and_start(shop):
    """SIGTERM ends it with 0 and nothing open; it starts where it was."""
    before = received(shop.product)
    shop.product.stop()
    shop.product.start().wait_ready()
    assert received(shop.product) == before
    rebuilt_equals(shop, shop.product, "stopped")


def test_ready_under_load(shop):
    """Who starts while others never stop sending has caught up all the same: when a record comes every
    few milliseconds no fetch comes back empty, so the end of the log is never told."""
    skus = [f"busy-{number}" for number in range(10)]
    publisher = clients.Publisher(shop.broker)
    answered(shop, publisher.burst(INBOX, [create(sku) for sku in skus]))
    publisher.close()
    shop.product.stop()
    load = Load(shop, skus)
    load.start()
    load.more(200)
    try:
        shop.product.start().wait_ready()
    finally:
        load.finish()
