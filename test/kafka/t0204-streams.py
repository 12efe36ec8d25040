"""evt stream list, evt stream accept, evt resend: a stream that is held is shown with what is missing,
and goes on when a person says so."""
import os
import re

import clients
from shop import until

INBOX = "shop.product.inbox.v1"
RESERVE = "shop.product.v1.ReserveStock"
SOURCE = "/shop/order/1/00000000000000aa"


def reserve(number, chain, sku):
    return (INBOX, sku, clients.encode(RESERVE, {"order_id": f"o{number}", "line": 1, "sku": sku,
                                                 "quantity": 1, "deadline": 0}),
            {"ce_specversion": "1.0", "ce_id": f"product.inbox.0.{number}-{chain:016x}",
             "ce_source": SOURCE, "ce_type": RESERVE}, 0)


def listed(shop, *args, **how):
    return shop.evt("stream", "list", "--data-dir", shop.product.data, *args, **how)


def accept(shop, *args, **how):
    return shop.evt("stream", "accept", SOURCE, "--data-dir", shop.product.data, *args, **how)


GOOD = ("--expected-mark", 0, "--new-mark", 3, "--new-chain", f"{0xc3:016x}")


def test_nothing_is_there(shop):
    done = shop.evt("stream", "list", "--data-dir", shop.path("nowhere"), status=3)
    assert done.err == f"evt: no stores in {shop.path('nowhere')}: say where they lie (--data-dir)\n", done


def test_nothing_is_held(shop):
    shop.evt("topics", "apply")
    shop.product = shop.service("product").start().wait_ready()
    done = listed(shop)
    assert (done.out, done.err) == ("", "evt: none of the streams to 2 shards is held\n"), done
    done = accept(shop, "--service", "product", *GOOD, status=3)
    assert done.err == (f"evt: no store of product in {shop.product.data} holds a stream of {SOURCE}: see"
                        " `evt stream list`, or say which shard (--partition)\n"), done


def test_a_gap_is_shown(shop):
    """Numbers 1 and 2 never came."""
    publisher = clients.Publisher(shop.broker)
    publisher.raw(*reserve(3, 0xc3, "tea"))
    publisher.raw(*reserve(4, 0xc4, "tea"))
    publisher.close()
    rows = until(lambda: listed(shop, "--json").lines, "the stream is held")
    assert rows[0] == {**rows[0], "service": "product", "partition": 0, "source": SOURCE, "mark": 0,
                       "next": 3, "next_chain": f"{0xc3:016x}"}, rows
    until(lambda: listed(shop, "--json").lines[0]["parked"] == 2, "both wait")
    lines = listed(shop).out.splitlines()
    assert re.fullmatch(rf"product\.0 {SOURCE} mark=0-[0-9a-f]{{16}} parked=2 next=3-{0xc3:016x}",
                        lines[0]), lines
    assert lines[1] == "    1 to 2 are missing: evt resend order.1 product.inbox.0 1-2", lines
    done = shop.evt("doctor", "--data-dir", shop.product.data, status=1)
    assert "held streams: 1: `evt stream list` says what is missing" in done.out, done


def test_mistakes_are_named(shop):
    for status, words, args in (
            (2, "say who holds it: --service product", GOOD),
            (3, "topics.json has no service or subscription shipping", ("--service", "shipping", *GOOD)),
            (2, "--expected-mark is missing: `evt stream list` shows it", ("--service", "product")),
            (2, "--new-chain C3: 16 lower-case hexadecimal characters",
             ("--service", "product", *GOOD[:4], "--new-chain", "C3")),
            (2, "product.inbox has no partition 2, the last is 1",
             ("--service", "product", "-p", 2, *GOOD))):
        done = accept(shop, *args, status=status)
        assert done.err == f"evt: {words}\n", done


def test_asks_before_it_is_published(shop):
    before = len(clients.read_all(shop.broker, INBOX))
    done = accept(shop, "--service", "product", *GOOD, status=2)
    assert done.err == (f"evt: product shard 0 goes on with {SOURCE} after 3 instead of 0\n"
                        "evt: not published: it cannot be undone, say --yes\n"), done
    accept(shop, "--service", "product", "--dry-run", *GOOD)
    assert len(clients.read_all(shop.broker, INBOX)) == before


def test_another_mark_is_refused(shop):
    done = accept(shop, "--service", "product", "--yes", "--expected-mark", 1, *GOOD[2:], status=1)
    assert "REFUSED: the mark is 0, not 1" in done.out, done
    assert listed(shop, "--json").lines


def test_accepted(shop):
    """4 does not follow from 3 as it is accepted: it is given up, too."""
    done = accept(shop, "--service", "product", "--yes", *GOOD)
    assert re.search(r"product\.inbox\.0@\d+\n.* DONE\n$", done.out), done
    assert listed(shop).out == ""
    rows = listed(shop, "--all", "--json").lines
    assert [(row["mark"], row["chain"], row["parked"]) for row in rows] == [(3, f"{0xc3:016x}", 0)], rows


def held_by(shop, number, chain):
    publisher = clients.Publisher(shop.broker)
    publisher.raw(*reserve(number, chain, "tea"))
    publisher.close()
    return until(lambda: listed(shop).out.splitlines(), "the stream is held")


def test_forks_are_shown(shop):
    """First the next one with a wrong chain, then the last one again with another."""
    lines = held_by(shop, 4, 0xc4)
    assert lines[0].endswith(f" mark=3-{0xc3:016x} parked=1 next=4-{0xc4:016x}"), lines
    assert lines[1].startswith("    4 is there: of another chain, or of a type or schema that"), lines
    accept(shop, "--service", "product", "--yes", "-p", 0, "--expected-mark", 3, "--new-mark", 4,
           "--new-chain", f"{0xc4:016x}")
    assert listed(shop).out == ""
    lines = held_by(shop, 4, 0xd4)
    words = (f"    one that was taken came again and differs: compare what the sender says (evt resend …"
             f" --dry-run); if it may stay as it is: evt stream accept {SOURCE} --service product -p 0"
             f" --expected-mark 4 --new-mark 4 --new-chain {0xc4:016x}")
    assert lines[1] == words, lines
    command = words.split("evt stream accept ")[1].split()
    shop.evt("stream", "accept", *command, "--yes")
    assert listed(shop).out == ""


def test_resend_finds_the_sender(shop):
    """It runs the sender's program with what that needs."""
    program = shop.path("svc-order")
    with open(program, "w", encoding="ascii") as out:
        out.write("#!/bin/sh\necho \"$*\"\nexit 5\n")
    os.chmod(program, 0o755)
    common = f"--kafka-bootstrap-servers {shop.broker.address} --data-dir data"
    for words, args in (
            (f"--partition 1 --to product.inbox.0 --from 1 --until 2 {common}", (SOURCE, "product.inbox.0", "1-2")),
            (f"--partition 1 --to product.inbox.0 --from 7 --dry-run {common} -X client.rack=a",
             ("order.1", "shop.product.inbox.v1.0", "7", "--dry-run", "-X", "client.rack=a"))):
        done = shop.evt("resend", *args, "--binary", program, status=5)
        assert done.out == f"resend {words}\n", done


def test_resend_of_what_was_sent(shop):
    """Number 1 of a stream of product's, made again by a replay, is what it was."""
    events = "shop.product.events.v1"
    shop.evt("publish", "CreateProduct", '{"sku": "tea", "name": "Tea", "price_minor": 450,'
             ' "currency": "EUR"}', "--wait")
    first = next(record for record in clients.read_all(shop.broker, events)
                 if re.match(r"product\.events\.\d\.1-", record.headers["ce_id"]))
    place = (first.headers["ce_source"], f"product.events.{first.partition}", "1-1", "--data-dir",
             shop.product.data)
    shop.evt("resend", *place, "--dry-run")
    assert len(same(shop, events, first)) == 1
    done = shop.evt("resend", *place)
    again = same(shop, events, first)
    assert len(again) == 2 and again[0].value == again[1].value, (done, again)


def same(shop, topic, like):
    return [record for record in clients.read_all(shop.broker, topic)
            if (record.headers["ce_id"], record.headers["ce_source"]) ==
            (like.headers["ce_id"], like.headers["ce_source"])]


def test_resend_mistakes(shop):
    for status, words, args in (
            (2, "'order' is no shard: say order.0 or its ce_source", ("order", "product.inbox.0", "1")),
            (3, "topics.json has no service or subscription shipping",
             ("shipping.0", "product.inbox.0", "1")),
            (3, "'product.inbox.9' is no partition of a declared topic: say product.inbox.1",
             ("order.0", "product.inbox.9", "1")),
            (2, "'9-' is no range of numbers: say 7 or 7-9", ("order.0", "product.inbox.0", "9-")),
            (2, "'0' is no range of numbers: say 7 or 7-9", ("order.0", "product.inbox.0", "0")),
            (1, "run /nowhere/svc: No such file or directory: build it, or say where it is",
             ("order.0", "product.inbox.0", "1", "--binary", "/nowhere/svc"))):
        done = shop.evt("resend", *args, status=status)
        assert done.err == f"evt: {words}\n", done
