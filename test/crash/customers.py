"""Commands over HTTP: each with an Idempotency-Key, and sent again with the same one until it is
answered, whatever becomes of connections and services meanwhile."""
import http.client
import random
import threading
import time

import web
from process import Failure, until

AGAIN = (409, 502, 503, 504)  # with Retry-After: nothing was decided yet
LATE_S = 120
PAUSE_S = 0.02
CURRENCY = "EUR"


class Command:
    """One, and what was answered to it at last."""

    def __init__(self, method, path, body, key):
        self.method, self.path, self.body, self.key = method, path, body, key
        self.answer, self.tries, self.accepted = None, 0, False

    def __repr__(self):
        return f"{self.method} {self.path} {self.body} {self.key}: {self.answer}, {self.tries} tries"


class Customer(threading.Thread):
    """Keeps a product of its own, h<round>-<number>: creates it, changes its price, always expecting the
    version that it knows, and receives goods for it and for one that others have, too. Each
    quantity is even, and is used once. `watch` fails when nobody will ever answer."""

    def __init__(self, url, number, round_number, seed, shared, watch):
        super().__init__(daemon=True)
        self.url, self.number, self.shared, self.watch_service = url, number, shared, watch
        self.sku, self.random = f"h{round_number}-{number}", random.Random(seed)
        self.ended, self.abandoned, self.error = threading.Event(), threading.Event(), None
        self.commands, self.prices, self.goods = [], [], []  # goods: (sku, quantity)
        self.quantity = 1000 + 2 * number

    def send(self, command):
        """Until it is answered. A 202 is an answer, but a promise: what it leads to is asked for."""
        deadline = time.monotonic() + LATE_S
        while time.monotonic() < deadline and not self.abandoned.is_set():
            self.watch_service()
            command.tries += 1
            try:
                answer = web.ask(command.method, self.url + command.path, command.body,
                                 {"Idempotency-Key": command.key}, 10)
            except (OSError, http.client.HTTPException):
                time.sleep(PAUSE_S)
                continue
            if answer.status == 202 or answer.status in AGAIN and answer.header("Retry-After"):
                command.accepted |= answer.status == 202
                time.sleep(PAUSE_S)
                continue
            command.answer = answer
            return answer
        raise Failure(f"not answered until the round was over, or within {LATE_S} s: {command}")

    def ask(self, method, path, body):
        key = f"{self.sku}-{len(self.commands)}"
        self.commands.append(Command(method, path, body, key))
        return self.send(self.commands[-1])

    def create(self):
        body = {"sku": self.sku, "name": "made over HTTP", "price": self.price(100)}
        self.ask("POST", "/v1/products", body).expect(201)

    @staticmethod
    def price(amount):
        return {"amount": amount, "currency": CURRENCY}

    def change_price(self):
        version = 1 + len(self.prices)
        amount = 1000 + version
        answer = self.ask("PUT", f"/v1/products/{self.sku}/price",
                          {"price": self.price(amount), "expected_version": version}).expect(200)
        if answer.json != {"version": version + 1}:
            raise Failure(f"version {version + 1} was to come: {answer}")
        self.prices.append(amount)

    def receive(self, sku):
        self.quantity += 2 * 100  # of customers
        self.goods.append((sku, self.quantity))
        self.ask("POST", f"/v1/products/{sku}/stock", {"quantity": self.quantity}).expect(200)

    def visit(self):
        self.create()
        while not self.ended.is_set():
            choice = self.random.randrange(3)
            if choice == 0:
                self.change_price()
            else:
                self.receive(self.sku if choice == 1 else self.random.choice(self.shared))

    def run(self):
        try:
            self.visit()
        except Exception as error:  # shown by whoever waits for the thread
            self.error = error

    def watch(self):
        if self.error:
            raise Failure(f"customer {self.number}: {self.error}")

    def end(self, watch):
        """Its last command is answered. Calls `watch` while it waits."""
        self.ended.set()
        until(lambda: watch() or not self.is_alive(), f"customer {self.number} ends", LATE_S + 10)
        self.watch()

    def abandon(self):
        """The round is over, however it ended: nothing is asked for any more."""
        self.ended.set()
        self.abandoned.set()

    def repeat(self, most):
        """Some of what was answered is asked for once more: the same answer comes."""
        for command in self.random.sample(self.commands, min(most, len(self.commands))):
            first = command.answer
            again = self.send(command)
            if (again.status, again.body) != (first.status, first.body):
                raise Failure(f"another answer to the same key: {first} and {again}")
