"""The whole shop on one broker: product, order, payment and notify, the payment provider's stand-in
with its faults, and a mailbox. What a test does with it reads like what a person would do: put goods on
the shelf, place an order, have the provider answer as it is told, kill a service, expect an end.

    whole = Whole(shop).open()
    whole.stock("tea", 10, price=450)
    whole.provider.fault("lost", on="capture", count=1)
    whole.place({"tea": 2}).expect("confirmed")
    whole.expect_books()
"""
import contextlib
import http.client
import itertools
import os
import uuid

import accounts
import web
from accounts import SERVICES
from mailbox import Maildir
from placed import Order
from process import Failure, until
from provider import Provider
from shop import free_port

PARTITIONS = (0, 1)
ADDRESS = {"name": "Ada Lovelace", "street": "12 St James's Square", "postcode": "SW1Y 4JH",
           "city": "London", "country": "GB"}
VISA = "pm_card_visa"


class Whole:
    def __init__(self, shop, mailbox=None, **programs):
        """`programs`: another one than build/svc-NAME, by service."""
        self.shop, self.mailbox = shop, mailbox or Maildir(shop.path("mail"))
        self.provider = Provider(shop)
        shop.processes.append(self.provider)
        self.programs, self.prices, self.numbers = programs, {}, itertools.count(1)
        self.services = {name: self.service(name) for name in SERVICES}
        self.books = None

    def service(self, name, as_name=None, **settings):
        """One that is not started: it talks to this provider and this mailbox."""
        settings.setdefault("HTTP_ADDR", f"127.0.0.1:{free_port()}")  # it comes back where it was
        return self.shop.service(name, as_name, program=settings.pop("program", self.programs.get(name)),
                                 PSP_URL=settings.pop("PSP_URL", self.provider.url), MAIL_URL=self.mailbox.url,
                                 **settings)

    # The services by name; `use` puts another process in a name's place.
    product = property(lambda self: self.services["product"])
    order = property(lambda self: self.services["order"])
    payment = property(lambda self: self.services["payment"])
    notify = property(lambda self: self.services["notify"])

    def use(self, name, service):
        self.services[name] = service
        return service

    @contextlib.contextmanager
    def replaced(self, name, **settings):
        """Another process of the service in its place, with other settings, over the same stores."""
        usual = self.services[name]
        usual.stop()
        other = self.use(name, self.service(name, f"{name}-{next(self.numbers)}", **settings)).start().wait_ready()
        yield other
        other.stop()
        self.use(name, usual).start().wait_ready()

    @property
    def processes(self):
        return [self.provider, *self.services.values()]

    def open(self):
        """Makes the topics, starts everything, and waits until it is ready."""
        self.shop.evt("topics", "apply")
        self.books = accounts.Books(self)
        for process in self.processes:
            process.start()
        return self.wait_ready()

    def wait_ready(self, seconds=60):
        for service in self.services.values():
            service.wait_ready(seconds)
        self.provider.wait_for("listens", lambda: web.ask("GET", f"{self.provider.url}/readyz"), seconds)
        return self

    def watch(self):
        """What ends without being told to is a failure, now."""
        for process in (*self.processes, self.shop.broker):
            process.watch()

    def until(self, condition, what, seconds=30, more=lambda: ""):
        """While nothing ends by itself. What is away for a moment is asked again."""
        def look():
            self.watch()
            try:
                return condition()
            except http.client.HTTPException as cut_off:
                raise OSError(repr(cut_off)) from cut_off
        try:
            return until(look, what, seconds)
        except Failure as failure:
            raise Failure(f"{failure}\n{more()}") from None

    def calm(self):
        """Nothing goes wrong from now on, and everything that should run does."""
        self.watch()
        self.provider.clear()
        self.mailbox.accept_all()

    def said(self):
        return self.shop.said()

    # ---- the catalogue ----

    def sku(self, name="tea"):
        """One that nobody has used before: scenarios share a shop, not its goods."""
        return f"{name}-{next(self.numbers)}"

    def change(self, method, path, body):
        return self.product.ask(method, path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def stock(self, sku, pieces, price=450, currency="EUR"):
        """Puts it into the catalogue, with so many pieces on hand. Returns the sku."""
        self.change("POST", "/v1/products", {"sku": sku, "name": sku.capitalize(),
                                             "price": {"amount": price, "currency": currency}}).expect(201)
        self.prices[sku] = price
        if pieces:
            self.change("POST", f"/v1/products/{sku}/stock", {"quantity": pieces}).expect(200)
        return sku

    def reprice(self, sku, price):
        """`prices` stays as it is: it is what customers have seen."""
        self.change("PUT", f"/v1/products/{sku}/price",
                    {"price": {"amount": price, "currency": "EUR"}}).expect(200)

    def left(self, sku):
        """(on hand, reserved), when all is applied that was there: answers are ahead of the store."""
        ends = self.books.ends()
        self.until(lambda: self.has_applied("product", ends), "the product service applies its log")
        return self.product.all_rows("SELECT received - committed, reserved FROM product WHERE sku = ?", sku)[0]

    # ---- orders ----

    def body(self, lines, card=VISA, total=None, email="ada@example.org"):
        """What a checkout sends; the total is what the goods cost when they were put on the shelf."""
        if total is None:
            total = sum(self.prices.get(sku, 0) * quantity for sku, quantity in lines.items())
        return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()],
                "total": {"amount": total, "currency": "EUR"}, "payment": {"token": card}, "email": email,
                "address": ADDRESS}

    def post(self, body, key=None, wait=0, through=None, seconds=30):
        """The answer itself, of any instance."""
        return (through or self.order).ask("POST", "/v1/orders" + (f"?wait={wait}" if wait else ""), body,
                                           {"Idempotency-Key": key or str(uuid.uuid4())}, seconds)

    def place(self, lines, key=None, **how):
        """Checks out, {sku: quantity}; `how`: card, total, email. Its end is waited for by expect."""
        body = self.body(lines, **how)
        return Order(self, self.post(body, key).expect(202).json["order_id"], body["total"]["amount"])

    # ---- everything ----

    def settle(self, seconds=60):
        """Until every log is applied, every saga has ended, and no call is under way."""
        self.until(self.is_settled, "the shop comes to rest", seconds, self.unrest)

    def has_applied(self, name, ends):
        return all(self.services[name].rows(partition, "SELECT pos FROM evt_meta")[0][0] >= ends[name, partition] - 1
                   for partition in PARTITIONS)

    def is_settled(self):
        ends = self.books.ends()
        return (all(self.has_applied(name, ends) for name in self.services)
                and not self.unrest() and ends == self.books.ends())

    def unrest(self):
        """What is still on its way, in words; "" when nothing is."""
        return "\n".join([f"  {name}: {row}" for name, service in self.services.items()
                          for row in service.all_rows(
                              "SELECT ref, phase, stage, parts FROM evt_sagas WHERE forget_ms IS NULL")
                          + service.all_rows("SELECT name, ref, state FROM evt_calls")])

    def expect_books(self):
        """Comes to rest, and closes the books: accounts.py says what must hold."""
        self.settle()
        return self.books.close()

    def expect_rebuilt(self):
        """Every store is what its log makes of nothing."""
        for name, service in self.services.items():
            for partition in PARTITIONS:
                path = self.shop.path(f"rebuilt-{name}-{partition}.db")
                done = service.do("replay", "-p", partition, "--out", path)
                assert "\nequal: " in done.out, done
                os.remove(path)

    def evt(self, *args, **how):
        """`evt` as a person beside this shop would call it."""
        return self.shop.evt(*args, ORDER_URL=self.order.url, PRODUCT_URL=self.product.url,
                             DATA_DIR=self.order.data, **how)


__all__ = ["PARTITIONS", "SERVICES", "VISA", "Order", "Provider", "Whole"]
