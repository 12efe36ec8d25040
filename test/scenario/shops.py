"""The shops that scenarios run in. A file says by SHOP which kind it wants; one that is open serves all
files of that kind, so a scenario uses goods of its own (shop.sku) and leaves everything as it found it."""
import os

import versions
from mailbox import MailServer
from shop import BUILD, Failure, Shop
from whole import SERVICES, Whole

# The services as they are built.
USUAL = "usual"
# The order service is a later version (next_order.c): fresh goods are held for two seconds, and what is
# refused or not answered is tried again within a second, so that what takes hours elsewhere is seen here.
HASTY = "hasty"
# The services as they are built, for one file alone: it leaves the shop as no other would want it.
OWN = "own"
KINDS = (USUAL, HASTY, OWN)

PROGRAMS = ("evt", "psp", "next-order", *(f"svc-{name}" for name in SERVICES))


class Opened:
    """A shop of a kind, with the broker and the folder that are its own."""

    def __init__(self, kind):
        self.kind, self.shop, self.mailbox = kind, Shop(f"scenario-{kind}"), MailServer()
        self.whole = None

    def open(self):
        for program in PROGRAMS:
            if not os.path.exists(os.path.join(BUILD, program)):
                raise Failure(f"{BUILD}/{program} is missing: make scenario builds it")
        self.whole = Whole(self.shop, self.mailbox).open()
        if self.kind == HASTY:
            versions.deploy(self.whole, "1 2")

    def said(self):
        return self.shop.said()

    def close(self):
        if self.whole and self.whole.books:
            self.whole.books.follower.close()
        self.shop.close(keep=os.environ.get("KEEP") == "1")
        self.mailbox.close()
