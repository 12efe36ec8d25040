"""Two customers and the last item: exactly one gets it."""
import together

TIMES = 10


def test_two_and_one(shop):
    for _ in range(TIMES):
        tea = shop.stock(shop.sku("tea"), 1)
        orders = together.run(2, lambda _, sku=tea: shop.place({sku: 1}))
        ends = sorted(order.expect_any("confirmed", "rejected")["status"] for order in orders)
        assert ends == ["confirmed", "rejected"], ends
        assert shop.left(tea)[0] == 0


def test_the_last_of_two_things(shop):
    """Each has one of the two already, and nobody waits for the other: somebody may get both, never both."""
    for _ in range(TIMES):
        tea, mug = shop.stock(shop.sku("tea"), 1), shop.stock(shop.sku("mug"), 1)
        orders = together.run(2, lambda i, skus=(tea, mug): shop.place({skus[i]: 1, skus[1 - i]: 1}))
        ends = [order.expect_any("confirmed", "rejected")["status"] for order in orders]
        assert ends.count("confirmed") <= 1, ends
        shop.settle()
        left = 0 if "confirmed" in ends else 1
        assert shop.left(tea) == shop.left(mug) == (left, 0), (ends, shop.left(tea), shop.left(mug))
