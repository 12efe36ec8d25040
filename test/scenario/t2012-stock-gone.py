"""The goods are gone after the order was paid: it is refunded, and what of it was sold already comes back."""
SHOP = "hasty"  # fresh goods are held for two seconds, not for fifteen minutes


def gone_after_it_was_paid(shop, lines):
    """The order service is away from the moment when it asks for the capture until fresh goods have
    expired; the money is taken meanwhile."""
    shop.provider.fault("down", on="capture")
    order = shop.place(lines).until("capture", "asked")
    shop.order.kill()
    shop.provider.clear()
    shop.until(lambda: shop.provider.entries(order).get("captured"), "the money is taken")
    shop.until(lambda: ("expired",) in shop.product.all_rows(
        "SELECT state FROM reservation WHERE order_id = ?", order.id), "the fresh goods expire")
    shop.order.start().wait_ready()
    return order


def test_all_of_it(shop):
    fish = shop.stock(shop.sku("fresh-fish"), 5)
    order = gone_after_it_was_paid(shop, {fish: 2})
    order.expect("refunded", f"{fish} is gone: its reservation had expired")
    shop.settle()
    assert order.happened("capture", "done"), order.story()
    assert shop.left(fish) == (5, 0)


def test_one_of_two(shop):
    tea, fish = shop.stock(shop.sku("tea"), 5), shop.stock(shop.sku("fresh-fish"), 5, price=1200)
    order = gone_after_it_was_paid(shop, {tea: 2, fish: 1})
    order.expect("refunded", f"{fish} is gone: its reservation had expired")
    shop.settle()
    assert order.happened("reserve", "undone", 1), order.story()
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
    assert shop.left(tea) == (5, 0) and shop.left(fish) == (5, 0)
    assert order.letters()[-1] == "refunded", order.letters()
