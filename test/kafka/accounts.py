"""The books of the whole shop: what its topics, its stores, the provider's ledger and the mailbox say, and
that they say the same. Each is read by other means than the services': Kafka by python3-kafka, stores by
SQL, the ledger as the provider wrote it.

What must hold of orders that have all ended:
* confirmed + rejected + cancelled + refunded = placed, each order with exactly one end (a confirmed one that
  is cancelled afterwards has a second), and the store says the same as the facts;
* what had succeeded of a failed order was undone, nothing was undone that was never asked for, and of a
  confirmed one nothing at all;
* by order and in sum: captured - refunded = the totals of confirmed orders, and nothing is still held;
* stock: committed is what confirmed orders have, nothing is reserved, the facts add up to what is on hand;
* `svc-payment reconcile` finds no difference;
* one mail for each end, and it arrived, or was given up and the order says so;
* numbers without gaps or forks in every stream, and no dead letters."""
from collections import Counter, defaultdict

import verdict
from follow import Follower, decode
from process import Failure

SERVICES = ("product", "order", "payment", "notify")
ENDS = {"OrderConfirmed": "confirmed", "OrderRejected": "rejected", "OrderCancelled": "cancelled",
        "OrderRefunded": "refunded"}


def inbox(service):
    return f"shop.{service}.inbox.v1"


def expect(what, got, wanted):
    """Of collections only their difference is shown."""
    if got == wanted:
        return
    if isinstance(got, dict) and isinstance(wanted, dict):
        names = [name for name in {**got, **wanted} if got.get(name) != wanted.get(name)]
        raise Failure(f"{what}: {len(names)} differ: " + "; ".join(
            f"{name}: {got.get(name)!r}, not {wanted.get(name)!r}" for name in names[:5]))
    if isinstance(got, set) and isinstance(wanted, set):
        raise Failure(f"{what}: too much {sorted(got - wanted)[:5]}, missing {sorted(wanted - got)[:5]}")
    raise Failure(f"{what}: {got!r}, not {wanted!r}")


class Trade:
    """All that was said about one order."""

    def __init__(self):
        self.facts = []  # OrderPlaced, and its ends, in order
        self.said = defaultdict(list)  # {type: [value]}, each message once

    @property
    def end(self):
        return ENDS.get(self.facts[-1]) if self.facts else None

    def lines(self, *names):
        """The lines that such messages were about."""
        return {value["line"] for name in names for value in self.said[name]}

    def total(self):
        return self.said["OrderPlaced"][0]["total_minor"]


class Books:
    def __init__(self, whole):
        self.whole = whole
        self.inboxes = {inbox(name): name for name in SERVICES}
        self.follower = Follower(whole.shop.broker, [
            *self.inboxes, *(name + ".dlt" for name in self.inboxes), "shop.product.events.v1",
            "shop.order.events.v1"])
        self.names = {}  # (source, id): the record; what was sent twice is there once
        self.trades, self.stock = defaultdict(Trade), Counter()
        self.dead, self.duplicates = [], 0

    def ends(self):
        """{(service, partition of its inbox): the offset that comes next}"""
        return {(self.inboxes[topic], partition): end
                for (topic, partition), end in self.follower.ends().items() if topic in self.inboxes}

    # ---- what is there ----

    def read(self):
        """What came since the last time."""
        for topic, records in self.follower.read().items():
            for record in records:
                if topic.endswith(".dlt"):
                    if record.type != "shop.evt.v1.LogBegins":
                        self.dead.append(record)
                elif self.first_time(record):
                    self.note(record)

    def first_time(self, record):
        name = (record.headers.get("ce_source"), record.headers.get("ce_id"))
        first = self.names.setdefault(name, record)
        self.duplicates += first is not record
        if (first.key, first.value, first.headers) != (record.key, record.value, record.headers):
            raise Failure(f"two messages of one name:\n  {first}\n  {record}")
        return first is record

    def note(self, record):
        name = record.type.rsplit(".", 1)[-1]
        if record.type.startswith("shop.evt."):
            return
        value = decode(record)
        if name == "StockChanged":
            self.stock[value["sku"]] += value["delta"]
        if "order_id" not in value:
            return
        trade = self.trades[value["order_id"]]
        trade.said[name].append(value)
        if name == "OrderPlaced" or name in ENDS:
            trade.facts.append(name)

    # ---- what must hold ----

    def close(self):
        """All of it; returns the sums."""
        self.read()
        expect("dead letters", self.dead, [])
        verdict.dense(list(self.names.values()))
        self.orders()
        holding = self.holding()
        for order, trade in self.placed().items():
            self.undoing(order, trade, holding)
        self.money()
        self.goods()
        self.mails()
        done = self.whole.payment.do("reconcile", status=None)
        if done.status != 0 or ", 0 differ, 0 in motion" not in done.err:
            raise Failure(f"svc-payment reconcile: {done}")
        return self.sums()

    def placed(self):
        """Those that were taken: a PlaceOrder that was refused is no order."""
        return {order: trade for order, trade in self.trades.items() if trade.facts}

    def with_end(self, *ends):
        return {order: trade for order, trade in self.placed().items() if trade.end in ends}

    def sums(self):
        ends = Counter(trade.end for trade in self.placed().values())
        return {"placed": len(self.placed()), **{end: ends[end] for end in ENDS.values()},
                "duplicates": self.duplicates}

    def orders(self):
        sums = self.sums()
        expect("confirmed + rejected + cancelled + refunded", sum(sums[end] for end in ENDS.values()),
               sums["placed"])
        for order, trade in self.placed().items():
            if (trade.facts[0] != "OrderPlaced" or len(trade.facts) not in (2, 3)
                    or len(trade.facts) == 3 and trade.facts[1:] != ["OrderConfirmed", "OrderRefunded"]):
                raise Failure(f"order {order} has the facts {trade.facts}")
        stored = dict(self.whole.order.all_rows("SELECT order_id, status FROM orders"))
        expect("orders as they are stored", stored,
               {order: trade.end for order, trade in self.placed().items()})

    def holding(self):
        """{order: its lines that have goods}"""
        lines = defaultdict(list)
        for order, line in self.whole.product.all_rows(
                "SELECT order_id, line FROM reservation WHERE state IN ('reserved', 'committed')"):
            lines[order].append(line)
        return lines

    def undoing(self, order, trade, holding):
        """Exactly the undoing of what had succeeded. What was asked for and not answered yet is undone,
        too, so between the two."""
        about = f"order {order}, which is {trade.end}"
        asked, reserved = trade.lines("ReserveStock"), trade.lines("StockReserved")
        released = trade.lines("ReleaseStock")
        undone = {name for name in ("VoidPayment", "RefundPayment") if trade.said[name]}
        if trade.facts[-2:] == ["OrderPlaced", "OrderConfirmed"]:
            lines = set(range(1, trade.said["OrderPlaced"][0]["lines"] + 1))
            expect(f"{about}: lines committed", trade.lines("StockCommitted"), lines)
            expect(f"{about}: lines that hold goods", set(holding.get(order, [])), lines)
            expect(f"{about}: lines released", released, set())
            expect(f"{about}: undoing of its payment", undone, set())
            return
        if not reserved <= released <= asked or trade.lines("StockReleased") != released:
            raise Failure(f"{about}: lines {asked} were asked for, {reserved} reserved, {released} released, "
                          f"of which {trade.lines('StockReleased')} were")
        for done, command, undo, answer in (
                ("PaymentAuthorised", "AuthorisePayment", "VoidPayment", "PaymentVoided"),
                ("PaymentCaptured", "CapturePayment", "RefundPayment", "PaymentRefunded")):
            if trade.said[undo] and not trade.said[command]:
                raise Failure(f"{about}: {undo} without {command}")
            if trade.said[done] and not (trade.said[undo] and trade.said[answer]):
                raise Failure(f"{about}: {done}, but {undo} was not asked for or not answered")
        expect(f"{about}: lines that hold goods", holding.get(order, []), [])

    def money(self):
        entries, ledger = self.whole.provider.ledger()
        moved = defaultdict(Counter)
        for entry in entries:
            moved[entry["metadata"].get("order_id")][entry["kind"]] += entry["amount"]
        paid = {order: self.moved_of(order, trade, moved[order]) for order, trade in self.placed().items()}
        expect("orders that only the provider knows", set(moved) - set(paid), set())
        totals = ledger["totals"].get("eur", Counter())
        expect("kept by the provider", totals["kept"], sum(paid.values()))
        expect("held by the provider", totals["held"], 0)
        expect("totals of confirmed orders", sum(
            trade.said["OrderConfirmed"][0]["total_minor"] for trade in self.with_end("confirmed").values()),
            totals["kept"])

    def moved_of(self, order, trade, moved):
        """What of its money stays here."""
        about, total = f"order {order}, which is {trade.end}: the provider's", trade.total()
        if trade.end in ("confirmed", "refunded"):
            expect(f"{about} captured", moved["captured"], total)
        else:
            expect(f"{about} captured", moved["captured"], 0)
            expect(f"{about} released", moved["released"], moved["authorised"])
        back = moved["refunded"] - moved["refund_failed"]
        expect(f"{about} refunded", back, total if trade.end == "refunded" else 0)
        if trade.end == "refunded":
            expect(f"{about} refunded, as the fact says", trade.said["OrderRefunded"][0]["refunded_minor"], back)
        return moved["captured"] - back

    def goods(self):
        sold = Counter()
        for order, sku, quantity in self.whole.order.all_rows(
                "SELECT order_id, sku, quantity FROM order_line JOIN orders USING (order_key)"):
            sold[sku] += quantity if self.trades[order].end == "confirmed" else 0
        got = {sku: row for sku, *row in self.whole.product.all_rows(
            "SELECT sku, received - committed, committed, reserved FROM product")}
        expect("goods: [on hand, committed, reserved]", got,
               {sku: [self.stock[sku], sold[sku], 0] for sku in got})

    def mails(self):
        """What comes with the last stage goes out while the goods are committed: an order that fails there
        has got its confirmation, too."""
        wanted = {(order, ENDS[fact]) for order, trade in self.placed().items() for fact in trade.facts[1:]}
        wanted |= {(order, "confirmed") for order, trade in self.with_end("refunded").items()
                   if trade.said["CommitStock"]}
        rows = {(order, kind.removeprefix("ORDER_").lower()): (state, reason)
                for order, kind, state, reason in self.whole.notify.all_rows(
                    "SELECT order_id, kind, state, reason FROM mail")}
        expect("mails that were asked for", set(rows), wanted)
        sent = {name for name, (state, _) in rows.items() if state == "sent"}
        letters = defaultdict(set)
        for letter in self.whole.mailbox.letters():
            letters[letter.order, letter.kind].add(letter.raw)
        expect("letters", set(letters), sent)
        for name, raws in letters.items():
            expect(f"different letters of {name}", len(raws), 1)
        self.mail_of_orders(rows)

    def mail_of_orders(self, rows):
        """An order says what became of its last mail."""
        for order, mail in self.whole.order.all_rows("SELECT order_id, mail FROM orders"):
            state, reason = rows[order, self.trades[order].end]
            expect(f"mail of order {order}, which is {state}", mail,
                   {"sent": "sent", "given-up": reason}.get(state, ""))
