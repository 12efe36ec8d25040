"""The provider refuses a refund at first: it is asked again, until the money is back."""
SHOP = "hasty"  # asked again within a second, not after twenty


def test_refused_twice(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    shop.provider.fault("refuse", on="refund", count=2)
    order.cancel()
    order.expect("refunded", "changed my mind")
    shop.settle()
    assert shop.provider.hits() == [2]
    assert "the refund was refused" in order.story(), order.story()
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
    assert shop.left(tea) == (5, 0)
    assert order.letters() == ["confirmed", "refunded"]
