"""The product service that is crashed, round after round: one broker, the service in its generations, one
crash-load, and the books over all of it."""
import os
import random

import faults
from books import Ledger, Logs, Round
from customers import CUSTOMERS, Customer
from loader import Loader
from process import Failure
from reader import PARTITIONS, Reader
from shop import BUILD, Shop, free_port
from target import Target

COMMANDS_MIN = 500  # of crash-load; customers come on top
SHARED = 5     # products of crash-load's that customers may receive goods for
RATE = (300, 900)  # commands a second
REPEATS = 5


class Life(Target):
    ROUNDS_MAX = 20  # then topics and stores begin anew, so that no log grows without bound

    def __init__(self, _seed):
        self.shop = Shop("crash")
        self.port = free_port()
        self.rounds, self.visitors = 0, []
        self.faults, self.sum, self.counts = [], "", None
        try:
            self.open()
        except BaseException as error:  # Ctrl-C, too
            self.shop.close(keep=isinstance(error, Exception))
            raise

    def open(self):
        self.broker = self.shop.broker
        self.shop.evt("topics", "apply")
        self.logs, self.reader = Logs(), Reader(self.broker)
        # The logs begin with what topics.json says.
        self.generation = self.shop.service("product", "built").generation()
        self.service = self.version(self.generation)
        self.service.start().wait_ready(60)
        self.load = Loader(self.broker, self.shop.path("crash-load.log")).start()
        self.shop.processes.append(self.load)

    def version(self, generation):
        """The service as a later version: test/kafka/next.c."""
        return self.shop.service(
            "product", f"generation-{generation}", NEXT_GENERATION=generation,
            program=os.path.join(BUILD, "next-product"), HTTP_ADDR=f"127.0.0.1:{self.port}")

    def second(self):
        """Another process of the version that runs, with a data folder of its own."""
        return self.shop.service(
            "product", f"second-{self.rounds}", NEXT_GENERATION=self.generation,
            program=os.path.join(BUILD, "next-product"), DATA_DIR=self.shop.path("second"))

    def watch(self, *others):
        """What ended by itself is the round's failure, at once and in its own words: nothing is waited for
        that cannot come, and nothing is started again as if we had ended it."""
        for one in (self.service, self.load, self.broker, *self.visitors, *others):
            one.watch()

    # ---- a round ----

    def round(self, seed, counts):
        """Throws what it finds wrong."""
        rng = random.Random(seed)
        self.rounds += 1
        self.counts, self.sum = counts, "no load"
        chosen = faults.choose(rng)
        self.faults = [fault.__name__ for fault in chosen]
        ledger = self.begin(rng)
        self.visitors = self.customers(rng)
        try:
            self.play(chosen, rng)
        finally:
            for customer in self.visitors:
                customer.abandon()
        self.check(Ledger(ledger), self.visitors)
        os.remove(ledger)

    def play(self, chosen, rng):
        """The load, from the faults to its end."""
        for fault in chosen:
            self.go_on(rng.uniform(0.05, 0.4))
            fault(self, rng)
            self.watch()
        self.load.end(COMMANDS_MIN, self.watch)
        for customer in self.visitors:
            customer.end(self.watch)
        self.settle()
        for customer in self.visitors:
            customer.repeat(REPEATS)

    def begin(self, rng):
        """The ledger's path, once the load's products are there."""
        path = self.shop.path(f"ledger-{self.rounds}")
        self.watch()
        self.load.begin(self.rounds, rng.getrandbits(63), rng.randint(*RATE), path)
        self.wait_for("makes the round's products", lambda: len(
            self.rows(f"SELECT 1 FROM product WHERE sku GLOB 'r{self.rounds}-*'")) > SHARED)
        return path

    def customers(self, rng):
        shared = [f"r{self.rounds}-{i}" for i in range(SHARED)]
        customers = [Customer(f"http://127.0.0.1:{self.port}", i, self.rounds, rng.getrandbits(63), shared,
                              self.service_watch) for i in range(CUSTOMERS)]
        for customer in customers:
            customer.start()
        return customers

    def service_watch(self):
        """For customers, which ask it: it is another one after a deploy."""
        self.service.watch()

    def settle(self):
        """Everything that lies in the inbox is committed, and its messages acknowledged."""
        self.wait_ready()
        ends = self.reader.inbox_ends()
        self.wait_for("has applied all", lambda: all(
            self.service.rows(p, "SELECT pos FROM evt_meta")[0][0] >= ends[p] - 1 for p in PARTITIONS))

    def rows(self, query):
        """Of all stores."""
        return [row for partition in PARTITIONS for row in self.service.rows(partition, query)]

    # ---- what must hold ----

    def check(self, ledger, customers):
        before = self.logs.duplicates
        new = self.logs.take(self.reader.read())
        commands = Round(self.rounds, ledger, customers, new).audit(self.rows)
        duplicates = self.logs.duplicates - before
        self.counts["commands"] += commands
        self.counts["duplicates"] += duplicates
        asked = [command for customer in customers for command in customer.commands]
        self.counts["accepted"] += sum(command.accepted for command in asked)
        self.sum = (f"{commands} commands, {len(asked)} over HTTP in {sum(c.tries for c in asked)} tries, "
                    f"{duplicates} duplicates;")
        for partition in PARTITIONS:
            self.rebuilt(partition)
        self.watch()

    def rebuilt(self, partition):
        """The store is what its log makes of nothing, or of its generation's snapshot."""
        path = self.shop.path(f"rebuilt-{self.rounds}-{partition}.db")
        done = self.service.do("replay", "-p", partition, "--out", path, status=None)
        if done.status != 0 or "\nequal: " not in done.out:
            raise Failure(f"the store of shard {partition} is not its rebuild: {done}")
        os.remove(path)

    def said(self):
        return self.shop.said()

    def close(self, keep=False):
        """None. What is kept is said."""
        self.shop.close(keep)
