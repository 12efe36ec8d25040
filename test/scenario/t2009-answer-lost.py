"""The payment provider has done it, but the answer was lost: it is asked again under the same key, so that
nothing is done twice."""


def test_authorisation(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("lost", on="create", count=1)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    assert shop.provider.hits() == [1]
    assert shop.provider.entries(order) == {"authorised": order.total, "captured": order.total}


def test_capture(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("lost", on="capture", count=2)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    assert shop.provider.hits() == [2]
    assert shop.provider.entries(order) == {"authorised": order.total, "captured": order.total}


def test_a_decline(shop):
    """A no is an answer, too."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("lost", on="create", count=1)
    order = shop.place({tea: 1}, card="pm_card_chargeDeclined")
    order.expect("rejected", "the payment was declined")
    assert shop.provider.hits() == [1]
    assert shop.provider.entries(order) == {"declined": order.total}


def test_release(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("lost", on="cancel", count=1)
    order = shop.place({tea: 6})
    order.expect("rejected", "not in stock")
    assert shop.provider.hits() == [1]
    assert shop.provider.entries(order) == {"authorised": order.total, "released": order.total}


def test_refund(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    shop.provider.fault("lost", on="refund", count=1)
    order.cancel()
    order.expect("refunded")
    assert shop.provider.hits() == [1]
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
