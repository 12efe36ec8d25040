"""The provider authorises, and then refuses the capture: the order is undone before anything was taken."""


def test_by_the_card(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 2}, card="pm_card_captureFail")
    order.expect("rejected", "the payment was not completed")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved == {"authorised": order.total, "released": order.total}, moved
    assert shop.left(tea) == (5, 0)
    assert order.letters() == ["rejected"]


def test_by_the_provider(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("refuse", on="capture", count=1)
    order = shop.place({tea: 2})
    order.expect("rejected", "the payment was not completed")
    shop.place({tea: 2}).expect("confirmed")
