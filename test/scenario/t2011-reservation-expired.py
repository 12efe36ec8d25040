"""The reservation expires while the provider is away, before anything was paid: what is captured in the end
is refunded."""
SHOP = "hasty"  # fresh goods are held for two seconds, not for fifteen minutes


def states(shop, order):
    return {state for state, in shop.product.all_rows(
        "SELECT state FROM reservation WHERE order_id = ?", order.id)}


def until_expired(shop, order):
    shop.until(lambda: states(shop, order) == {"expired"}, "its reservation expires")


def test_expired(shop):
    fish = shop.stock(shop.sku("fresh-fish"), 5)
    shop.provider.fault("down", on="capture")
    order = shop.place({fish: 2}).until("capture", "asked")
    until_expired(shop, order)
    assert shop.left(fish) == (5, 0), "others may have them"
    shop.provider.clear()
    order.expect("refunded", f"{fish} is gone: its reservation had expired")
    shop.settle()
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
    assert shop.left(fish) == (5, 0)


def test_sold_to_another(shop):
    """Who comes meanwhile gets what is held no longer."""
    fish = shop.stock(shop.sku("fresh-fish"), 1)
    shop.provider.fault("latency", on="capture", ms=4000, count=1)
    first = shop.place({fish: 1}).until("capture", "asked")
    until_expired(shop, first)
    second = shop.place({fish: 1})
    second.expect("confirmed")
    assert first.show()["status"] == "placed", "it still waits for the provider"
    first.expect("refunded", "had expired")
    assert shop.left(fish) == (0, 0)
