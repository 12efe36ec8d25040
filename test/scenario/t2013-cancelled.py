"""The customer cancels: before the pivot, while it is under way, and afterwards."""


def test_before_anything_was_answered(shop):
    """What was asked for is undone, whatever becomes of it."""
    tea = shop.stock(shop.sku("tea"), 5)
    with shop.product.frozen():
        order = shop.place({tea: 1}).until("reserve", "asked")
        order.cancel("too slow")
    order.expect("cancelled", "too slow")
    shop.settle()
    assert shop.left(tea) == (5, 0)
    assert order.letters() == ["cancelled"]


def test_before_the_pivot(shop):
    """The goods are held, the provider is away."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="create")
    order = shop.place({tea: 1}).until("reserve", "done")
    order.cancel()
    shop.provider.clear()
    order.expect("cancelled", "changed my mind")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved.get("authorised", 0) == moved.get("released", 0) and "captured" not in moved, moved


def test_during_the_pivot(shop):
    """The money is taken after all, and goes back."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="capture")
    order = shop.place({tea: 1}).until("capture", "asked")
    order.cancel()
    order.until("capture", "to be undone")
    shop.provider.clear()
    order.expect("refunded", "changed my mind")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
    assert order.letters() == ["refunded"]


def test_during_a_pivot_that_is_refused(shop):
    """Then there is nothing to give back."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="capture")
    order = shop.place({tea: 1}, card="pm_card_captureFail").until("capture", "asked")
    order.cancel()
    order.until("capture", "to be undone")
    shop.provider.clear()
    order.expect("cancelled", "changed my mind")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved == {"authorised": order.total, "released": order.total}, moved
    assert order.letters() == ["cancelled"]


def test_between_pivot_and_end(shop):
    """Paid, and the goods are not committed yet."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="capture")
    order = shop.place({tea: 1}).until("capture", "asked")
    with shop.product.frozen():
        shop.provider.clear()
        order.until("commit", "asked")
        order.cancel()
    order.expect("refunded", "changed my mind")
    shop.settle()
    assert shop.left(tea) == (5, 0)


def test_after_its_end(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 2})
    order.expect("confirmed")
    assert shop.left(tea) == (3, 0)
    done = shop.evt("order", "cancel", order.id, "--reason", "too small")
    assert done.out.endswith("the order is refunded: too small\n"), done
    order.expect("refunded", "too small")
    shop.settle()
    assert shop.left(tea) == (5, 0)
    assert order.letters() == ["confirmed", "refunded"]


def test_twice(shop):
    """The second one is told so."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="create,cancel")
    order = shop.place({tea: 1})
    order.cancel()
    refused = order.cancel(status=409)
    assert refused.json["detail"] == "the order is being cancelled", refused
    shop.provider.clear()
    order.expect("cancelled")
    refused = order.cancel(status=409)
    assert refused.json["detail"] == "the order has ended", refused
