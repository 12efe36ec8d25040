"""evt saga list, show, retry, and describe --saga --ref: an order whose payment nobody answers is seen
on its way, and undone when it is cancelled."""
import json
import re

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
    assert "style reserve fill:#c8e6c9" in drawn and "style authorise fill:#fff9c4" in drawn, drawn
    drawn = shop.order.do("describe", "--saga", "--format", "dot", "--ref", ORDER).out
    assert drawn.startswith('digraph "order" {') and "1 asked" in drawn, drawn


def test_nothing_is_parked(shop):
    done = saga(shop, "retry", ORDER, "--dry-run")
    assert re.search(rf"evt: 0 parked parts of order {ORDER}, on order\.inbox\.[01]\n", done.err), done
    done = saga(shop, "retry", ORDER, status=1)
    assert "nothing of it is parked" in done.out, done


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
