"""A thousand orders, three of a hundred declined, some cancelled, some for more than there is: all the sums
agree."""
import random

import together

ORDERS = 1000
CUSTOMERS = 8       # at once
DECLINED_EVERY = 33  # 30 of a thousand
CANCELLED_EVERY = 50
SHORT_EVERY = 100
PIECES = 100000


class Customer:
    """Every CUSTOMERS-th of the orders, one after the other, without waiting for their ends."""

    def __init__(self, shop, number, skus):
        self.shop, self.number, self.skus = shop, number, skus
        self.rng = random.Random(number)
        self.orders = []

    def go(self):
        for i in range(self.number + 1, ORDERS + 1, CUSTOMERS):
            self.orders.append((i, self.place(i)))
            if i % CANCELLED_EVERY == 1:
                self.orders[-1][1].cancel()

    def place(self, i):
        lines = {sku: self.rng.randint(1, 3) for sku in self.rng.sample(self.skus, self.rng.randint(1, 3))}
        if i % SHORT_EVERY == 2:
            lines[next(iter(lines))] = PIECES + 1
        card = "pm_card_chargeDeclined" if i % DECLINED_EVERY == 0 else "pm_card_visa"
        return self.shop.place(lines, card=card, email=f"customer-{i}@example.org")


def wanted(i):
    """How it may end. A cancellation may come before it is paid or after."""
    if i % CANCELLED_EVERY == 1:
        return {"cancelled", "refunded"}
    return {"rejected"} if i % DECLINED_EVERY == 0 or i % SHORT_EVERY == 2 else {"confirmed"}


def test_a_thousand(shop):
    before = shop.expect_books()
    skus = [shop.stock(shop.sku(name), PIECES, price) for name, price in (
        ("tea", 450), ("mug", 1200), ("pot", 3900), ("kettle", 5900), ("spoon", 90))]
    customers = [Customer(shop, number, skus) for number in range(CUSTOMERS)]
    together.run(CUSTOMERS, lambda number: customers[number].go())
    sums = shop.expect_books()
    assert sums["placed"] - before["placed"] == ORDERS, (before, sums)
    ends = dict(shop.order.all_rows("SELECT order_id, status FROM orders"))
    for customer in customers:
        for i, order in customer.orders:
            assert ends[order.id] in wanted(i), f"order {i} is {ends[order.id]}:\n{order.story()}"
    assert sums["confirmed"] - before["confirmed"] >= ORDERS * 9 // 10, (before, sums)


def test_they_are_what_the_logs_say(shop):
    shop.expect_rebuilt()
