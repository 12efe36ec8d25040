"""crash-load as the rounds see it: told by lines when to begin and to end."""
import os
import random
import select
import subprocess

from process import Failure, Process, environment
from shop import BUILD

LOOK_S = 0.1


class Loader(Process):
    def __init__(self, broker, log):
        super().__init__("crash-load", [os.path.join(BUILD, "crash-load"), broker.address,
                                        f"{random.getrandbits(64):016x}"], log)
        self.works = self.ends = False  # between begin and end; it was told to end

    def start(self):
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(self.args, env=environment(), encoding="ascii", stderr=out,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.watched = True
        return self

    def say(self, words):
        try:
            self.popen.stdin.write(words + "\n")
            self.popen.stdin.flush()
        except BrokenPipeError:
            self.wait_end(None, 5)
            raise Failure(f"{self.name} is not there to {words}:\n{self.said()}") from None

    def begin(self, number, seed, rate, ledger):
        self.say(f"begin {number} {seed} {rate} {ledger}")
        self.works, self.ends = True, False

    def end(self, commands_min, watch):
        """Everything that it sent is acknowledged. Calls `watch` while it waits; may be called again after
        that has failed."""
        if not self.ends:
            self.say(f"end {commands_min}")
        self.ends = True
        while not select.select([self.popen.stdout], [], [], LOOK_S)[0]:
            watch()
        if not self.popen.stdout.readline():
            self.wait_end(None, 5)
            raise Failure(f"{self.name} ended with {self.popen.returncode}:\n{self.said()}")
        self.works = False

    def kill(self):
        super().kill()
        if self.popen is not None:
            self.popen.stdout.close()
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass  # what it was not told any more
