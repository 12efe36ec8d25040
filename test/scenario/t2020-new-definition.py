"""A new definition of the saga is deployed with orders on their way: they finish on the one with which they
began, new ones begin on the new one."""
import versions

SHOP = "own"  # a deploy goes forward only


def definition(order):
    return order.show()["saga"]["definition"]


def first_asked(order):
    """What is asked before anything was answered."""
    steps = []
    for step, _, what, _ in order.events():
        if what != "asked":
            break
        steps.append(step)
    return steps


def test_deployed_on_the_way(shop):
    """In definition 2 nobody's card is asked before the goods are held."""
    tea = shop.stock(shop.sku("tea"), 20)
    shop.provider.fault("down", on="capture")
    confirmed = shop.place({tea: 1}).until("capture", "asked")
    rejected = shop.place({tea: 2}, card="pm_card_captureFail").until("capture", "asked")
    cancelled = shop.place({tea: 4}).until("capture", "asked")
    versions.deploy(shop, "1 2")
    new = shop.place({tea: 3}).until("reserve", "done")
    assert [definition(order) for order in (confirmed, rejected, cancelled, new)] == [1, 1, 1, 2]
    cancelled.cancel()
    shop.provider.clear()
    confirmed.expect("confirmed")
    rejected.expect("rejected", "the payment was not completed")
    cancelled.expect("refunded", "changed my mind")
    new.expect("confirmed")
    for old in (confirmed, rejected, cancelled):
        assert first_asked(old) == ["reserve", "authorise"], old.story()
    assert first_asked(new) == ["reserve"], new.story()
    assert shop.left(tea) == (16, 0)


def test_one_that_ended_before(shop):
    """Is cancelled by its own definition, too."""
    tea = shop.stock(shop.sku("tea"), 5)
    order = shop.place({tea: 1})
    order.expect("confirmed")
    versions.deploy(shop, "1 2")
    order.cancel()
    order.expect("refunded")
    assert shop.left(tea) == (5, 0)


def test_one_that_is_missing(shop):
    """A version without a definition that orders have is refused before the old one goes down for it."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.provider.fault("down", on="capture")
    order = shop.place({tea: 1}).until("capture", "asked")
    refused = versions.next_version(shop, "1")
    words = ("the saga order has instances of definition 2, which this version lacks: put it back until they are "
             "forgotten")
    done = refused.do("upgrade", status=1)
    assert words in done.err, done
    done = refused.do("check", status=1)
    assert words in done.out, done
    done = refused.do("describe", "--ref", order.id, status=1)
    assert "it has definition 2 of the saga order: ask its version" in done.err, done
    shop.provider.clear()  # nothing went down: the old version ends it
    order.expect("confirmed")
    assert definition(order) == 2
    versions.deploy(shop, "1 2")
    assert definition(order) == 2
