"""Two thousand long-polls on one instance, all from one address as behind a gateway: they cost little, take
nobody's connection, and all of them are answered by the commit that they wait for."""
import json
import re
import resource
import socket
import urllib.parse

from shop import until

MANY = 2000
ORDER = "01980000-0000-7000-8000-0000000000cc"
PLACE = {"order_id": ORDER, "lines": [{"sku": "tea", "quantity": 2}], "total_minor": 998, "currency": "EUR",
         "payment_token": "tok_visa", "email": "ada@example.org",
         "address": {"name": "Ada", "street": "Main Street 1", "postcode": "12345", "city": "London",
                     "country": "GB"}}


def publish(shop, command, **fields):
    return shop.evt("publish", command, json.dumps(fields), "--wait", "--timeout", 30)


def waiting(shop):
    page = shop.order.ask("GET", "/metrics").text
    return int(re.search(r"^evt_http_waiting (\d+)$", page, re.M).group(1))


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
        return int(re.search(r"^Pss:\s+(\d+) kB$", text.read(), re.M).group(1))


def status_of(client):
    client.settimeout(30)
    with client.makefile("rb") as answer:
        length = 0
        while (line := answer.readline()).strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(answer.read(length))["status"]


def test_they_wait(shop):
    """Its order stays on its way: nobody takes what is asked of the payment service."""
    shop.evt("topics", "apply")
    shop.order = shop.service("order").start().wait_ready()
    publish(shop, "PlaceOrder", **PLACE)
    until(lambda: shop.order.ask("GET", f"/v1/orders/{ORDER}").status == 200, "the order is there")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * MANY)), hard))
    before = pss_kib(shop.order.pid)
    at = urllib.parse.urlsplit(shop.order.url)
    ask = f"GET /v1/orders/{ORDER}?wait=60 HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()
    shop.clients = []
    for _ in range(MANY):
        client = socket.create_connection((at.hostname, at.port))
        client.sendall(ask)
        shop.clients.append(client)
    until(lambda: waiting(shop) == MANY, "all of them wait")
    used = pss_kib(shop.order.pid) - before
    print(f"{MANY} who wait: {used} KiB")
    assert used < MANY * 16, used


def test_others_are_answered_meanwhile(shop):
    assert shop.order.ask("GET", f"/v1/orders/{ORDER}").json["status"] == "placed"
    assert shop.order.ask("GET", "/readyz").status == 200


def test_all_are_answered(shop):
    """There is no such product: the order is rejected once the money is given back, and one commit says so."""
    assert waiting(shop) == MANY
    shop.service("product").start().wait_ready()
    shop.service("payment", PSP_URL="inside").start().wait_ready()
    statuses = [status_of(client) for client in shop.clients]
    assert statuses == ["rejected"] * MANY, set(statuses)
    for client in shop.clients:
        client.close()
    until(lambda: waiting(shop) == 0, "nobody waits any more")
