"""A deploy to a new generation, under load: the new version says so, the old one ends at the boundary,
the new one goes on there, and nothing is lost or taken twice."""
import os
import threading

import clients
from shop import BUILD, free_port, until

INBOX, EVENTS = "shop.product.inbox.v1", "shop.product.events.v1"
PRODUCT = "shop.product.v1."
G = []  # generations, from the one that was built, with which logs begin, on


def version(shop, later, name=None, **settings):
    """The version that is so many generations later than what was built."""
    return shop.service("product", name or f"later-{later}", NEXT_GENERATION=G[later],
                        program=os.path.join(BUILD, "next-product"), DATA_DIR=shop.path("data"), **settings)


def boundaries(shop):
    """[(partition, how much later)] as the inbox has them."""
    return sorted((record.partition, record.json["generation"] - G[0])
                  for record in clients.read_all(shop.broker, INBOX)
                  if record.type == "shop.evt.v1.GenerationBegins")


def created(service):
    return sum(service.rows(partition, "SELECT count(*) FROM product")[0][0] for partition in (0, 1))


class Load(threading.Thread):
    """A command after the other, until it is told to end."""

    def __init__(self, shop):
        super().__init__()
        self.shop, self.ended, self.sent = shop, threading.Event(), 0
        self.start()

    def run(self):
        publisher = clients.Publisher(self.shop.broker)
        while not self.ended.is_set():
            sku = f"load-{self.sent}"
            publisher.publish(INBOX, sku, PRODUCT + "CreateProduct",
                              {"sku": sku, "name": "x", "price_minor": 1, "currency": "EUR"})
            self.sent += 1
        publisher.close()

    def end(self):
        self.ended.set()
        self.join()
        return self.sent


def test_topics_without_birth(shop):
    built = shop.service("product", "built").generation()
    G.extend(range(built, built + 6))
    shop.broker.create(INBOX, 2)
    done = version(shop, 1, "unborn").do("upgrade", status=1)
    assert f"{INBOX}/0: run evt topics apply" in done.err, done


def test_nothing_to_upgrade(shop):
    shop.evt("topics", "apply")
    shop.old = version(shop, 0)
    assert shop.old.do("upgrade").out == f"nothing to upgrade: the stores are of generation {G[0]}\n"
    shop.old.start().wait_ready()
    assert shop.old.do("upgrade").out == f"nothing to upgrade: the stores are of generation {G[0]}\n"
    assert boundaries(shop) == []


def test_the_new_version_does_not_begin_by_itself(shop):
    done = version(shop, 1, "too-early").do("check", status=1)
    assert f"it is of generation {G[0]}, this version is {G[1]}: run upgrade while that one runs" in done.out, done
    empty = shop.service("product", "empty", NEXT_GENERATION=G[1], DATA_DIR=shop.path("empty"),
                         program=os.path.join(BUILD, "next-product"))
    done = empty.do("upgrade", status=1)
    assert f"its log begins with generation {G[0]}: run upgrade where the stores are" in done.err, done
    assert boundaries(shop) == []


def test_upgrade_under_load(shop):
    load = Load(shop)
    until(lambda: load.sent > 200, "there is load")
    shop.new = version(shop, 1)
    done = shop.new.do("upgrade")
    assert done.out.endswith(f"generation {G[1]} can begin: start this version now: svc-product run\n"), done
    shop.old.wait_end(6)
    assert "superseded" in shop.old.said(), shop.old.said()
    assert boundaries(shop) == [(0, 1), (1, 1)]
    shop.new.start().wait_ready()
    middle = load.sent
    until(lambda: load.sent > middle + 100, "the load goes on")
    sent = load.end()
    until(lambda: created(shop.new) == sent, f"all {sent} are there, not {created(shop.new)}")
    facts = [record.json["sku"] for record in clients.read_all(shop.broker, EVENTS)
             if record.type == PRODUCT + "ProductCreated"]
    assert len(set(facts)) == sent, (len(set(facts)), sent)


def test_its_snapshot_makes_the_same_store(shop):
    for partition in (0, 1):
        assert shop.new.rows(partition, "SELECT generation FROM evt_meta") == [(G[1],)]
        done = shop.new.do("replay", "-p", partition, "--out", shop.path(f"new-{partition}.db"))
        assert "\nequal: " in done.out, done


def test_the_old_version_is_superseded_for_good(shop):
    shop.new.stop()
    old = version(shop, 0, "old-again")
    old.start().wait_end(6)
    assert "start the newer one" in old.said(), old.said()
    done = old.do("upgrade", status=6)
    assert f"it is of generation {G[1]}, this version is {G[0]}: start the newer one" in done.err, done
    assert "start the newer one" in old.do("check", status=1).out
    done = old.do("replay", "-p", 0, "--out", shop.path("old.db"), status=6)
    assert f"is of generation {G[1]}, this version is {G[0]}: replay it with that version" in done.err, done


def test_the_past_belongs_to_the_old_version(shop):
    elsewhere = version(shop, 0, "elsewhere")
    elsewhere.settings["DATA_DIR"] = shop.path("elsewhere")
    done = elsewhere.do("replay", "-p", 0, "--out", shop.path("past.db"))
    assert "a newer generation begins there: its version goes on\n" in done.out, done
    boundary = [record.offset for record in clients.read(shop.broker, INBOX)[0]
                if record.type == "shop.evt.v1.GenerationBegins"][0]
    assert f" to offset {boundary - 1} " in done.out, done
    done = shop.new.do("replay", "-p", 0, "--out", shop.path("too-early.db"), "--to", 10, status=2)
    assert f"offset 10 belongs to an older generation, or to a snapshot's past: this version begins at " \
        f"{boundary}\n" in done.err, done
    done = version(shop, 2, "unborn").do("replay", "-p", 0, "--out", shop.path("later.db"), status=1)
    assert f"is of generation {G[1]}, this version is {G[2]}: replay it with that version" in done.err, done


def test_nothing_more_to_upgrade(shop):
    shop.new.start().wait_ready()
    assert shop.new.do("upgrade").out == f"nothing to upgrade: the stores are of generation {G[1]}\n"


def test_said_twice_it_begins_once(shop):
    third = version(shop, 2)
    shop.new.freeze()  # so that it does not end in between
    try:
        first = third.do("upgrade", "--no-wait")
        again = third.do("upgrade", "--no-wait")
        done = third.do("upgrade", "--timeout", 1, status=4)
    finally:
        shop.new.thaw()
    assert first.out.count(f"generation {G[2]} begins at offset") == 2, first
    assert again.out.count(", as was said before\n") == 2, again
    assert "2 of 2 shards have not reached their boundary: run upgrade again" in done.err, done
    assert boundaries(shop)[1::2] == [(0, 2), (1, 2)]
    assert "can begin" in third.do("upgrade").out
    shop.new.wait_end(6)
    third.start().wait_ready()
    third.stop()


def test_nobody_runs(shop):
    """Nobody is there to reach the boundary: it is said what to start, and done, it goes on."""
    fourth = version(shop, 3)
    done = fourth.do("upgrade", "--timeout", 5, status=4)
    assert done.err.count(f"start generation {G[2]}, it stops at the boundary") == 2, done
    done = fourth.do("upgrade", KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}", status=1)
    assert f"{INBOX}/0: no broker answers" in done.err, done
    done = version(shop, 4).do("upgrade", "--no-wait", status=1)
    assert f"start that version once, then upgrade to {G[4]}" in done.err, done
    version(shop, 2, "third-again").start().wait_end(6)
    assert "can begin" in fourth.do("upgrade").out
    fourth.start().wait_ready()
    fourth.stop()


def test_a_version_that_is_starting_is_waited_for(shop):
    """It has the store, and has not come to its own boundary yet."""
    version(shop, 3, "fourth-again").start().wait_ready()
    fifth = version(shop, 4, "fifth")
    fifth.do("upgrade")
    shop.broker.freeze()
    try:
        fifth.start()
        assert fifth.url  # it owns the store by then
        fifth.freeze()
    finally:
        shop.broker.thaw()
    sixth = version(shop, 5, "sixth")
    done = sixth.do("upgrade", "--timeout", 1, status=1)
    assert f"begins generation {G[4]} at offset " in done.err, done
    assert f"start that version once, then upgrade to {G[5]}\n" in done.err, done
    assert (0, 5) not in boundaries(shop)
    waiting = shop.service("product", "waiting", program=sixth.program, **sixth.settings)
    waiting.args = [sixth.program, "upgrade"]
    waiting.start().wait_line(r"^\d+ %, \d+ of \d+$")
    fifth.thaw()
    waiting.wait_end(0)
    assert f"generation {G[5]} can begin" in waiting.said(), waiting.said()
    fifth.wait_end(6)
    sixth.start().wait_ready()
    sixth.stop()
