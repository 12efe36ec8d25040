"""A shop that is crashed, round after round: one broker, the product service in its generations, one
crash-load, and the books over all of it."""
import os
import random
import subprocess
import time

import faults
from books import Ledger, Logs, Round
from customers import Customer
from process import Failure, environment
from reader import PARTITIONS, Reader
from shop import BUILD, Shop, free_port

COMMANDS_MIN = 500  # of crash-load; customers come on top
CUSTOMERS = 2
SHARED = 5     # products of crash-load's that customers may receive goods for
RATE = (300, 900)  # commands a second
REPEATS = 5


class Life:
    def __init__(self):
        self.shop = Shop("crash")
        self.broker = self.shop.broker
        self.shop.evt("topics", "apply")
        self.port = free_port()
        self.generation, self.rounds = 0, 0
        self.faults, self.sum, self.counts = [], "", None
        self.logs, self.reader = Logs(), Reader(self.broker)
        self.use(self.version(1))
        self.service.start().wait_ready(60)
        self.load = subprocess.Popen(
            [os.path.join(BUILD, "crash-load"), self.broker.address, f"{random.getrandbits(64):016x}"],
            env=environment(), encoding="ascii", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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

    def use(self, service):
        self.service = service
        self.generation += 1

    def start(self):
        self.service.start()

    def kill(self):
        if not self.service.running():
            raise Failure(f"{self.service.name} ended by itself with {self.service.popen.returncode}:\n"
                          f"{self.service.said()}")
        self.service.kill()
        self.counts["kills"] += 1

    @staticmethod
    def go_on(seconds):
        """The load goes on for a while: this is when the next fault comes, not a wait for anything."""
        time.sleep(seconds)

    # ---- a round ----

    def round(self, seed, counts):
        """Throws what it finds wrong."""
        rng = random.Random(seed)
        self.rounds += 1
        self.counts, self.sum = counts, "no load"
        chosen = faults.choose(rng)
        self.faults = [fault.__name__ for fault in chosen]
        ledger = self.begin(rng)
        customers = self.customers(rng)
        for fault in chosen:
            self.go_on(rng.uniform(0.05, 0.4))
            fault(self, rng)
        self.end()
        for customer in customers:
            customer.end()
        self.settle()
        for customer in customers:
            customer.repeat(REPEATS)
        self.check(Ledger(ledger), customers)
        os.remove(ledger)

    def begin(self, rng):
        """The ledger's path, once the load's products are there."""
        path = self.shop.path(f"ledger-{self.rounds}")
        self.load.stdin.write(f"begin {self.rounds} {rng.getrandbits(63)} {rng.randint(*RATE)} {path}\n")
        self.load.stdin.flush()
        self.service.wait_for("makes the round's products", lambda: len(
            self.rows(f"SELECT 1 FROM product WHERE sku GLOB 'r{self.rounds}-*'")) > SHARED, 60)
        return path

    def customers(self, rng):
        shared = [f"r{self.rounds}-{i}" for i in range(SHARED)]
        customers = [Customer(f"http://127.0.0.1:{self.port}", i, self.rounds, rng.getrandbits(63), shared)
                     for i in range(CUSTOMERS)]
        for customer in customers:
            customer.start()
        return customers

    def end(self):
        """Everything that the load sent is acknowledged."""
        self.load.stdin.write(f"end {COMMANDS_MIN}\n")
        self.load.stdin.flush()
        if not self.load.stdout.readline():
            raise Failure(f"crash-load ended with {self.load.wait()}")

    def settle(self):
        """Everything that lies in the inbox is committed, and its messages acknowledged."""
        self.service.wait_ready(60)
        ends = self.reader.ends()
        self.service.wait_for("has applied all", lambda: all(
            self.service.rows(p, "SELECT pos FROM evt_meta")[0][0] >= ends[p] - 1 for p in PARTITIONS), 60)

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
        self.load.stdin.close()
        self.load.kill()
        self.load.wait()
        self.load.stdout.close()
        self.shop.close(keep)
