"""What a test on real Kafka stands on: a broker of its own, services, `evt`, and a folder that all of
it lies in. A test file has functions test_…(shop); they run in the order in which they are written
and share one Shop, so that one broker serves them all."""
import os
import random
import shutil
import signal
import socket
import sqlite3
import tempfile

import web
from process import BUILD, ROOT, Failure, Process, command, stands, tail, until

KAFKA = os.path.join(ROOT, "compose", "kafka", "kafka")


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port(first=10000, last=19999, together=1):
    """Below the ports that the kernel gives to clients, so that it stays free until it is used, and so
    many behind it as are needed together; the broker's controller takes the one ten thousand higher."""
    for port in random.sample(range(first, last + 2 - together), 200):
        if all(is_free(port + i) for i in range(together)):
            return port
    raise Failure("no port is free")


def read_text(path):
    with open(path, encoding="utf-8", errors="backslashreplace") as text:
        return text.read()


class Broker:
    """A broker by compose/kafka/kafka."""

    def __init__(self, folder, port=None):
        self.folder, self.port = folder, port or free_port()
        self.watched = False  # runs, and nobody here has asked it to end

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def log(self):
        return os.path.join(self.folder, "broker.log")

    def run(self, *args, **how):
        """The script, for this broker's folder."""
        return command([KAFKA, "--folder", self.folder, *args], **how)

    def up(self, *options, **how):
        """`options` go to the script: "--flush", "-X", "name=value"."""
        done = self.run("--port", self.port, *options, "up", seconds=200, **how)
        self.watched = done.status == 0
        return done

    def kill(self):
        self.watched = False
        return self.run("kill")

    def start(self):
        done = self.run("start", seconds=200)
        self.watched = True
        return done

    def down(self):
        self.watched = False
        return self.run("down")

    def watch(self):
        """An end that nobody here has asked for is a failure. It is not our child; where nobody waits for
        orphans it stays as a zombie."""
        if not self.watched:
            return
        try:
            state = read_text(f"/proc/{self.pid}/stat").rpartition(")")[2].split()[0]
        except OSError:
            state = "Z"
        if state == "Z" and self.watched:
            raise Failure(f"the broker ended by itself:\n{tail(read_text(self.log))}")

    @property
    def pid(self):
        with open(os.path.join(self.folder, "pid"), encoding="ascii") as text:
            return int(text.read())

    def freeze(self):
        self.watch()
        os.kill(self.pid, signal.SIGSTOP)
        until(self.stands, "the broker stands still")

    def stands(self):
        self.watch()
        return stands(self.pid)

    def thaw(self):
        self.watch()
        os.kill(self.pid, signal.SIGCONT)

    def topics(self):
        return set(self.run("topics", "--list").out.split())

    def create(self, topic, partitions, **settings):
        config = [part for name, value in settings.items()
                  for part in ("--config", f"{name.replace('_', '.')}={value}")]
        self.run("topics", "--create", "--topic", topic, "--partitions", partitions, *config)


class Service(Process):
    """build/svc-NAME run, or another sub-command of it by `do`."""

    def __init__(self, shop, name, folder, as_name=None, program=None, **settings):
        self.data = settings.setdefault("DATA_DIR", os.path.join(folder, "data"))
        settings.setdefault("HTTP_ADDR", "127.0.0.1:0")
        settings.setdefault("KAFKA_BOOTSTRAP_SERVERS", shop.broker.address)
        self.service = name
        self.program = program or os.path.join(BUILD, f"svc-{name}")
        super().__init__(as_name or name, [self.program, "run"],
                         os.path.join(folder, f"{as_name or name}.log"), **settings)

    @property
    def url(self):
        """It says itself where it listens, as the kernel chose its port."""
        return "http://" + self.wait_line(r"listens.*\bhttp=\"?([^\s\"]+)").group(1)

    def ask(self, method, path, body=None, headers=None, seconds=30):
        return web.ask(method, self.url + path, body, headers, seconds)

    def ready(self):
        """Else its reasons are the assertion's."""
        answer = self.ask("GET", "/readyz")
        assert answer.status == 200, answer.text
        return True

    def wait_ready(self, seconds=30):
        self.wait_for("is ready", self.ready, seconds)
        return self

    def do(self, *args, **how):
        """Another sub-command with the same settings: do("replay", "-p", 0, "--out", …)."""
        return command([self.program, *args], **{**self.settings, **how})

    def generation(self):
        """The one that it was built as."""
        return self.do("describe").json["generation"]

    def store(self, partition):
        return os.path.join(self.data, self.service, f"{partition}.db")

    def rows(self, partition, query, *values):
        """Of the last commit. In a process of its own would be safer yet: SQLite's locks belong to a
        process, and a test's process never owns a store."""
        db = sqlite3.connect(f"file:{self.store(partition)}?mode=ro", uri=True)
        try:
            return db.execute(query, values).fetchall()
        finally:
            db.close()

    def all_rows(self, query, *values):
        """Of all its stores, one behind the other."""
        stores = sorted(int(name[:-3]) for name in os.listdir(os.path.join(self.data, self.service))
                        if name[:-3].isdigit() and name.endswith(".db"))
        return [row for partition in stores for row in self.rows(partition, query, *values)]


class Shop:
    """Everything of one test file. What was started is ended, and the folder removed, by close."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix=f"{name}-")
        self.processes = []
        self.brokers = []
        self.main_broker = None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def add_broker(self, name, port=None):
        """One that is not up yet."""
        self.brokers.append(Broker(self.path(name), port))
        return self.brokers[-1]

    @property
    def broker(self):
        """The one that all use unless a test says otherwise; up from its first use on."""
        if self.main_broker is None:
            self.main_broker = self.add_broker("kafka")
            self.main_broker.up()
        return self.main_broker

    def process(self, name, *args, **settings):
        """Started."""
        self.processes.append(Process(name, args, self.path(f"{name}.log"), **settings))
        return self.processes[-1].start()

    def service(self, name="product", as_name=None, **settings):
        """Not started yet: service.start().wait_ready(). `program`: another one than build/svc-NAME."""
        self.processes.append(Service(self, name, self.folder, as_name, **settings))
        return self.processes[-1]

    def evt(self, *args, **how):
        how.setdefault("KAFKA_BOOTSTRAP_SERVERS", self.broker.address)
        return command([os.path.join(BUILD, "evt"), *args], **how)

    def kcat(self, *args, **how):
        return command(["kcat", "-b", self.broker.address, *args], **how)

    def said(self):
        """The ends of all logs, for a person who wonders why a test failed; of the brokers', only
        what they warn of."""
        parts = []
        for process in self.processes:
            if os.path.exists(process.log):
                parts.append(f"-- {process.name}, {process.log}\n{tail(read_text(process.log))}")
        for broker in self.brokers:
            if os.path.exists(broker.log):
                warnings = [line for line in read_text(broker.log).splitlines()
                            if " WARN " in line or " ERROR " in line]
                parts.append("\n".join([f"-- broker, {broker.log}"] + warnings[-20:]))
        return "\n".join(parts)

    def close(self, keep=False):
        for process in self.processes:
            process.kill()
        for broker in self.brokers:
            if os.path.isdir(broker.folder):
                broker.run("kill", status=None)
        if keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


__all__ = ["BUILD", "KAFKA", "ROOT", "Broker", "Failure", "Process", "Service", "Shop", "command",
           "free_port", "until"]
