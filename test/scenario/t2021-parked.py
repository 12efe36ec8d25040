"""A compensation that keeps failing (a refund, or giving up what is held on a card) is parked for a person,
counted and listed, and taken up again by `evt saga retry`."""
import re

SHOP = "hasty"  # parked after three tries within seconds, not after eight within hours


def parked(shop):
    """By the order service's own count."""
    return sum(int(n) for n in re.findall(r'^evt_sagas_parked{service="order",shard="\d+"} (\d+)$',
                                          shop.order.ask("GET", "/metrics").text, re.M))


def test_parked_and_taken_up(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    shop.provider.fault("refuse", on="refund")
    order.cancel()
    shop.until(lambda: parked(shop) == 1, "it is counted as parked")
    assert order.show()["status"] == "cancelling" and order.show()["saga"]["parked"] == 1
    listed = shop.evt("saga", "list", "--parked").out
    assert order.id in listed and "capture 1 stuck" in listed, listed
    assert order.id in shop.evt("order", "show", order.id).out

    assert "1 parked part" in shop.evt("saga", "retry", order.id, "--dry-run").err
    before = len(order.events())
    shop.evt("saga", "retry", order.id)
    shop.until(lambda: order.show()["saga"]["parked"] == 1 and len(order.events()) > before + 3,
               "it is tried anew, and parked again", more=order.story)

    shop.provider.clear()
    shop.evt("saga", "retry", order.id)
    order.expect("refunded", "changed my mind")
    shop.settle()
    shop.until(lambda: parked(shop) == 0, "it is counted no longer")
    moved = shop.provider.entries(order)
    assert moved == {kind: order.total for kind in ("authorised", "captured", "refunded")}, moved
    refused = shop.evt("saga", "retry", order.id, status=1)
    assert "nothing of it is parked" in refused.out, refused


def test_parked_outlives_a_kill(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    shop.provider.fault("refuse", on="refund")
    order.cancel()
    shop.until(lambda: order.show()["saga"]["parked"] == 1, "it is parked", more=order.story)
    shop.order.kill()
    shop.order.start().wait_ready()
    shop.until(lambda: parked(shop) == 1, "it is counted as parked")
    shop.provider.clear()
    shop.evt("saga", "retry", order.id)
    order.expect("refunded")


def test_a_release_of_the_money(shop):
    """It is refused by silence, as nobody gains by being told."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("refuse", on="cancel")
    order = shop.place({tea: 1}, card="pm_card_captureFail")
    shop.until(lambda: order.show()["saga"]["parked"] == 1, "it is parked", more=order.story)
    assert "authorise 1 stuck: no answer" in order.story(), order.story()
    assert shop.left(tea) == (5, 1), "stage by stage, backwards: the goods are held until it is done"
    shop.provider.clear()
    shop.evt("saga", "retry", order.id)
    order.expect("rejected", "the payment was not completed")
    moved = shop.provider.entries(order)
    assert moved == {"authorised": order.total, "released": order.total}, moved
