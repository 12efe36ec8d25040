"""The whole shop that is crashed, round after round: one broker, all services in their generations, the
provider's stand-in, a mailbox, and the books over all of it."""
import faults
import shopbooks
import shopfaults
from mailbox import MailServer, Maildir
from part import Part, Stand
from process import Failure
from shop import Shop
from shoppers import TopicShopper, WebShopper
from whole import Whole
from wishes import GONE, LATE, UNANSWERED, Shelf, Wish

SHOPPERS = (WebShopper, WebShopper, TopicShopper)
REPEATS = 5
REST_S = 90
ENDS = ("confirmed", "rejected", "cancelled", "refunded")
# Where the order service is hasty it gives up what is not answered within seconds, and so do fresh goods.
HASTY = [("rejected", UNANSWERED), ("rejected", LATE), ("refunded", GONE)]


class ShopLife:
    # Few: then topics and stores begin anew, and the order service with its first definition.
    ROUNDS_MAX = 6

    def __init__(self, seed):
        self.shop = Shop("crash-shop")
        # Of every second pair of rounds that begins a shop the mails go into a folder, else to a server.
        self.mailbox = MailServer() if seed // shopfaults.PAIR % 2 else Maildir(self.shop.path("mail"))
        self.rounds, self.visitors = 0, []
        self.faults, self.sum, self.counts = [], "", None
        self.placed, self.told = set(), (0,) * 5  # all orders; the sums that were told before
        try:
            self.open()
        except BaseException as error:  # Ctrl-C, too
            self.close(keep=isinstance(error, Exception))
            raise

    def open(self):
        self.broker = self.shop.broker
        self.whole = Whole(self.shop, self.mailbox)
        self.parts = [Part(self, name) for name in shopfaults.SERVICES]
        self.provider = Stand(self, shopfaults.PROVIDER)
        for part in self.parts:
            part.service = part.version(part.generation)
        self.whole.open()

    def member(self, name):
        return next(one for one in (*self.parts, self.provider) if one.name == name)

    def watch(self, *others):
        """What ended by itself is the round's failure, at once and in its own words."""
        for one in (*self.whole.processes, self.broker, *self.visitors, *others):
            one.watch()

    # ---- a round ----

    def round(self, seed, counts):
        """Throws what it finds wrong."""
        chosen, rng = shopfaults.choose(seed)
        self.rounds += 1
        self.counts, self.sum = counts, "no load"
        self.faults = [f"{fault.__name__} {name}" for fault, name in chosen]
        self.begin(chosen, rng)
        shelf = Shelf(self.whole, rng)
        self.visitors = [shopper(self.whole, number, rng.getrandbits(63), shelf, self.whole.watch)
                         for number, shopper in enumerate(SHOPPERS)]
        try:
            self.play(chosen, rng)
        finally:
            for visitor in self.visitors:
                visitor.abandon()
        self.rest()
        wishes = self.as_before(shelf)
        self.check(wishes + [wish for visitor in self.visitors for wish in visitor.wishes], self.excuses(chosen))

    def begin(self, chosen, rng):
        """What is parked within minutes only with a hasty order service has one from the begin."""
        order = self.member("order")
        self.watch()
        if any(fault is shopfaults.refuses_undoing for fault, _ in chosen) and not order.hasty:
            faults.deploy(order, rng)
        self.whole.wait_ready()

    def play(self, chosen, rng):
        """The load, from the faults to its end."""
        for visitor in self.visitors:
            visitor.open()
        for visitor in self.visitors:
            visitor.start()
        for fault, name in chosen:
            member = self.member(name)
            member.go_on(rng.uniform(0.02, 0.2))
            fault(member, rng)
            self.watch()
        self.provider.calm()
        for visitor in self.visitors:
            visitor.end(self.watch)
        self.whole.wait_ready()
        for visitor in self.visitors:
            if isinstance(visitor, WebShopper):
                visitor.repeat(REPEATS)

    def excuses(self, chosen):
        return [excuse for fault, _ in chosen for excuse in shopfaults.EXCUSES.get(fault, [])] + (
            HASTY if self.member("order").hasty else [])

    def rest(self):
        """Everything comes to its end by itself, but for what was parked: a person takes it up again."""
        self.whole.until(lambda: self.take_up() or not self.whole.unrest(), "every order ends", REST_S,
                         self.whole.unrest)
        self.whole.settle()

    def take_up(self):
        """A late answer may have come in between: then nothing is left to be taken up."""
        for ref, in self.whole.order.all_rows("SELECT ref FROM evt_sagas WHERE parked > 0"):
            done = self.whole.evt("saga", "retry", ref, status=None)
            if done.status != 0 and "nothing of it is parked" not in done.out:
                raise Failure(f"it cannot be taken up: {done}")
            self.counts["taken_up"] += done.status == 0

    def as_before(self, shelf):
        """The shop sells as it did before, and declines and refunds; nothing is excused any more."""
        item = shelf.plenty[0]
        good, declined = (self.whole.place({item: 1}, card=card) for card in (
            "pm_card_visa", "pm_card_chargeDeclined"))
        good.expect("confirmed")
        declined.expect("rejected", "the payment was declined")
        good.cancel()
        good.expect("refunded")
        wishes = [Wish("regretted", {item: 1}, None, 0), Wish("declined", {item: 1}, None, 0)]
        wishes[0].cancelled = True
        wishes[0].order_id, wishes[1].order_id = good.id, declined.id
        return wishes

    # ---- what must hold ----

    def check(self, wishes, excuses):
        sums, books = self.whole.expect_books(), self.whole.books
        self.placed |= {wish.order_id for wish in wishes}
        shopbooks.expect_placed(books, self.placed)
        shopbooks.expect_taken_once(books.placed())
        for visitor in self.visitors:
            if isinstance(visitor, TopicShopper):
                visitor.answered(shopbooks.answers(books))
        ended = shopbooks.ends(self.whole)
        for wish in wishes:
            wish.expect(*ended[wish.order_id], excuses)
        shopbooks.expect_one_buyer(wishes, ended)
        self.whole.expect_rebuilt()
        self.tell(len(wishes), sums)
        self.watch()

    def tell(self, orders, sums):
        now = tuple(sums[name] for name in (*ENDS, "duplicates"))
        new = [n - before for n, before in zip(now, self.told)]
        self.told = now
        self.counts["orders"] += orders
        self.counts["duplicates"] += new[-1]
        self.counts["accepted"] += sum(command.accepted for visitor in self.visitors
                                       if isinstance(visitor, WebShopper) for command in visitor.commands)
        ends = ", ".join(f"{n} {name}" for n, name in zip(new, ENDS))
        self.sum = f"{orders} orders: {ends}, {new[-1]} duplicates;"

    def said(self):
        return self.shop.said()

    def close(self, keep=False):
        """None. What is kept is said."""
        for visitor in self.visitors:
            visitor.abandon()
        self.shop.close(keep)
        self.mailbox.close()
