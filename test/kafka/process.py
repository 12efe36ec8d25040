"""Processes as the tests see them: started with an environment, watched by their log, ended, stopped
and continued by signals; and waiting for a condition, which is how a test waits for anything."""
import contextlib
import os
import re
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))


class Failure(Exception):
    """What a test found wrong; never waited out."""


def until(condition, what, seconds=30):
    """Returns what `condition` gives as soon as that is true. Nobody there, or an assertion that does
    not hold, counts as not yet, and is shown when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, AssertionError) as error:
            last = error
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}; last: {last!r}")
        time.sleep(0.02)


def environment(**settings):
    """Ours without what would configure a service or Kafka's tools by chance, and with `settings`."""
    env = {name: value for name, value in os.environ.items()
           if not re.match(r"(KAFKA_(?!JARS)|LOG_|DATA_|HTTP_|SCHEMA_|PEERS|SHARDS|NOTIFY_|WATCHDOG)", name)}
    env.update({name: str(value) for name, value in settings.items()})
    return env


class Done:
    """How a command ended."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    @property
    def json(self):
        """Of a command that prints one JSON value."""
        return loads(self.out, self)

    @property
    def lines(self):
        """Of a command that prints one JSON value a line."""
        return [loads(line, self) for line in self.out.splitlines()]

    def __repr__(self):
        return (f"{' '.join(map(str, self.args))}\n  status {self.status}\n"
                f"  out: {self.out}\n  err: {self.err}")


def loads(text, done):
    import json
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(f"no JSON ({error}): {done}") from None


def command(args, status=0, input=None, seconds=120, cwd=ROOT, **settings):
    """Runs it to its end. It must end with `status`; None takes any."""
    args = [str(arg) for arg in args]
    env = environment(**settings)
    try:
        ran = subprocess.run(args, env=env, cwd=cwd, input=input, timeout=seconds,
                             stdin=None if input is not None else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             encoding="utf-8", errors="backslashreplace", check=False)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"has not ended after {seconds} s: {' '.join(args)}\n"
                      f"  out: {late.stdout}\n  err: {late.stderr}") from None
    done = Done(args, ran.returncode, ran.stdout, ran.stderr)
    if status is not None and done.status != status:
        raise Failure(f"expected status {status}: {done}")
    return done


class Process:
    """One that runs until it is told to end. What it says is in the file `log`."""

    def __init__(self, name, args, log, **settings):
        self.name, self.args, self.log = name, [str(arg) for arg in args], log
        self.settings = settings
        self.popen = None
        self.since = 0  # where this run's part of the log begins
        self.watched = False     # runs, and nobody here has asked it to end
        self.may_end_with = ()   # statuses with which it may end by itself all the same

    def start(self):
        assert not self.running(), f"{self.name} runs already"
        with open(self.log, "ab") as out:
            self.since = out.tell()
            self.popen = subprocess.Popen(self.args, env=environment(**self.settings), cwd=ROOT,
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.watched = True
        return self

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def watch(self):
        """An end that nobody here has asked for is a failure. Threads may ask while another one ends it
        and starts it again: then it is another process, or not watched any more."""
        popen = self.popen
        if not self.watched or popen.poll() is None or popen.returncode in self.may_end_with:
            return
        if self.watched and popen is self.popen:
            raise Failure(f"{self.name} ended by itself with {status_words(popen.returncode)}:\n"
                          f"{tail(self.said())}")

    @property
    def pid(self):
        return self.popen.pid

    def said(self):
        """All that this run has said so far."""
        with open(self.log, "rb") as log:
            log.seek(self.since)
            return log.read().decode("utf-8", "backslashreplace")

    def wait_for(self, what, condition, seconds=30):
        """Until the condition holds; an early end of the process is a failure at once."""
        def check():
            running = self.running()
            try:
                got = condition()
            except (OSError, AssertionError):
                if running:
                    raise
                got = None
            if not got and not running:
                raise Failure(f"{self.name} ended with {status_words(self.popen.returncode)} before it "
                              f"{what}")
            return got
        try:
            return until(check, f"{self.name} {what}", seconds)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.name} said:\n{tail(self.said())}") from None

    def wait_line(self, pattern, seconds=30):
        """The match of a regular expression in what it says."""
        return self.wait_for(f"says {pattern}", lambda: re.search(pattern, self.said(), re.M), seconds)

    def wait_end(self, status=0, seconds=30):
        """Until it ends by itself; None takes any status."""
        self.watched = False
        try:
            got = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} has not ended after {seconds} s:\n{tail(self.said())}") from None
        if status is not None and got != status:
            raise Failure(f"{self.name} ended with {status_words(got)}, not {status}:\n"
                          f"{tail(self.said())}")
        return got

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """kill -9; one that has ended already is fine."""
        self.watched = False
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()

    def stop(self, seconds=30):
        """SIGTERM, to which a service answers by ending with 0; one that has done so before was not told to."""
        self.watch()
        self.watched = False
        self.send(signal.SIGTERM)
        return self.wait_end(0, seconds)

    def freeze(self):
        """All its threads stand still when this returns."""
        self.watch()
        self.send(signal.SIGSTOP)
        self.wait_for("stands still", lambda: stands(self.pid))

    def thaw(self):
        self.send(signal.SIGCONT)

    @contextlib.contextmanager
    def frozen(self):
        """Stands still meanwhile; it may be killed meanwhile, too."""
        self.freeze()
        try:
            yield self
        finally:
            self.thaw()


def status_words(status):
    """As Popen has it: what a signal ended is negative."""
    return f"{status} ({signal.Signals(-status).name})" if status < 0 else str(status)


def stands(pid):
    """Whether all threads are stopped: the signal reaches them one after the other."""
    states = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as stat:
            states.append(stat.read().rpartition(")")[2].split()[0])
    return set(states) == {"T"}


def tail(text, lines=40):
    all_lines = text.splitlines()
    return "\n".join((["  …"] if len(all_lines) > lines else []) + all_lines[-lines:])
