"""The payment provider is asked twice, or answers twice: each order is charged once, and refunded once."""
import doubler


def through(shop, what):
    """Orders of every kind, with everything between payment and provider twice."""
    tea = shop.stock(shop.sku("tea"), 9)
    with doubler.Doubler(shop.provider, what) as between, shop.replaced("payment", PSP_URL=between.url):
        confirmed, refunded = shop.place({tea: 1}), shop.place({tea: 2})
        declined = shop.place({tea: 3}, card="pm_card_chargeDeclined")
        short = shop.place({tea: 99})
        confirmed.expect("confirmed")
        refunded.expect("confirmed")
        refunded.cancel()
        refunded.expect("refunded")
        declined.expect("rejected", "the payment was declined")
        short.expect("rejected", "not in stock")
        shop.settle()
        assert between.times >= 8, f"only {between.times} requests went through"
    return confirmed, refunded, declined, short


def moved_once(shop, confirmed, refunded, declined, short):
    assert shop.provider.entries(confirmed) == {"authorised": confirmed.total, "captured": confirmed.total}
    moved = shop.provider.entries(refunded)
    assert moved == {kind: refunded.total for kind in ("authorised", "captured", "refunded")}, moved
    assert shop.provider.entries(declined) == {"declined": declined.total}
    assert shop.provider.entries(short) == {"authorised": short.total, "released": short.total}


def test_asked_twice(shop):
    """As where something on the way repeats what it thinks was lost."""
    moved_once(shop, *through(shop, doubler.REQUESTS))


def test_answers_twice(shop):
    """The second answer belongs to no request, above all not to the next one."""
    moved_once(shop, *through(shop, doubler.ANSWERS))
