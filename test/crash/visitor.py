"""Customers, each a thread. Commands over HTTP have an Idempotency-Key, and are sent again with the same one
until they are answered, whatever becomes of connections and services meanwhile."""
import http.client
import random
import threading
import time

import web
from process import Failure, until

AGAIN = (409, 502, 503, 504)  # with Retry-After
LATE_S = 120
PAUSE_S = 0.02


def is_later(answer):
    """Nothing was decided yet."""
    return answer.status in AGAIN and answer.header("Retry-After")


class Command:
    """One, and what was answered to it at last."""

    def __init__(self, method, path, body, key):
        self.method, self.path, self.body, self.key = method, path, body, key
        self.answer, self.tries, self.accepted = None, 0, False

    def __repr__(self):
        return f"{self.method} {self.path} {self.body} {self.key}: {self.answer}, {self.tries} tries"


class Visitor(threading.Thread):
    """Does something until it is told to end. `watch` fails when nobody will ever answer."""

    def __init__(self, number, seed, watch):
        super().__init__(daemon=True)
        self.number, self.watch_service, self.random = number, watch, random.Random(seed)
        self.ended, self.abandoned, self.error = threading.Event(), threading.Event(), None

    def visit(self):
        """What it does until `ended` is set."""
        raise NotImplementedError

    def run(self):
        try:
            self.visit()
        except Exception as error:  # shown by whoever waits for the thread
            self.error = error

    def watch(self):
        if self.error:
            raise Failure(f"customer {self.number}: {self.error}")

    def end(self, watch):
        """Its last command is answered. Calls `watch` while it waits."""
        self.ended.set()
        until(lambda: watch() or not self.is_alive(), f"customer {self.number} ends", LATE_S + 10)
        self.watch()

    def abandon(self):
        """The round is over, however it ended: nothing is asked for any more."""
        self.ended.set()
        self.abandoned.set()

    def still(self, what, seconds=LATE_S):
        """For ever, while it makes sense to go on with this: again and again until it is left."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.abandoned.is_set():
            self.watch_service()
            yield
            time.sleep(PAUSE_S)
        raise Failure(f"not until the round was over, or within {seconds} s: {what}")


class WebVisitor(Visitor):
    """Its commands go over HTTP, and each is answered, sooner or later."""

    def __init__(self, url, *args):
        super().__init__(*args)
        self.url, self.commands = url, []

    @staticmethod
    def is_answer(answer):
        """A 202 is a promise: what it leads to is asked for."""
        return answer.status != 202 and not is_later(answer)

    def send(self, command):
        """Until it is answered."""
        for _ in self.still(f"an answer to {command.method} {command.path} {command.key}"):
            command.tries += 1
            try:
                answer = web.ask(command.method, self.url + command.path, command.body,
                                 {"Idempotency-Key": command.key}, 10)
            except (OSError, http.client.HTTPException):
                continue
            if self.is_answer(answer):
                return answer
            command.accepted |= answer.status == 202
        return None

    def ask(self, method, path, body, key):
        command = Command(method, path, body, key)
        self.commands.append(command)
        command.answer = self.send(command)
        return command.answer

    def repeat(self, most):
        """Some of what was answered is asked for once more: the same answer comes."""
        for command in self.random.sample(self.commands, min(most, len(self.commands))):
            first = command.answer
            again = self.send(command)
            if (again.status, again.body) != (first.status, first.body):
                raise Failure(f"another answer to the same key: {first} and {again}")
