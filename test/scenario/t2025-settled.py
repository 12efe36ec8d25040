"""A refund that the provider never grants is paid back by hand, and `evt saga settle` ends the order. The books
differ then: the provider's know of no refund."""
import versions

SHOP = "own"
BOOKS = "differ"


def test_paid_back_by_hand(shop):
    """No refund can be had from the provider, so a person pays it back some other way, and says so."""
    versions.deploy(shop, "2")  # parked after three tries within seconds, not after eight within hours
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    shop.provider.fault("refuse", on="refund")
    order.cancel()
    shop.until(lambda: order.show()["saga"]["parked"] == 1, "it is parked", more=order.story)
    listed = shop.evt("saga", "retry", "--parked", "--dry-run").err
    assert f"evt: 1 parked part of order {order.id}, on order.inbox." in listed, listed
    settle = ("saga", "settle", order.id, "--step", "capture", "--outcome", "undone", "--why", "by bank transfer")
    told = shop.evt(*settle, "--dry-run").err
    assert f" is told that capture 1 of order {order.id} is undone: by bank transfer\n" in told, told
    assert order.show()["saga"]["parked"] == 1
    where, answer = shop.evt(*settle, "--yes", "--json").lines
    assert where["stream"] == "order.inbox" and answer["outcome"] == "DONE", (where, answer)
    order.expect("refunded", "changed my mind")
    assert "capture 1 undone: by bank transfer" in order.story(), order.story()
    shop.provider.clear()
    refused = shop.evt(*settle, "--yes", status=2)
    assert "capture 1 of " in refused.err and " is not parked: see `evt saga list --parked`" in refused.err, refused
