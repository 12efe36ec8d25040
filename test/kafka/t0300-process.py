"""svc-product as a process: what it refuses at once, that it answers probes while it waits for the
broker, what systemd is told, and how it ends."""
import json
import os
import re
import socket
import threading
import time

import clients
from shop import BUILD, free_port, until

INBOX = "shop.product.inbox.v1"
PRODUCT = "shop.product.v1."


class Systemd:
    """The socket that NOTIFY_SOCKET names, in the form without a file; read at once, as its queue is
    short."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"evt-test-{os.getpid()}-{name}"
        self.socket.bind("\0" + self.name)
        self.heard = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.heard.append(self.socket.recv(4096).decode())

    @property
    def address(self):
        return "@" + self.name

    def hears(self, what):
        def look():
            assert any(what in text for text in self.heard), self.heard
            return True
        until(look, f"systemd is told {what}", 20)


def refused(shop, words, *args, status=2, **settings):
    """It ends at once, with these words in one line."""
    done = shop.service("product", "refused", **settings).do(*args, status=status)
    assert done.err.splitlines()[-1] == f"svc-product: {words}", done


def test_wrong_use(shop):
    refused(shop, "shards '2': there is no shard 2, the last is 1", "run", "--shards", "2")
    refused(shop, "shards '1-': say all, a list (0,2), a range (0-3) or a share (1/3: the second of three)",
            "run", SHARDS="1-")
    refused(shop, "http-addr '0.0.0.0:8081': until users can be told apart it listens on loopback only, as "
            "127.0.0.1:8081", "run", HTTP_ADDR="0.0.0.0:8081")
    refused(shop, "say which shard: --partition 0 to 1", "replay", "--out", shop.path("x.db"))
    refused(shop, "say which file is to be built: --out scratch.db", "replay", "-p", 0)
    refused(shop, "say what is missing: --to product.inbox.1 --from 4711", "resend", "-p", 0)
    refused(shop, "--until 2 comes before --from 3", "resend", "-p", 0, "--to", "order.inbox.0", "--from", 3,
            "--until", 2)


def test_config_and_description(shop):
    service = shop.service("product", "described", DATA_DIR="/nowhere/at-all")
    config = service.do("run", "--print-config", "--shards", "0").out
    assert re.search(r"^shards +0 +flag", config, re.M), config
    assert re.search(r"^data-dir +/nowhere/at-all +", config, re.M), config
    told = json.loads(service.do("describe").out)
    assert told["service"] == "product" and told["generation"] >= 1, told
    assert {"/livez", "/readyz", "/metrics"} <= {route["path"] for route in told["routes"]}, told


def test_a_generation_that_topics_json_does_not_say(shop):
    """Raised in the code only: whatever it is asked for, it refuses."""
    ours = shop.service("product", "built").generation()
    for verb in ("run", "check", "upgrade", "describe"):
        refused(shop, f"the service's tables do not fit its declaration: topics.json says generation {ours} of product "
                f"and the service says {ours + 1}: make them equal and build again", verb, status=1,
                NEXT_GENERATION=ours + 1, NEXT_FORGOTTEN=1, program=os.path.join(BUILD, "next-product"))


def test_waits_for_the_broker(shop):
    """There is none at that address. It says so, answers probes, and ends when it is told to."""
    systemd = Systemd("waits")
    nowhere = f"127.0.0.1:{free_port()}"
    service = shop.service("product", "waits", KAFKA_BOOTSTRAP_SERVERS=nowhere,
                           DATA_DIR=shop.path("waits"), NOTIFY_SOCKET=systemd.address, WATCHDOG_USEC=400000)
    service.start()
    assert service.ask("GET", "/livez").expect(200).json == {"status": "alive"}
    answer = service.ask("GET", "/readyz").expect(503)
    assert answer.header("Content-Type") == "application/problem+json", answer
    assert nowhere in answer.json["detail"], answer
    systemd.hears(f"STATUS=waiting for Kafka at {nowhere}")
    systemd.hears("EXTEND_TIMEOUT_USEC=")
    systemd.hears("WATCHDOG=1")
    service.stop(15)
    systemd.hears("STOPPING=1")
    assert "READY=1" not in "\n".join(systemd.heard), systemd.heard


def test_check_and_run_without_topics(shop):
    service = shop.service("product", "no-topics", DATA_DIR=shop.path("no-topics"))
    done = service.do("check", status=1)
    assert f"wrong  {INBOX}" in done.out, done
    assert "evt topics apply" in done.out, done
    assert not os.path.exists(service.data), "check made the data folder"
    service.start().wait_end(1)
    assert INBOX in service.said(), service.said()


def test_ready(shop):
    shop.evt("topics", "apply")
    systemd = Systemd("ready")
    shop.product = shop.service("product", NOTIFY_SOCKET=systemd.address, WATCHDOG_USEC=400000)
    assert "can start" in shop.product.do("check").out
    shop.product.start().wait_ready()
    systemd.hears("READY=1")
    systemd.hears("WATCHDOG=1")
    shop.product.wait_line(r" ready .*took_ms=\d+")
    metrics = shop.product.ask("GET", "/metrics").expect(200).text
    assert re.search(r'^evt_build_info\{service="product",version="[^"]+",generation="%d"\} 1$'
                     % shop.product.generation(), metrics, re.M), metrics
    assert shop.product.do("check").out.count("ok     ") == 5, "every store is seen while it is in use"


def test_a_second_process(shop):
    second = shop.service("product", "second")
    second.start().wait_end(1)
    assert "another process owns the store" in second.said(), second.said()
    assert shop.product.ready()


def test_an_address_in_use(shop):
    taken = shop.product.url.split("//")[1]
    other = shop.service("product", "taken", HTTP_ADDR=taken, DATA_DIR=shop.path("taken"))
    other.start().wait_end(1)
    assert taken in other.said(), other.said()


def test_stop_within_load(shop):
    """It finishes its batch, commits and checkpoints: what is there is whole."""
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, [(f"sku-{i}", PRODUCT + "CreateProduct",
                             {"sku": f"sku-{i}", "name": "x", "price_minor": 1, "currency": "EUR"})
                            for i in range(2000)])
    publisher.close()
    shop.product.stop(15)
    assert " stopped " in shop.product.said() + " ", shop.product.said()
    for partition in (0, 1):
        wal = shop.product.store(partition) + "-wal"
        assert not os.path.exists(wal) or os.path.getsize(wal) == 0, "it was not checkpointed"
        shop.product.do("replay", "-p", partition, "--out", shop.path(f"stopped-{partition}.db"))
    shop.product.start().wait_ready()


def test_stop_while_the_broker_is_frozen(shop):
    """Whatever hangs, the stop is bounded."""
    service = shop.service("product", "frozen", STOP_TIMEOUT=2, DATA_DIR=shop.path("frozen"))
    service.start().wait_ready()
    shop.broker.freeze()
    try:
        begin = time.monotonic()
        service.send(15)
        assert service.wait_end(None, 10) in (0, 4), service.said()
        assert time.monotonic() - begin < 6, "the stop took too long"
    finally:
        shop.broker.thaw()


def test_the_second_signal(shop):
    """Ends it at once, while the first one's stop still waits."""
    service = shop.service("product", "second-signal", STOP_TIMEOUT=600, DATA_DIR=shop.path("signal"),
                           KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    service.start()
    service.wait_line("waiting for the broker")
    service.freeze()  # so that both are there before it looks
    service.send(15)
    service.send(2)
    service.thaw()
    assert service.wait_end(None, 10) == 4, service.said()
    assert "a second signal" in service.said(), service.said()
