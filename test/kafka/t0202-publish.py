"""evt publish: commands from the shell, checked before they are sent, answered when one waits."""
import re

import clients
from shop import free_port

INBOX = "shop.product.inbox.v1"
TEA = '{"sku": "tea", "name": "Tea", "price_minor": 450, "currency": "EUR"}'
RECEIVE = "shop.product.v1.ReceiveStock"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def count(shop):
    return len(clients.read_all(shop.broker, INBOX))


def refused(shop, status, words, *args, **how):
    done = shop.evt("publish", *args, status=status, **how)
    assert done.err == f"evt: {words}\n" and done.out == "", done


def test_topics(shop):
    """Without them nothing is sent anywhere."""
    refused(shop, 2, f"{INBOX} has 0 partitions, not 2: see `evt topics diff`", "ReceiveStock",
            '{"sku": "tea", "quantity": 1}')
    refused(shop, 2, "shop.product.events.v1 has 0 partitions, not 2: see `evt topics diff`", "ReceiveStock",
            '{"sku": "tea", "quantity": 1}', "--wait")
    shop.evt("topics", "apply")


def test_where_it_lies(shop):
    done = shop.evt("publish", RECEIVE, '{"sku": "tea", "quantity": 1}')
    match = re.fullmatch(f"({UUID}) product.inbox.([01])@1 key=\"tea\"\n", done.out)
    assert match, done
    record = clients.read(shop.broker, INBOX)[int(match.group(2))][-1]
    assert record.headers["ce_id"] == match.group(1) and record.type == RECEIVE, record
    assert re.fullmatch("/cli/.+", record.headers["ce_source"]), record
    assert set(record.headers) == {"ce_specversion", "ce_id", "ce_source", "ce_type"}, record
    assert (record.key, record.json) == ("tea", {"sku": "tea", "quantity": 1}), record
    row = shop.evt("publish", "receivestock", '{"sku": "tea", "quantity": 1}', "--id", "one", "--source",
                   "/cli/test", "--traceparent", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "--json").json
    assert row == {"topic": INBOX, "partition": int(match.group(2)), "offset": 2, "key": "tea",
                   "type": RECEIVE, "source": "/cli/test", "id": "one"}, row
    record = clients.read(shop.broker, INBOX)[row["partition"]][-1]
    assert record.headers["traceparent"] == "00-" + "a" * 32 + "-" + "b" * 16 + "-01", record


def test_dry_run(shop):
    before = count(shop)
    done = shop.evt("publish", "ReceiveStock", '{"sku": "tea", "quantity": 1}', "--dry-run")
    assert done.out.splitlines()[1] == '{"sku":"tea","quantity":1}', done
    assert count(shop) == before


def test_mistakes_are_named(shop):
    before = count(shop)
    refused(shop, 3, "no message is called Receive: docs/events.md lists them", "Receive", "{}")
    refused(shop, 2, "line 1: /quantity: the field is missing", "ReceiveStock", '{"sku": "tea"}')
    refused(shop, 2, "line 1: /nam: there is no such field", "ReceiveStock", '{"sku": "tea", "nam": 1}')
    refused(shop, 2, "line 1: the key has 0 bytes, from 1 to 255 may be", "ReceiveStock",
            '{"sku": "", "quantity": 1}')
    refused(shop, 2, "there is no JSON in it", "ReceiveStock", " ")
    refused(shop, 2, "id has 0 bytes, from 1 to 255 may be", "ReceiveStock", "{}", "--id", "")
    refused(shop, 2, "a source /shop/… is a service's own: take another", "ReceiveStock", "{}", "--source",
            "/shop/order/0/0000000000000000")
    refused(shop, 2, "shop.evt.v1.AcceptStream is libevents' own: nobody publishes it by hand; for"
            " AcceptStream there is `evt stream accept`, for RetrySaga `evt saga retry`, for SettleSaga `evt"
            " saga settle`, for CallEnded `evt call settle`", "AcceptStream", "{}")
    refused(shop, 2, "shop.product.v1.ProductCreated is a fact: only product says it", "ProductCreated", "{}")
    done = shop.evt("publish", "ReceiveStock", '{"sku": "tea"', status=2)
    assert done.err.startswith("evt: line 1: line 1, column "), done
    refused(shop, 2, "line 1: the value is larger than the limit: /name: more than 65536 bytes",
            "CreateProduct", TEA.replace("Tea", "x" * 70000))
    assert count(shop) == before


def test_all_or_none_of_stdin(shop):
    before = count(shop)
    good = '{"sku": "tea", "quantity": 1}'
    refused(shop, 2, "line 3: /quantity: the field is missing", "ReceiveStock", "-",
            input=f'{good}\n{good}\n{{"sku": "tea"}}\n')
    refused(shop, 2, "several commands cannot have one --id", "ReceiveStock", "--id", "x",
            input=f"{good}\n{good}\n")
    assert count(shop) == before
    done = shop.evt("publish", "ReceiveStock", "--json", input=good + '\n{"sku":\n "coffee", "quantity": 2}')
    assert [row["key"] for row in done.lines] == ["tea", "coffee"], done
    assert count(shop) == before + 2


def test_bounds_of_stdin(shop):
    """What is within them is checked in full, what is beyond is refused before any of it is sent."""
    before, one = count(shop), '{"sku": "tea", "quantity": 1}\n'
    most = 64 * 1024 * 1024
    done = shop.evt("publish", "ReceiveStock", "--dry-run", input=one + " " * (most - len(one)))
    assert len(done.out.splitlines()) == 2, done
    refused(shop, 2, f"stdin has more than {most} bytes: cut the file", "ReceiveStock",
            input=one + " " * (most + 1 - len(one)))
    done = shop.evt("publish", "ReceiveStock", "--dry-run", "--json", input=one * 100000)
    assert done.out.count("\n") == 100000, done.out[-1000:]
    refused(shop, 2, "more than 100000 commands at once: cut the file", "ReceiveStock", input=one * 100001)
    assert count(shop) == before


def test_no_answer(shop):
    """Nobody runs."""
    done = shop.evt("publish", "CreateProduct", TEA, "--wait", "--timeout", 1, status=4)
    assert done.err == ("evt: 1 of 1 not answered within 1 s: is svc-product running? What is published"
                        " stays, and is done once it runs; an id that was used before is not answered"
                        " again\n"), done


def test_answers(shop):
    product = shop.service("product").start().wait_ready()
    done = shop.evt("publish", "ReceiveStock", '{"sku": "tea", "quantity": 4}', "--wait", "--id", "four")
    assert re.search('^four DONE \\{"on_hand":\\d+\\}$', done.out, re.M), done
    done = shop.evt("publish", "ReceiveStock", '{"sku": "none", "quantity": 4}', "--wait", "--id", "five",
                    status=1)
    assert done.out.splitlines()[1] == "five REFUSED: there is no such product", done
    done = shop.evt("publish", "ReceiveStock", '{"sku": "tea", "quantity": 4}', "--wait", "--id", "six",
                    "--key", "coffee", "--json", status=1)
    assert done.lines[1] == {"id": "six", "outcome": "REJECTED", "detail": None, "reason":
                             "the key is not the message's key field: the key is \"coffee\" and sku is"
                             " \"tea\""}, done
    many = "\n".join('{"sku": "tea", "quantity": 1}' for _ in range(200))
    rows = shop.evt("publish", "ReceiveStock", "-", "--wait", "--json", input=many).lines
    assert [row.get("outcome") for row in rows] == [None] * 200 + ["DONE"] * 200
    assert {row["id"] for row in rows[:200]} == {row["id"] for row in rows[200:]}
    done = shop.evt("publish", "ReserveStock", '{"order_id": "o", "line": 1, "sku": "tea", "quantity": 1,'
                    ' "deadline": 0}', "--wait", status=1)
    assert done.err == "evt: shop.product.v1.ReserveStock is not taken from outside: it will be rejected\n"
    assert "REJECTED: the type is not taken from this sender" in done.out, done
    product.stop()


def test_no_broker(shop):
    address = f"127.0.0.1:{free_port()}"
    refused(shop, 1, f"no broker answered at {address} within 5000 ms (Local: Broker transport failure): start"
            " one there, or say where it is (-b HOST:PORT)", "ReceiveStock",
            '{"sku": "tea", "quantity": 1}', "-b", address)
    refused(shop, 1, f"no broker answered at {address} within 5000 ms (Local: Broker transport failure): start"
            " one there, or say where it is (-b HOST:PORT)", "ReceiveStock",
            '{"sku": "tea", "quantity": 1}', "-b", address, "--wait")
