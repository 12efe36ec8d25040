"""Somebody refunds an order by hand, in the provider's own pages: `svc-payment reconcile` names it."""
import urllib.parse

import web

SHOP = "own"
BOOKS = "differ"  # in the end


def refund_by_hand(shop, order):
    intent = next(entry["payment_intent"] for entry in shop.provider.ledger()[0]
                  if entry["metadata"]["order_id"] == order.id)
    web.ask("POST", f"{shop.provider.url}/v1/refunds", urllib.parse.urlencode({"payment_intent": intent}),
            {"Authorization": "Bearer sk_test_shop", "Content-Type": "application/x-www-form-urlencoded",
             "Idempotency-Key": "by-hand"}).expect(200)


def test_reconcile(shop):
    tea = shop.stock(shop.sku("tea"), 10)
    by_hand, other = shop.place({tea: 2}), shop.place({tea: 1})
    by_hand.expect("confirmed")
    other.expect("confirmed")
    shop.expect_books()
    refund_by_hand(shop, by_hand)
    done = shop.payment.do("reconcile", status=5)
    assert by_hand.id in done.out and other.id not in done.out, done
    assert "1 agree, 1 differ, 0 in motion" in done.err, done
