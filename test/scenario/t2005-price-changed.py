"""The price has changed since the page was shown: the order is rejected with both figures."""


def test_dearer(shop):
    tea = shop.stock(shop.sku("tea"), 5, price=450)
    shop.reprice(tea, 500)
    order = shop.place({tea: 2})
    order.expect("rejected", "the total is 10.00 EUR now, and not 9.00 EUR")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved == {"authorised": 900, "released": 900}, moved
    assert shop.left(tea) == (5, 0)
    shop.place({tea: 2}, total=1000).expect("confirmed")


def test_cheaper(shop):
    """Nobody is charged more than he need pay, either."""
    tea, mug = shop.stock(shop.sku("tea"), 5, price=450), shop.stock(shop.sku("mug"), 5, price=1200)
    shop.reprice(mug, 1100)
    shop.place({tea: 1, mug: 1}).expect("rejected", "the total is 15.50 EUR now, and not 16.50 EUR")


def test_changed_while_it_is_reserved(shop):
    """The price is the reservation's."""
    tea = shop.stock(shop.sku("tea"), 5, price=450)
    shop.provider.fault("down", on="create")
    order = shop.place({tea: 2}).until("reserve", "done")
    shop.reprice(tea, 500)
    shop.provider.clear()
    assert order.expect("confirmed")["lines"][0]["price"]["amount"] == 450
