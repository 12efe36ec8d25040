"""Customers of the product service: what they change over HTTP."""
from process import Failure
from visitor import WebVisitor

CURRENCY = "EUR"
CUSTOMERS = 2  # at a time


class Customer(WebVisitor):
    """Keeps a product of its own, h<round>-<number>: creates it, changes its price, always expecting the
    version that it knows, and receives goods for it and for one that others have, too. Each
    quantity is even, and is used once."""

    def __init__(self, url, number, round_number, seed, shared, watch):
        super().__init__(url, number, seed, watch)
        self.sku, self.shared = f"h{round_number}-{number}", shared
        self.prices, self.goods = [], []  # goods: (sku, quantity)
        self.quantity = 1000 + 2 * number

    def change(self, method, path, body):
        return self.ask(method, path, body, f"{self.sku}-{len(self.commands)}")

    def create(self):
        body = {"sku": self.sku, "name": "made over HTTP", "price": self.price(100)}
        self.change("POST", "/v1/products", body).expect(201)

    @staticmethod
    def price(amount):
        return {"amount": amount, "currency": CURRENCY}

    def change_price(self):
        version = 1 + len(self.prices)
        amount = 1000 + version
        answer = self.change("PUT", f"/v1/products/{self.sku}/price",
                          {"price": self.price(amount), "expected_version": version}).expect(200)
        if answer.json != {"version": version + 1}:
            raise Failure(f"version {version + 1} was to come: {answer}")
        self.prices.append(amount)

    def receive(self, sku):
        self.quantity += 2 * CUSTOMERS
        self.goods.append((sku, self.quantity))
        self.change("POST", f"/v1/products/{sku}/stock", {"quantity": self.quantity}).expect(200)

    def visit(self):
        self.create()
        while not self.ended.is_set():
            choice = self.random.randrange(3)
            if choice == 0:
                self.change_price()
            else:
                self.receive(self.sku if choice == 1 else self.random.choice(self.shared))
