"""The customer's address does not exist, or the mail server is busy: the order stays what it is, and says
what became of its mail."""


def test_no_such_user(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.mailbox.refuse("nobody@example.org", "550 5.1.1 <nobody@example.org>: No such user")
    order = shop.place({tea: 1}, email="nobody@example.org")
    order.expect("confirmed")
    shop.settle()
    shown = order.show()
    assert shown["status"] == "confirmed" and shown["mail"] == "550 5.1.1 <(address)>: No such user", shown
    assert "the mail was not delivered: 550 5.1.1 <(address)>: No such user" in order.story(), order.story()
    assert "nobody" not in str(shown) + str(order.story()), "an order shows whose it is"
    assert order.letters() == []


def test_no_such_user_of_a_rejected_order(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.mailbox.refuse("nobody@example.org", "550 5.1.1 No such user")
    order = shop.place({tea: 6}, email="nobody@example.org")
    order.expect("rejected", "not in stock")
    shop.settle()
    assert "550 5.1.1 No such user" in order.show()["mail"]


def test_not_now(shop):
    """It will be tried again in five minutes, for four days; of that the services' own tests tell."""
    tea = shop.stock(shop.sku("tea"), 5)
    shop.mailbox.refuse("later@example.org", "451 4.7.1 Not now")
    order = shop.place({tea: 1}, email="later@example.org")
    order.expect("confirmed")
    shop.settle()
    deferred = shop.notify.all_rows("SELECT state, reason FROM mail WHERE order_id = ?", order.id)
    assert deferred == [("deferred", "451 4.7.1 Not now")], deferred
    assert order.show()["mail"] is None


def test_the_server_was_away(shop):
    """For a moment: the mail comes, once."""
    tea = shop.stock(shop.sku("tea"), 5)
    with shop.notify.frozen():
        order = shop.place({tea: 1})
        order.expect("confirmed")
        shop.notify.kill()
    shop.notify.start().wait_ready()
    shop.settle()
    assert order.letters() == ["confirmed"] and order.show()["mail"] == "sent"
