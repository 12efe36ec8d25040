"""The payment provider's stand-in, as a process that is told what goes wrong."""
import os

import web
from process import BUILD, Process, command
from shop import free_port


class Provider(Process):
    """build/psp: its book outlives kill -9, its faults do not."""

    def __init__(self, shop):
        self.program, self.data = os.path.join(BUILD, "psp"), shop.path("psp")
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        super().__init__("psp", [self.program, "run"], shop.path("psp.log"), HTTP_ADDR=self.address,
                         DATA_DIR=self.data)

    def fault(self, name, **fields):
        """As `psp fault NAME FIELD=VALUE …` has it: fault("lost", on="capture", count=1)."""
        web.ask("POST", f"{self.url}/_psp/faults", {"fault": name, **fields}).expect(200)

    def hits(self):
        """How often each fault that is set has happened, in the order in which they were set."""
        faults = web.ask("GET", f"{self.url}/_psp/faults").expect(200).json["faults"]
        return [fault["hits"] for fault in faults]

    def clear(self):
        web.ask("DELETE", f"{self.url}/_psp/faults").expect(200)

    def ledger(self):
        """(entries, {"totals", "counts"}), of the file, so that it need not run."""
        *entries, sums = command([self.program, "ledger", "--json", "--data-dir", self.data]).lines
        return entries, sums

    def entries(self, order):
        """What moved for an order, by kind: {"authorised": 900, "captured": 900}."""
        sums = {}
        for entry in self.ledger()[0]:
            if entry["metadata"].get("order_id") == order.id:
                sums[entry["kind"]] = sums.get(entry["kind"], 0) + entry["amount"]
        return sums
