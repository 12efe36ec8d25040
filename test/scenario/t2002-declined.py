"""The card is declined: nothing is sold, and the customer is told why."""


def test_declined(shop):
    tea = shop.stock(shop.sku("tea"), 10)
    order = shop.place({tea: 2}, card="pm_card_chargeDeclined")
    order.expect("rejected", "the payment was declined: Your card was declined. (card_declined)")
    shop.settle()
    assert shop.left(tea) == (10, 0)
    assert shop.provider.entries(order) == {"declined": 900}
    assert order.letters() == ["rejected"]


def test_by_evt(shop):
    """It ends with 1, and says why."""
    tea = shop.stock(shop.sku("tea"), 10)
    done = shop.evt("order", "place", tea, "--card", "pm_card_chargeDeclinedInsufficientFunds", status=1)
    assert "the order is rejected: the payment was declined: Your card has insufficient funds." in done.out, done


def test_another_card(shop):
    """What was declined is an end; another card is another order."""
    tea = shop.stock(shop.sku("tea"), 2)
    for card in ("pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedIncorrectCvc"):
        shop.place({tea: 2}, card=card).expect("rejected", "the payment was declined")
    shop.place({tea: 2}).expect("confirmed")
