"""The books of a shop that was crashed: what was asked for, against what its topics and stores say.
Streams and names are kept over the rounds, the rest is of one."""
from collections import Counter, defaultdict

from lines import final_states
from process import Failure
from reader import DEAD, EVENTS, INBOX, ORDER, PARTITIONS, decode
from verdict import STREAM

PRODUCT = "shop.product.v1."
GOODS_MIN = 1000  # no line of an order has so many pieces
REPLIES = ("StockReserved", "StockRefused", "StockReleased", "StockCommitted", "StockGone")


def expect(what, got, wanted):
    """Collections are compared with only their difference shown."""
    if got == wanted:
        return
    if isinstance(got, Counter):
        raise Failure(f"{what}: too much {dict(list((got - wanted).items())[:5])}, "
                      f"missing {dict(list((wanted - got).items())[:5])}")
    raise Failure(f"{what}: {got!r}, not {wanted!r}")


class Logs:
    """All records of all topics so far: names, streams, and which are there for the first time."""

    def __init__(self):
        self.names = {}    # (topic, partition, source, id): what the record says
        self.streams = {}  # (source, stream): {number: chain}
        self.duplicates = 0

    def first_time(self, topic, record):
        """A message that is sent twice has one name, so one name is one message."""
        source, number = record.headers.get("ce_source"), record.headers.get("ce_id")
        # Dead letters are named by what they were.
        name = (topic, record.partition, source, number,
                record.headers.get("kafka_dlt-original-offset"))
        said = hash((record.key, record.value, tuple(sorted(record.headers.items()))))
        if name in self.names:
            if self.names[name] != said:
                raise Failure(f"two messages of one name: the second is {record} in {topic}")
            self.duplicates += 1
            return False
        self.names[name] = said
        if topic != DEAD and source.startswith("/shop/"):
            self.number(source, number, record)
        return True

    def number(self, source, number, record):
        match = STREAM.match(number)
        if not match:
            raise Failure(f"not numbered: {record}")
        numbers = self.streams.setdefault((source, match["stream"]), {})
        if numbers.setdefault(int(match["number"]), match["chain"]) != match["chain"]:
            raise Failure(f"a fork: {record} after chain {numbers[int(match['number'])]}")

    def take(self, records):
        """{topic: [Record]} of a round, each message once, in the order of first times."""
        new = {topic: [record for record in of if self.first_time(topic, record)]
               for topic, of in records.items()}
        for name, numbers in self.streams.items():
            missing = max(numbers) - len(numbers)
            if missing:
                gaps = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
                raise Failure(f"{name} ends at {max(numbers)} and lacks {missing}: {gaps[:10]}")
        return new


class Ledger:
    """What crash-load sent, all of it acknowledged; traffic.h has the form."""

    def __init__(self, path):
        self.orders, self.outside, self.rejected = [], [], Counter()
        with open(path, encoding="ascii") as lines:
            for line in lines:
                kind, *fields = line.rstrip("\n").split("\t")
                if kind == "outside":
                    number, name, sku, quantity = fields
                    self.outside.append((number, name.removeprefix(PRODUCT), sku, int(quantity)))
                else:
                    self.add_order(*fields)

    def add_order(self, number, name, sku, order, line, quantity, is_short):
        if quantity == "0":
            self.rejected[number] += 1
        else:
            self.orders.append((name.removeprefix(PRODUCT), sku, (order, int(line)), int(quantity),
                                is_short == "1"))


class Round:
    """What a round's records say, beside what it asked for."""

    def __init__(self, number, ledger, customers, new):
        self.number, self.ledger, self.customers, self.new = number, ledger, customers, new
        self.facts = [(record.type.removeprefix(PRODUCT), decode(record)) for record in new[EVENTS]
                      if record.type.startswith(PRODUCT)]
        self.skus = ({sku for _, _, sku, _ in ledger.outside} | {customer.sku for customer in customers})

    def answers(self):
        """Every command from outside is answered once. None was refused: nothing stands against them."""
        got = Counter()
        for record in self.new[EVENTS]:
            if record.type == "shop.evt.v1.CommandAnswered":
                answer = decode(record)
                got[answer["command_source"], answer["command_id"], answer["outcome"]] += 1
        expect("answers", got, Counter(("/test/crash", number, "DONE")
                                       for number, _, _, _ in self.ledger.outside))

    def rejections(self):
        """Each lies with the dead letters once, and its sender is told once."""
        wanted = self.ledger.rejected
        dead = [record for record in self.new[DEAD] if "kafka_dlt-original-offset" in record.headers]
        expect("dead letters", Counter(record.headers["ce_id"] for record in dead), wanted)
        expect("told as rejected", Counter(decode(record)["message_id"] for record in self.new[ORDER]
                                           if record.type == "shop.evt.v1.Rejected"), wanted)

    def products(self):
        """Made once each, and priced once by each change."""
        made = [sku for _, name, sku, _ in self.ledger.outside if name == "CreateProduct"]
        made += [customer.sku for customer in self.customers]
        expect("products made", Counter(fact["sku"] for name, fact in self.facts
                                        if name == "ProductCreated"), Counter(made))
        for customer in self.customers:
            expect(f"prices of {customer.sku}",
                   [fact["price_minor"] for name, fact in self.facts
                    if name == "PriceChanged" and fact["sku"] == customer.sku], customer.prices)

    def goods(self):
        """All that arrived is there once: each quantity tells its command. Each StockChanged goes on where
        the one before ended. Returns {sku: (on hand, received)}."""
        asked = Counter((sku, quantity) for _, name, sku, quantity in self.ledger.outside
                        if name == "ReceiveStock")
        asked.update(goods for customer in self.customers for goods in customer.goods)
        scarce = {goods for goods in asked if goods[1] < GOODS_MIN}
        arrived, on_hand = Counter(), Counter()
        for name, fact in self.facts:
            if name != "StockChanged":
                continue
            sku, delta = fact["sku"], fact["delta"]
            on_hand[sku] += delta
            expect(f"on hand of {sku} after {delta}", fact["on_hand"], on_hand[sku])
            if delta >= GOODS_MIN or (sku, delta) in scarce:
                arrived[sku, delta] += 1
        expect("goods that arrived", arrived, asked)
        received = Counter()
        for (sku, quantity), times in asked.items():
            received[sku] += quantity * times
        return {sku: (on_hand[sku], received[sku]) for sku in self.skus}

    def lines(self):
        """{(order, line): (states that it may be in, sku, quantity)}; every command of order's was answered
        once, with what it may be answered."""
        commands, replies, about = defaultdict(list), defaultdict(list), {}
        for name, sku, line, quantity, is_short in self.ledger.orders:
            commands[line].append(name)
            about[line] = (sku, quantity, is_short)
        for record in self.new[ORDER]:
            name = record.type.removeprefix(PRODUCT)
            if name in REPLIES:
                reply = decode(record)
                replies[reply["order_id"], reply["line"]].append((name, reply.get("reason")))
        expect("lines that were answered", set(replies), set(commands))
        return {line: (final_states(of, replies[line], about[line][2]), *about[line][:2])
                for line, of in commands.items()}

    def stores(self, rows):
        """The tables have what messages say. `rows`(query) asks all stores."""
        lines, goods = self.lines(), self.goods()
        stored = {(order, line): (state, sku) for order, line, state, sku in rows(
            f"SELECT order_id, line, state, sku FROM reservation WHERE order_id GLOB 'o{self.number}-*'")}
        expect("lines in the stores", set(stored), set(lines))
        committed = Counter()
        for line, (states, sku, quantity) in lines.items():
            state = stored[line][0]
            if state not in states or stored[line][1] != sku:
                raise Failure(f"{line} is {stored[line]}, not one of {states} for {sku}")
            committed[sku] += quantity if state == "committed" else 0
        found = {sku: numbers for sku, *numbers in rows(
            "SELECT sku, received, committed, reserved, (SELECT coalesce(sum(quantity), 0) FROM reservation r"
            " WHERE r.sku = p.sku AND r.state = 'reserved') FROM product p"
            f" WHERE sku GLOB 'r{self.number}-*' OR sku GLOB 'h{self.number}-*'")}
        expect("products in the stores", set(found), self.skus)
        for sku, (received, sold, reserved, held) in found.items():
            expect(f"of {sku}: (on hand, received), committed, reserved",
                   ((received - sold, received), sold, reserved), (goods[sku], committed[sku], held))

    def audit(self, rows):
        """All of it. Returns how many commands it was about."""
        self.answers()
        self.rejections()
        self.products()
        self.stores(rows)
        return (len(self.ledger.orders) + len(self.ledger.outside) + self.ledger.rejected.total()
                + sum(len(customer.commands) for customer in self.customers))


__all__ = ["INBOX", "PARTITIONS", "Ledger", "Logs", "Round"]
