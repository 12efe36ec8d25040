"""What customers of the whole shop want, and how it may end. What goes wrong with a service or with the
provider meanwhile may excuse another end, by the reason that the order says."""
from process import Failure

DECLINED, UNCAPTURED = "the payment was declined", "the payment was not completed"
UNANSWERED = "no answer to "
LATE, GONE = "was reserved too late", "is gone: its reservation had "
SHORT = "is not in stock in that quantity"
PIECES = 100000  # on the shelf, of what there is plenty of
LASTS = 12       # products of which one piece is left
RACE_EVERY = 6   # of a customer's orders: he wants the last piece of something, as all others do
GOOD = "good"
LAST = "last"
# kind: (how often, how it ends, the words of its reason)
KINDS = {
    GOOD: (48, "confirmed", ""),
    "fresh": (8, "confirmed", ""),  # held for two seconds only, by the saga's definition 2
    "declined": (9, "rejected", DECLINED),
    "uncaptured": (5, "rejected", UNCAPTURED),
    "short": (8, "rejected", SHORT),
    "unknown": (5, "rejected", "is not in the catalogue"),
    "total": (5, "rejected", "the total is "),
    "regretted": (16, "cancelled or refunded", "changed my mind"),
}
CARDS = {"declined": "pm_card_chargeDeclined", "uncaptured": "pm_card_captureFail"}


class Wish:
    """One order. `cancelled`: what became of its cancellation, True: it was taken; None: none was asked for."""

    def __init__(self, kind, lines, card, surplus, item=None):
        self.kind, self.lines, self.card, self.surplus, self.item = kind, lines, card, surplus, item
        self.order_id = self.cancelled = None
        self.key = self.cancel_at = None  # when it is to be cancelled

    def __repr__(self):
        return f"{self.kind} {self.lines}, cancelled: {self.cancelled}, order {self.order_id}"

    def expect(self, status, reason, excuses):
        """`excuses`: [(status, words of its reason)] of what has happened meanwhile."""
        _, wanted, words = KINDS.get(self.kind, KINDS[GOOD])
        allowed = [*excuses, (wanted, words)]
        if self.kind == LAST:
            allowed.append(("rejected", SHORT))
        if self.cancelled:
            allowed = [("cancelled or refunded", KINDS["regretted"][2])]
        if not any(status in ends.split(" or ") and part in reason for ends, part in allowed):
            raise Failure(f"it ended as {status}: {reason!r}, not as one of {allowed}: {self}")


class Shelf:
    """A round's goods, and what is wanted of them."""

    def __init__(self, whole, rng):
        self.plenty = [whole.stock(whole.sku(name), PIECES, rng.randint(1, 9999)) for name in ("tea", "mug", "pot")]
        self.fresh = whole.stock(whole.sku("fresh-fish"), PIECES, 1200)
        self.last = [whole.stock(whole.sku("last"), 1, 990) for _ in range(LASTS)]

    def wish(self, rng, number):
        """A customer's next order; `number` counts his."""
        if number % RACE_EVERY == 0 and number // RACE_EVERY < LASTS:
            item = self.last[number // RACE_EVERY]
            return Wish(LAST, {item: 1}, "pm_card_visa", 0, item)
        kind = rng.choices(list(KINDS), [often for often, _, _ in KINDS.values()])[0]
        lines = [(sku, rng.randint(1, 3)) for sku in rng.sample(self.plenty, rng.randint(1, 3))]
        bad = {"fresh": (self.fresh, 1), "short": (rng.choice(self.last), 2), "unknown": ("nobody-has-it", 1)}
        if kind in bad:
            lines.insert(rng.randint(0, len(lines)), bad[kind])
        return Wish(kind, dict(lines), CARDS.get(kind, "pm_card_visa"), 1 if kind == "total" else 0)
