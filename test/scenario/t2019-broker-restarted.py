"""The broker is killed and started in the middle of orders: each goes on where it was."""
import uuid


def test_restarted(shop):
    tea = shop.stock(shop.sku("tea"), 10)
    key, late = str(uuid.uuid4()), shop.body({tea: 4})
    shop.provider.fault("down", on="capture")
    at_capture = shop.place({tea: 1}).until("capture", "asked")
    with shop.product.frozen():
        at_reserve = shop.place({tea: 2}).until("reserve", "asked")
        shop.shop.broker.kill()
    shop.provider.clear()
    refused = shop.post(late, key)
    assert refused.status in (202, 503), refused
    shop.shop.broker.start()
    shop.wait_ready()
    at_capture.expect("confirmed")
    at_reserve.expect("confirmed")
    # Who was told to come again is served, once, although the first try may lie in the log.
    shop.until(lambda: shop.post(late, key, wait=20).status == 200, "the order is taken")
    shop.settle()
    assert shop.left(tea) == (3, 0)
