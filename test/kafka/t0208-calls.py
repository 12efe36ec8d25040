"""evt call list, show, settle: a payment whose provider says that the call's key is another's is parked,
and a person says what became of it. The provider is a few lines that answer whatever the test wants."""
import http.server
import json
import os
import re
import sqlite3
import threading

from shop import until

ORDER = "01980000-0000-7000-8000-0000000000bb"
PLACE = {"order_id": ORDER, "lines": [{"sku": "tea", "quantity": 2}], "total_minor": 998, "currency": "EUR",
         "payment_token": "tok_visa", "email": "ada@example.org",
         "address": {"name": "Ada", "street": "Main Street 1", "postcode": "12345", "city": "London",
                     "country": "GB"}}
AWAY = (500, {"error": {"type": "api_error", "message": "Not now."}})
OTHERS = (400, {"error": {"type": "idempotency_error", "message": "This key was used for another request."}})


class Provider(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.answer, self.keys = AWAY, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        status, body = self.server.answer
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def call(shop, verb, *args, **how):
    return shop.evt("call", verb, *args, "--data-dir", shop.payment.data, **how)


def publish(shop, command, **fields):
    return shop.evt("publish", command, json.dumps(fields), "--wait", "--timeout", 30)


def parked(shop, name):
    rows = [row for row in call(shop, "list", "--parked", "--json").lines if row["name"] == name]
    return rows[0] if rows else None


def test_nothing_is_there(shop):
    shop.provider = Provider()
    shop.payment = shop.service("payment", PSP_URL=shop.provider.url)
    done = call(shop, "list", status=3)
    assert done.err == f"evt: no stores in {shop.payment.data}: say where they lie (--data-dir)\n", done


def test_options_are_looked_at_before_anything_is_made(shop):
    refused = shop.service("payment", "refused", PSP_URL="https://api.example.org", PSP_KEY="")
    done = refused.do("run", status=2)
    assert done.err == ("svc-payment: psp-key is not set, which only a provider on this machine does without: set"
                        " PSP_KEY, or PSP_KEY_FILE to a file that holds it\n"), done
    done = refused.do("check", status=1)
    assert done.out.startswith("wrong  psp-key is not set, "), done
    refused = shop.service("notify", "refused-2", MAIL_URL="mail.example.org", MAIL_FROM="Shop")
    done = refused.do("run", status=2)
    assert done.err == ("svc-notify: mail-url 'mail.example.org': say smtp://host:port, smtps://host:port,"
                        " maildir:FOLDER or inside\n"
                        "svc-notify: mail-from 'Shop': say an address alone, as shop@example.org\n"), done


def test_a_call_is_on_its_way(shop):
    shop.evt("topics", "apply")
    shop.payment.start().wait_ready()
    done = call(shop, "list")
    assert (done.out, done.err) == ("", "evt: no such calls in 2 stores\n"), done
    shop.order = shop.service("order").start().wait_ready()
    shop.product = shop.service("product").start().wait_ready()
    publish(shop, "CreateProduct", sku="tea", name="Tea", price_minor=499, currency="EUR")
    publish(shop, "ReceiveStock", sku="tea", quantity=10)
    publish(shop, "PlaceOrder", **PLACE)
    until(lambda: len(shop.provider.keys) >= 2, "the provider is asked again")
    rows = call(shop, "list", "--json").lines
    assert len(rows) == 1, rows
    assert rows[0] == {**rows[0], "service": "payment", "name": "authorise", "key": ORDER, "ref": ORDER,
                       "parked": False, "request": "998 EUR tok_visa"}, rows
    shop.key = rows[0]["call_key"]
    assert set(shop.provider.keys) == {shop.key}, shop.provider.keys
    line = call(shop, "list").out
    assert re.fullmatch(rf"\S+Z payment\.[01] authorise {shop.key} key={ORDER} ref={ORDER}\n", line), line
    assert call(shop, "list", "--parked").err == "evt: no such calls in 6 stores\n"
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--yes", status=2)
    assert done.err == (f"evt: the call {shop.key} is not parked: its service makes it again until its end is"
                        " known\n"), done


def test_it_is_parked(shop):
    shop.provider.answer = OTHERS
    until(lambda: parked(shop, "authorise"), "it is parked")
    line = call(shop, "list", "--parked").out
    assert line.endswith(" parked\n    once the provider's books say what became of it: evt call settle"
                         f" {shop.key} --outcome ok|refused\n"), line
    assert call(shop, "show", shop.key).out == line + '    request "998 EUR tok_visa"\n'
    assert call(shop, "show", shop.key, "--json").lines == call(shop, "list", "--json").lines
    until(lambda: re.search(r'^evt_calls_parked{service="payment",shard="[01]"} 1$',
                            shop.payment.ask("GET", "/metrics").text, re.M), "the metric says so")


def test_what_is_not_meant_is_refused(shop):
    for verb, more in (("show", ()), ("settle", ("--outcome", "ok"))):
        done = call(shop, verb, "0000000000000000-1", *more, status=3)
        assert done.err.startswith("evt: none of 6 stores has a call 0000000000000000-1 that has not ended"), done
    done = call(shop, "settle", shop.key, status=2)
    assert done.err == "evt: say what the provider's books say: --outcome ok or --outcome refused\n", done
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--response", "x" * 32769, status=2)
    assert done.err == "evt: --response has 32769 bytes, 32768 may be\n", done
    told = rf'evt: payment shard [01] is told that its authorise of {ORDER} is ok: "pi_1"\n'
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--response", "pi_1", status=2)
    assert re.fullmatch(told + "evt: not published: it cannot be undone, say --yes\n", done.err), done
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--response", "pi_1", "--dry-run")
    assert re.fullmatch(told, done.err) and done.out == "", done
    assert parked(shop, "authorise")["call_key"] == shop.key


def test_it_is_settled(shop):
    """The order goes on: the capture is parked next, and is settled too."""
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--response", "pi_1", "--yes")
    assert re.fullmatch(r"(\S+) payment\.inbox\.[01]@\d+\n\1 DONE\n", done.out), done
    capture = until(lambda: parked(shop, "capture"), "the capture is parked")
    assert capture["request"] == "pi_1" and capture["call_key"] != shop.key, capture
    done = call(shop, "settle", shop.key, "--outcome", "ok", "--yes", status=3)
    assert done.err.endswith("that has not ended: see `evt call list --parked`\n"), done
    done = call(shop, "settle", capture["call_key"], "--outcome", "ok", "--yes", "--json")
    where, answer = done.lines
    assert where["stream"] == "payment.inbox" and answer == {"id": where["id"], "outcome": "DONE", "reason": None,
                                                             "detail": None}, done
    until(lambda: "capture 1 done" in shop.evt("saga", "show", ORDER, "--data-dir", shop.order.data).out,
          "the order has its payment")
    assert call(shop, "list").err == "evt: no such calls in 6 stores\n"


def test_two_stores_have_one_call(shop):
    """Copies of a store: nobody knows which of them is meant."""
    folder = os.path.join(shop.path("two"), "payment")
    os.makedirs(folder)
    source = sqlite3.connect(os.path.join(shop.payment.data, "payment", "0.db"))
    for partition in range(2):
        copy = sqlite3.connect(os.path.join(folder, f"{partition}.db"))
        source.backup(copy)
        copy.execute("UPDATE evt_meta SET partition = ?", (partition,))
        copy.execute("INSERT INTO evt_calls (id, name, call_key, key, ref, request, state, created_ms, trace)"
                     " VALUES (99, 'capture', 'k-1', ?, '', x'', 1, 0, '')", (ORDER,))
        copy.commit()
        copy.close()
    source.close()
    done = shop.evt("call", "settle", "k-1", "--outcome", "ok", "--data-dir", shop.path("two"), status=2)
    assert done.err == "evt: 2 stores have a call k-1: say whose stores (--data-dir)\n", done


def test_a_rebuild_makes_the_same(shop):
    for partition in range(2):
        done = shop.payment.do("replay", "-p", partition, "--out", shop.path(f"rebuilt-{partition}.db"))
        assert "\nequal: " in done.out, done
