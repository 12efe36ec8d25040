"""Customers of the whole shop: they place orders and cancel some, over HTTP or by commands in topics,
until each is answered or acknowledged."""
import time
import uuid

from clients import Publisher
from kafka.errors import KafkaError
from process import Failure
from visitor import Visitor, WebVisitor, is_later

INBOX = "shop.order.inbox.v1"
SOURCE = "/test/crash/orders"
PACE_S = 0.08     # between two orders of one customer, about
REGRET_S = 0.8    # until he changes his mind, at most
ORDERS_MIN = 15   # of each
AGAIN_EVERY = 8   # of what is published: it is sent once more
CHANGED = "changed my mind"


class Orders:
    """What all shoppers do; `place` and `cancel` are theirs."""

    def open(self):
        """What takes a broker that is there; before anything is broken."""

    def shop_around(self, shelf):
        self.wishes, self.to_cancel = [], []
        while not self.ended.is_set() or len(self.wishes) < ORDERS_MIN:
            self.wishes.append(self.want(shelf))
            self.place(self.wishes[-1])
            self.regret(time.monotonic())
            self.ended.wait(self.random.uniform(0, 2 * PACE_S))
        self.regret(None)

    def want(self, shelf):
        wish = shelf.wish(self.random, len(self.wishes))
        wish.key = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if wish.kind == "regretted":
            wish.cancel_at = time.monotonic() + self.random.uniform(0, REGRET_S)
            self.to_cancel.append(wish)
        return wish

    def regret(self, now):
        """What is due by now is cancelled; None: everything is."""
        for wish in [wish for wish in self.to_cancel if now is None or wish.cancel_at <= now]:
            self.to_cancel.remove(wish)
            self.cancel(wish)

    def body(self, wish):
        total = sum(self.whole.prices.get(sku, 0) * n for sku, n in wish.lines.items()) + wish.surplus
        # Of what nobody has ever priced the customer saw no price, but an order has a total.
        return self.whole.body(wish.lines, wish.card, max(total, 1), f"c{wish.key[:8]}@example.org")


class WebShopper(WebVisitor, Orders):
    """Over HTTP."""

    def __init__(self, whole, number, seed, shelf, watch):
        super().__init__(whole.order.url, number, seed, watch)
        self.whole, self.shelf = whole, shelf

    @staticmethod
    def is_answer(answer):
        """A 202 that names no order is a promise."""
        if answer.status == 202:
            return "order_id" in answer.json
        return not is_later(answer)

    def visit(self):
        self.shop_around(self.shelf)

    def place(self, wish):
        wish.order_id = self.ask("POST", "/v1/orders", self.body(wish), wish.key).expect(202).json["order_id"]

    def cancel(self, wish):
        answer = self.ask("POST", f"/v1/orders/{wish.order_id}/cancellation", {"reason": CHANGED},
                          f"{wish.key}-cancel")
        wish.cancelled = answer.status == 202
        if not wish.cancelled:
            answer.expect(409)


class TopicShopper(Visitor, Orders):
    """By commands that are published; what became of them their answers say, on the events topic."""

    def __init__(self, whole, number, seed, shelf, watch):
        super().__init__(number, seed, watch)
        self.whole, self.shelf = whole, shelf
        self.publisher = None
        self.placing, self.cancelling = {}, {}  # {ce_id: its wish}

    def open(self):
        self.publisher = Publisher(self.whole.shop.broker)

    def visit(self):
        try:
            self.shop_around(self.shelf)
        finally:
            self.publisher.close()

    def publish(self, name, wish, number, value):
        """Until it is acknowledged, and now and then once more."""
        for _ in range(2 if self.random.randrange(AGAIN_EVERY) == 0 else 1):
            for _ in self.still(f"{name} {number} is acknowledged"):
                try:
                    self.publisher.publish(INBOX, wish.order_id, name, value, source=SOURCE, number=number)
                    break
                except KafkaError:
                    continue  # it may be there all the same, under this id

    def place(self, wish):
        wish.order_id = wish.key
        body = self.body(wish)
        self.placing[f"{wish.key}-place"] = wish
        self.publish("shop.order.v1.PlaceOrder", wish, f"{wish.key}-place", {
            "order_id": wish.order_id, "lines": body["lines"], "total_minor": body["total"]["amount"],
            "currency": body["total"]["currency"], "payment_token": body["payment"]["token"],
            "email": body["email"], "address": body["address"]})

    def cancel(self, wish):
        self.cancelling[f"{wish.key}-cancel"] = wish
        self.publish("shop.order.v1.CancelOrder", wish, f"{wish.key}-cancel",
                     {"order_id": wish.order_id, "reason": CHANGED})

    def answered(self, answers):
        """What became of them, {(source, id): CommandAnswered}: all placed, some cancelled too late."""
        for number in (*self.placing, *self.cancelling):
            answer = answers.get((SOURCE, number))
            if answer is None:
                raise Failure(f"the command {number} was never answered")
            if number in self.cancelling:
                self.cancelling[number].cancelled = answer["outcome"] == "DONE"
            elif answer["outcome"] != "DONE":
                raise Failure(f"{self.placing[number]} was not placed: {answer}")
