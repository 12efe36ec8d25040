"""Books that were tampered with do not agree: what would be seen if a service had done something wrong."""
import copy

from process import Failure
from verdict import STREAM

SHOP = "hasty"  # any would do; this one has not had a thousand orders


def complaint(shop, tamper):
    """What a copy of the books says after `tamper`(books) has changed something in it; None: they agree."""
    books = copy.copy(shop.books)
    books.trades, books.stock = copy.deepcopy(books.trades), copy.copy(books.stock)
    books.names, books.dead = dict(books.names), list(books.dead)
    books.whole = copy.copy(shop)
    try:
        tamper(books)
        books.close()
        return None
    except Failure as failure:
        return str(failure)


def test_each_is_noticed(shop):
    tea = shop.stock(shop.sku("tea"), 10)
    sold, declined = shop.place({tea: 2}), shop.place({tea: 1}, card="pm_card_chargeDeclined")
    refused, back = shop.place({tea: 1}, card="pm_card_captureFail"), shop.place({tea: 3})
    sold.expect("confirmed")
    declined.expect("rejected")
    refused.expect("rejected")
    back.expect("confirmed")
    back.cancel()
    back.expect("refunded")
    shop.expect_books()
    entries, sums = shop.provider.ledger()
    letters = shop.mailbox.letters()

    def without(name, order):
        return lambda books: books.trades[order.id].said[name].clear()

    def with_also(name, order, **value):
        return lambda books: books.trades[order.id].said[name].append(value)

    def no_end(books):
        books.trades[sold.id].facts.pop()

    def two_ends(books):
        books.trades[declined.id].facts.append("OrderCancelled")

    def a_piece_too_much(books):
        books.stock[tea] += 1

    def a_dead_letter(books):
        books.dead.append("a dead letter")

    def a_gap(books):
        """A number that is not the last of its stream."""
        last = {}
        for source, number in books.names:
            match = STREAM.match(number or "")
            if match and source.startswith("/shop/"):
                before = last.setdefault((source, match["stream"]), (int(match["number"]), number))
                if before[0] < int(match["number"]):
                    del books.names[source, before[1]]
                    return

    class Other:
        """Stands for the provider, or the mailbox, and says something else than it did."""

        def __init__(self, **says):
            for name, what in says.items():
                setattr(self, name, lambda what=what: what)

    def provider(kind, order):
        """That entry is missing."""
        def tamper(books):
            left = [entry for entry in entries if (entry["kind"], entry["metadata"]["order_id"]) != (kind, order.id)]
            assert len(left) < len(entries), kind
            books.whole.provider = Other(ledger=(left, sums))
        return tamper

    def provider_sum(books):
        totals = {**sums["totals"]["eur"], "kept": sums["totals"]["eur"]["kept"] + 1}
        books.whole.provider = Other(ledger=(entries, {"totals": {"eur": totals}}))

    def no_letter(books):
        books.whole.mailbox = Other(letters=[letter for letter in letters if letter.order != sold.id])

    def another_letter(books):
        other = copy.copy(next(letter for letter in letters if letter.order == sold.id))
        other.raw += b"and more"
        books.whole.mailbox = Other(letters=[*letters, other])

    def nothing(_):
        pass

    assert complaint(shop, nothing) is None
    for tamper, words in (
            (no_end, "confirmed + rejected + cancelled + refunded"),
            (two_ends, "has the facts"),
            (without("ReleaseStock", refused), "were asked for"),
            (without("StockReleased", refused), "were asked for"),
            (with_also("ReleaseStock", sold, line=1), "lines released"),
            (with_also("RefundPayment", sold), "undoing of its payment"),
            (without("StockCommitted", sold), "lines committed"),
            (with_also("RefundPayment", declined), "RefundPayment without CapturePayment"),
            (without("VoidPayment", refused), "VoidPayment was not asked for"),
            (without("PaymentRefunded", back), "RefundPayment was not asked for or not answered"),
            (a_piece_too_much, "goods: [on hand, committed, reserved]"),
            (a_dead_letter, "dead letters"),
            (a_gap, " and lacks ["),
            (provider("captured", sold), "the provider's captured"),
            (provider("refunded", back), "the provider's refunded"),
            (provider("released", refused), "the provider's released"),
            (provider_sum, "kept by the provider"),
            (no_letter, "letters: too much [], missing"),
            (another_letter, "different letters")):
        said = complaint(shop, tamper)
        assert said and words in said, f"{words}: {said}"
