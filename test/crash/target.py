"""A service that is crashed, as the faults see it: what they may know of it, and do with it. The product
service that is alone on its broker is one, and each service of the whole shop is."""
import time

from loader import LOOK_S
from process import Process, until


class Target:
    """Has `shop`, `broker`, `counts`, the `service` that runs and its `generation`; `version(generation)`
    makes a later one of it, `second()` another owner of its shards."""

    @property
    def parts(self):
        """The targets on its broker, itself among them."""
        return [self]

    def use(self, service):
        self.service = service
        self.generation += 1

    def start(self):
        self.service.start()

    def kill(self):
        self.service.watch()
        self.service.kill()
        self.counts["kills"] += 1

    def go_on(self, seconds, *others):
        """The load goes on for a while: this is when the next fault comes, not a wait for anything."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_S))
            self.watch(*others)

    def do(self, service, verb, *args, seconds):
        """Another sub-command of it, to its end, beside what runs; returns what it said."""
        process = Process(f"{service.name}-{verb}", [service.program, verb, *args],
                          self.shop.path(f"{service.name}-{verb}.log"), **service.settings)
        self.shop.processes.append(process)
        process.start()
        until(lambda: self.watch() or not process.running(), f"{process.name} ends", seconds)
        process.wait_end(0)
        return process.said()

    def wait_for(self, what, condition):
        """Of the service, while nothing else ends."""
        self.service.wait_for(what, lambda: self.watch() or condition(), 60)

    def wait_ready(self):
        self.wait_for("is ready", self.service.ready)
