"""Of three lines the second is out of stock: the other two are given back, and so is the money."""


def test_second_of_three(shop):
    tea, pot, mug = (shop.stock(shop.sku(name), 5) for name in ("tea", "pot", "mug"))
    order = shop.place({tea: 1, pot: 6, mug: 2})
    order.expect("rejected", f"{pot} is not in stock in that quantity")
    shop.settle()
    assert [shop.left(sku) for sku in (tea, pot, mug)] == [(5, 0)] * 3
    for line, undone in ((1, True), (2, False), (3, True)):
        assert order.happened("reserve", "undone", line) == undone, order.story()
    moved = shop.provider.entries(order)
    assert moved == {"authorised": order.total, "released": order.total}, moved
    assert order.letters() == ["rejected"]


def test_all_that_there_is(shop):
    """The last piece may be sold."""
    tea, pot, mug = (shop.stock(shop.sku(name), 5) for name in ("tea", "pot", "mug"))
    shop.place({tea: 5, pot: 5, mug: 5}).expect("confirmed")
    assert [shop.left(sku) for sku in (tea, pot, mug)] == [(0, 0)] * 3
