"""The happy path: an order goes through stock, payment and mail to its end."""


def test_over_http(shop):
    tea = shop.stock(shop.sku("tea"), 10, price=450)
    mug = shop.stock(shop.sku("mug"), 3, price=1200)
    order = shop.place({tea: 2, mug: 1})
    shown = order.expect("confirmed")
    assert shown["total"] == {"amount": 2100, "currency": "EUR"} and shown["reason"] is None, shown
    assert [line["price"]["amount"] for line in shown["lines"]] == [450, 1200], shown
    shop.settle()
    assert shop.left(tea) == (8, 0) and shop.left(mug) == (2, 0)
    assert shop.provider.entries(order) == {"authorised": 2100, "captured": 2100}
    assert order.letters() == ["confirmed"] and order.show()["mail"] == "sent"


def test_by_evt(shop):
    """As a person would, who sees each step."""
    tea = shop.stock(shop.sku("tea"), 10)
    done = shop.evt("order", "place", f"{tea}=2")
    for words in ("reserve 1 done", "authorise 1 done", "capture 1 done", "commit 1 done"):
        assert words in done.out, done
    assert done.out.endswith("the order is confirmed\n"), done


def test_what_the_mail_says(shop):
    tea = shop.stock(shop.sku("tea"), 10, price=450)
    order = shop.place({tea: 2}, email="grace@example.org")
    order.expect("confirmed")
    shop.settle()
    letter = [letter for letter in shop.mailbox.letters() if letter.order == order.id][0]
    assert letter.to == "Ada Lovelace <grace@example.org>", letter
    assert letter.subject == f"Your order is confirmed: {order.id}", letter
    assert tea in letter.text and "9.00 EUR" in letter.text, letter.text
