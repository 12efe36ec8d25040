"""The payment provider is slow: nothing is charged twice, whoever loses patience."""


def test_slow(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("latency", ms="500-900")
    order = shop.place({tea: 1})
    order.expect("confirmed")
    assert shop.provider.entries(order) == {"authorised": order.total, "captured": order.total}


def test_asked_again_meanwhile(shop):
    """The payment service is killed while it waits, and asks again under the same key, which is in use."""
    tea = shop.stock(shop.sku("tea"), 5)
    for step, on in (("authorise", "create"), ("capture", "capture")):
        shop.provider.fault("latency", on=on, ms=2000, count=1)
        order = shop.place({tea: 1}).until(step, "asked")
        shop.until(lambda: shop.provider.hits() == [1], f"it works at the {step}")
        shop.payment.kill()
        shop.payment.start().wait_ready()
        order.expect("confirmed")
        moved = shop.provider.entries(order)
        assert moved == {"authorised": order.total, "captured": order.total}, moved
        shop.provider.clear()


def test_cancelled_meanwhile(shop):
    """The customer loses patience: what is authorised then is given up."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("latency", on="create", ms=1500, count=1)
    order = shop.place({tea: 1}).until("authorise", "asked")
    shop.until(lambda: shop.provider.hits() == [1], "it works at the authorisation")
    order.cancel("it takes so long")
    order.expect("cancelled", "it takes so long")
    moved = shop.provider.entries(order)
    assert moved == {"authorised": order.total, "released": order.total}, moved
    assert shop.left(tea) == (5, 0)
