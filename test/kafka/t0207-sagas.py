"""evt saga list, show, retry, and describe --saga --ref: an order whose payment nobody answers is seen
on its way, and undone when it is cancelled."""
import json
import os
import re
import sqlite3

from shop import until

ORDER = "01980000-0000-7000-8000-0000000000aa"
PLACE = {"order_id": ORDER, "lines": [{"sku": "tea", "quantity": 2}], "total_minor": 998, "currency": "EUR",
         "payment_token": "tok_visa", "email": "ada@example.org",
         "address": {"name": "Ada", "street": "Main Street 1", "postcode": "12345", "city": "London",
                     "country": "GB"}}


def saga(shop, verb, *args, **how):
    return shop.evt("saga", verb, *args, "--data-dir", shop.order.data, **how)


def publish(shop, command, **fields):
    return shop.evt("publish", command, json.dumps(fields), "--wait", "--timeout", 30)


def test_nothing_is_there(shop):
    shop.order = shop.service("order")
    done = saga(shop, "list", status=3)
    assert done.err == f"evt: no stores in {shop.order.data}: say where they lie (--data-dir)\n", done
    done = shop.order.do("describe", "--ref", ORDER, status=3)
    assert done.err.startswith(f"svc-order: there is no saga of {ORDER}: is --data-dir the one of its service?"), done


def test_nothing_is_on_its_way(shop):
    shop.evt("topics", "apply")
    shop.order.start().wait_ready()
    shop.product = shop.service("product").start().wait_ready()
    done = saga(shop, "list")
    assert (done.out, done.err) == ("", "evt: no such sagas in 4 stores\n"), done
    for verb in ("show", "retry"):
        done = saga(shop, verb, "o-9", status=3)
        assert done.err == "evt: none of 4 stores has a saga of o-9\n", done


def test_an_order_is_on_its_way(shop):
    publish(shop, "CreateProduct", sku="tea", name="Tea", price_minor=499, currency="EUR")
    publish(shop, "ReceiveStock", sku="tea", quantity=10)
    publish(shop, "PlaceOrder", **PLACE)
    # The answer is sent before the rows are committed.
    until(lambda: "reserve 1 done" in saga(shop, "show", ORDER, status=None).out, "the tea is reserved")
    rows = saga(shop, "list", "--json").lines
    assert len(rows) == 1, rows
    assert rows[0] == {**rows[0], "service": "order", "saga": "order", "ref": ORDER, "definition": 1,
                       "phase": "forward", "stage": 1, "parked": 0, "why": ""}, rows
    parts = [{"step": "reserve", "item": 1, "state": "done", "tries": 1},
             {"step": "authorise", "item": 1, "state": "asked", "tries": 1}]
    assert rows[0]["parts"] == parts, rows
    line = saga(shop, "list").out
    assert re.fullmatch(rf"\S+Z order\.[01] order {ORDER} forward stage=1 \[authorise 1 asked, 1 try\]\n",
                        line), line
    assert saga(shop, "list", "--parked").err == "evt: no such sagas in 4 stores\n"


def test_its_history_is_shown(shop):
    events = [(event["n"], event["step"], event["item"], event["what"])
              for event in saga(shop, "show", ORDER, "--json").lines]
    assert events == [(1, "reserve", 1, "asked"), (2, "authorise", 1, "asked"), (3, "reserve", 1, "done")], events


def test_it_is_drawn_where_it_stands(shop):
    drawn = shop.order.do("describe", "--ref", ORDER).out
    assert f'title: "saga order, definition 1: {ORDER} is forward"' in drawn, drawn
    assert "style step_reserve fill:#c8e6c9" in drawn and "style step_authorise fill:#fff9c4" in drawn, drawn
    drawn = shop.order.do("describe", "--saga", "--format", "dot", "--ref", ORDER).out
    assert drawn.startswith('digraph "order" {') and "1 asked" in drawn, drawn


def test_nothing_is_parked(shop):
    done = saga(shop, "retry", ORDER, "--dry-run")
    assert re.search(rf"evt: 0 parked parts of order {ORDER}, on order\.inbox\.[01]\n", done.err), done
    done = saga(shop, "retry", ORDER, status=1)
    assert "nothing of it is parked" in done.out, done
    for args in ((), (ORDER, "--parked")):
        done = saga(shop, "retry", *args, status=2)
        assert done.err == ("evt: say which sagas: their references, or --parked for all of which something is"
                            " parked\n"), done
    assert saga(shop, "retry", "--parked").err == "evt: nothing is parked\n"
    done = saga(shop, "retry", ORDER, "--saga", "trip", status=3)
    assert done.err == f"evt: none of 4 stores has a saga trip of {ORDER}\n", done
    done = saga(shop, "settle", ORDER, "--step", "authorise", "--outcome", "done", "--why", "so", status=2)
    assert done.err == (f"evt: authorise 1 of {ORDER} is not parked: see `evt saga list --parked`\n"), done


def test_a_settling_says_all_that_it_needs(shop):
    for args, want in (((), "say which part: --step, and --item where it has several"),
                       (("--step", "capture"), "say how it ended: --outcome undone or --outcome done"),
                       (("--step", "capture", "--outcome", "done"),
                        "say how you know, for the saga's history: --why TEXT")):
        assert saga(shop, "settle", ORDER, *args, status=2).err == f"evt: {want}\n"


def copied(shop, name, change):
    """The order service's stores, once more in another folder, and one of them changed."""
    folder = shop.path(name)
    os.makedirs(os.path.join(folder, "order"))
    for partition in range(2):
        source = sqlite3.connect(os.path.join(shop.order.data, "order", f"{partition}.db"))
        copy = sqlite3.connect(os.path.join(folder, "order", f"{partition}.db"))
        source.backup(copy)
        if copy.execute("SELECT count(*) FROM evt_sagas").fetchone()[0]:
            copy.executescript(change)
        source.close()
        copy.close()
    return folder


def test_two_have_one_reference(shop):
    """Two sagas of a service may: --saga says which."""
    columns = ("definition, phase, stage, pivoted, cancelled, why, parts, parked, history, trace, started_ms,"
               " deadline_ms, timer_id, timer_ms, forget_ms")
    folder = copied(shop, "two", f"INSERT INTO evt_sagas (saga_id, name, ref, {columns}) SELECT saga_id + 1000,"
                                 f" 'trip', ref, {columns} FROM evt_sagas; UPDATE evt_sagas SET parked = 1,"
                                 " parts = replace(parts, 'authorise 1 asked', 'authorise 1 parked')")
    for verb in (("retry", ORDER), ("settle", ORDER, "--step", "authorise", "--outcome", "done", "--why", "so")):
        done = shop.evt("saga", *verb, "--data-dir", folder, status=2)
        assert done.err == (f"evt: 2 sagas have the reference {ORDER}: say which (--saga), or whose stores"
                            " (--data-dir)\n"), done
        done = shop.evt("saga", *verb, "--saga", "trip", "--data-dir", folder, "--dry-run")
        assert f" trip {ORDER}" in done.err, done
    done = shop.evt("saga", "retry", "--parked", "--data-dir", folder, "--dry-run")
    assert re.fullmatch(rf"evt: 1 parked part of order {ORDER}, on order\.inbox\.([01])\n"
                        rf"evt: 1 parked part of trip {ORDER}, on order\.inbox\.\1\n", done.err), done
    done = shop.evt("saga", "settle", ORDER, "--saga", "order", "--step", "authorise", "--outcome", "done", "--why",
                    "so", "--data-dir", folder, status=2)
    assert re.fullmatch(rf"evt: order\.inbox\.[01] is told that authorise 1 of order {ORDER} is done: so\n"
                        "evt: not published: it cannot be undone, say --yes\n", done.err), done


def test_words_stay_on_their_line(shop):
    folder = copied(shop, "words", "UPDATE evt_sagas SET why = 'a' || char(27) || '[2J' || char(10) || 'b';"
                                   " UPDATE evt_saga_history SET why = char(13, 10, 155) WHERE n = 1")
    assert shop.evt("saga", "list", "--data-dir", folder).out.endswith(" why: a\\u001b[2J\\u000ab\n")
    assert "reserve 1 asked: \\u000d\\u000a\\u009b\n" in shop.evt("saga", "show", ORDER, "--data-dir", folder).out


def test_a_history_that_cannot_be_read(shop):
    """Is not shown as if that were all."""
    folder = copied(shop, "cut", "DROP TABLE evt_saga_history")
    done = shop.evt("saga", "show", ORDER, "--data-dir", folder, status=1)
    assert ": its history cannot be read to the end: " in done.err and "evt_saga_history" in done.err, done


def test_it_is_cancelled(shop):
    """What was reserved is released; the hold on the money is still to be undone."""
    publish(shop, "CancelOrder", order_id=ORDER, reason="too slow")
    until(lambda: "reserve 1 undone" in saga(shop, "show", ORDER).out, "the tea is released")
    line = saga(shop, "list").out
    assert re.search(r" undoing stage=1 \[authorise 1 undoing, 1 try\] why: too slow\n", line), line
    page = shop.order.ask("GET", "/metrics").text
    assert re.search(r'^evt_sagas_parked{service="order",shard="[01]"} 0$', page, re.M), page


def test_a_start_and_a_rebuild_change_nothing(shop):
    before = saga(shop, "show", ORDER).out
    shop.order.kill()
    shop.order.start().wait_ready()
    assert saga(shop, "show", ORDER).out == before
    for partition in range(2):
        done = shop.order.do("replay", "-p", partition, "--out", shop.path(f"rebuilt-{partition}.db"))
        assert "\nequal: " in done.out, done
