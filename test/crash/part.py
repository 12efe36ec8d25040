"""The services of the whole shop, and the provider's stand-in, as the faults see them."""
import os

import web
from process import BUILD, stands
from shop import free_port
from target import Target

# The order service as it is built, and one whose newest definition waits for a second at most, not for
# minutes: what is refused again and again is parked within the round (test/scenario/next_order.c).
TODAY, HASTY = "1", "1 2"


class Member(Target):
    """Of the whole shop, which `life` is."""

    def __init__(self, life, name):
        self.life, self.name = life, name

    shop = property(lambda self: self.life.shop)
    broker = property(lambda self: self.life.broker)
    counts = property(lambda self: self.life.counts)
    parts = property(lambda self: self.life.parts)

    def watch(self, *others):
        self.life.watch(*others)


class Part(Member):
    """A service, in its generations; the order service's later ones are hasty."""

    def __init__(self, life, name):
        super().__init__(life, name)
        self.port = free_port()
        self.built = self.generation = life.shop.service(name, f"{name}-built").generation()

    @property
    def service(self):
        return self.life.whole.services[self.name]

    @service.setter
    def service(self, service):
        self.life.whole.use(self.name, service)

    @property
    def hasty(self):
        return self.name == "order" and self.generation > self.built

    def process(self, as_name, generation, **settings):
        return self.life.whole.service(
            self.name, as_name, program=os.path.join(BUILD, f"next-{self.name}"), NEXT_GENERATION=generation,
            NEXT_DEFINITIONS=TODAY if generation == self.built else HASTY, **settings)

    def version(self, generation):
        return self.process(f"{self.name}-{generation}", generation, HTTP_ADDR=f"127.0.0.1:{self.port}")

    def second(self):
        """With a data folder of its own."""
        return self.process(f"{self.name}-second-{self.life.rounds}", self.generation,
                            DATA_DIR=self.shop.path("second"))


class Stand(Member):
    """The provider's stand-in. What it is ordered to do wrong ends with its process, but for what lasts."""

    def __init__(self, life, name):
        super().__init__(life, name)
        self.lasting = []

    @property
    def service(self):
        return self.life.whole.provider

    def listens(self):
        return web.ask("GET", f"{self.service.url}/readyz")

    def wait_ready(self):
        self.wait_for("listens", self.listens)

    def start(self):
        super().start()
        for name, fields in self.lasting:
            self.order(name, **fields)

    def order(self, name, **fields):
        self.wait_ready()
        self.service.fault(name, **fields)

    def order_lasting(self, name, **fields):
        """To the round's end."""
        self.lasting.append((name, fields))
        self.order(name, **fields)

    def kill(self):
        self.note_hits()
        super().kill()

    def note_hits(self):
        """How often it did wrong. One that stands still does not say, one that does not listen yet did nothing."""
        if stands(self.service.pid):
            return
        try:
            self.counts["provider_faults"] += sum(self.service.hits())
        except OSError:
            pass

    def calm(self):
        """From now on nothing goes wrong with it."""
        self.wait_ready()
        self.note_hits()
        self.lasting.clear()
        self.service.clear()
