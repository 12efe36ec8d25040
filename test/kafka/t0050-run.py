"""make run: the shop of a stranger's first minute, on the stand-in and on real Kafka. What it prints is
taken at its word: its commands are run as they are printed."""
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess

from process import environment
from shop import BUILD, ROOT, Failure, Process, command, free_port, read_text, until

RUN = os.path.join(ROOT, "compose", "run")
SKUS = {"kettle", "mug", "pot", "tea"}
SERVICES = ("product", "order", "payment", "notify")
PORTS = len(SERVICES) + 1  # and the payment provider's


def overrides():
    """What `make test` itself was told (CC=clang …): a make without it would build everything anew."""
    return shlex.split(os.environ.get("MAKEFLAGS", "").partition(" -- ")[2])


def hears_ctrl_c():
    """Whoever runs the tests in the background has SIGINT ignored, and a shell cannot undo that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run(Process):
    """compose/run, as a terminal would have it: in a group of its own, which Ctrl-C signals."""

    def __init__(self, name, args, cwd, folder):
        super().__init__(name, args, os.path.join(cwd, f"{name}.log"))
        self.cwd, self.folder = cwd, folder

    def start(self, stdin="/dev/null"):
        env = environment()
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of the make that runs this test
            env.pop(name, None)
        with open(self.log, "ab") as out:
            self.since = out.tell()
            closed = "exec <&-; " if stdin is None else ""
            self.popen = subprocess.Popen(["sh", "-c", closed + 'exec "$@"', "sh", *self.args], env=env,
                                          cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True, preexec_fn=hears_ctrl_c)
        return self

    def wait_shown(self, seconds=240):
        self.wait_line(r"^  curl ", seconds)
        return self

    def printed(self, what):
        """The one line that begins with this word, after its two blanks."""
        found = re.findall(rf"^  ((?:\S*/)?{what} .*)$", self.said(), re.M)
        if len(found) != 1:
            raise Failure(f"{what}: {found}:\n{self.said()}")
        return found[0]

    def do(self, what, **how):
        """Runs a command as it is printed, where it was printed."""
        return command(["sh", "-c", self.printed(what)], cwd=self.cwd, **how)

    def processes(self):
        """All that this run has started and that still lives: they have its folder's lock open, or are
        the broker's."""
        lock, found = os.path.realpath(os.path.join(self.folder, "lock")), []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as text:
                    line = text.read().decode("utf-8", "backslashreplace").split("\0")
                held = [os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            except OSError:
                continue  # ended meanwhile
            if lock in held or f"{self.folder}/kafka/broker.properties" in line:
                found.append((int(pid), " ".join(line)))
        return found

    def gone(self, seconds=60):
        """It has ended, with all that it started."""
        status = self.wait_end(None, seconds)
        assert not self.processes(), self.processes()
        return status

    def interrupt(self):
        """Ctrl-C."""
        os.killpg(self.pid, signal.SIGINT)
        return self.gone()


def direct(shop, name, *options, cwd=None, port=None):
    """The script itself, in a folder of its own, so that its default folder is there."""
    cwd = cwd or shop.path(name)
    os.makedirs(cwd, exist_ok=True)
    port = port or free_port(together=PORTS)
    run = Run(name, [RUN, "--build", BUILD, "--port", port, *options], cwd, os.path.join(cwd, "build/run"))
    run.port = port
    shop.processes.append(run)
    return run


def by_make(shop, name, *variables):
    folder = shop.path(name)
    run = Run(name, ["make", "-C", ROOT, "run", *overrides(), f"BUILD={BUILD}", f"FOLDER={folder}", *variables],
              shop.folder, folder)
    shop.processes.append(run)
    return run


def query(run):
    """The rows of the sample query, as {sku: row}, asked as it is printed. It must read while the shop
    runs, and names a store that is there."""
    line = shlex.split(run.printed("sqlite3"))
    path, sql = os.path.join(run.cwd, line[-2]), line[-1]
    assert line[:-2] == ["sqlite3", "-readonly", "-header", "-column"], line
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = db.execute(sql).fetchall()
    finally:
        db.close()
    shown = run.do("sqlite3").out.splitlines()
    assert shown[0].split() == ["sku", "name", "price_minor", "on_hand"], shown
    assert len(shown) == len(rows) + 2, shown
    return {row[0]: row for row in rows}


def try_all(run, on_hand):
    """All that it says one could try, in that order: two packets of tea are sold. The answer to a capture
    is lost by the next one that tries: the fault is for that one's order."""
    done = run.do("evt order place")
    assert "commit 1 done" in done.out and done.out.endswith("the order is confirmed\n"), done
    fault = run.do("psp fault").json["faults"][-1]
    assert (fault["fault"], fault["on"], fault["count"]) == ("lost", ["capture"], 1), fault
    done = run.do("svc-payment reconcile")
    assert re.search(r" [1-9]\d* agree, 0 differ, ", done.err), done
    sagas = run.do("evt saga list").out
    assert " completed stage=3" in sagas and " undone stage=0 [authorise 1 refused, 1 try] why: " in sagas, sagas
    tailed = run.do("evt tail").out
    for words in ("OrderPlaced", "OrderConfirmed", "OrderRejected"):
        assert words in tailed, tailed
    products = command(["sh", "-c", run.printed("curl")]).json["products"]
    assert {product["sku"] for product in products} == SKUS, products
    # The answer is sent before the rows are committed.
    until(lambda: query(run)["tea"] == ("tea", "Green tea, 100 g", 450, on_hand), "the store says the same")


def try_cards(run):
    """The test cards on the screen do what is said of them, and are those of the README."""
    cards = re.findall(r"^  (pm_card_\w+) +(\S.*)$", run.said(), re.M)
    assert len(cards) == 4 and {card for card, _ in cards} == set(re.findall(
        r"--card (pm_card_\w+)", read_text(os.path.join(ROOT, "README.md")))), cards
    listed = command([os.path.join(BUILD, "psp"), "cards"]).out
    for card, words in cards:
        assert re.search(rf"^{card} +{words}$", listed, re.M), (card, words, listed)
        if words != "pays":  # which the others do without --card
            done = command(["sh", "-c", f"{run.printed('evt order place')} --card {card}"], status=1, cwd=run.cwd)
            assert re.search(r"^the order is rejected: the payment was (declined|not completed): ", done.out, re.M), done


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_stand_in(shop):
    """The defaults, as a stranger types them."""
    shop.run = direct(shop, "stand-in")
    shop.run.start().wait_shown()
    said = shop.run.said()
    assert "the stand-in, which keeps nothing and is no Kafka" in said, said
    assert "--broker-file" not in said, "evt finds it without being told"
    ends = re.findall(r"^the order is (.*)$", said, re.M)
    assert ends == ["confirmed", "rejected: the payment was declined: Your card was declined. (card_declined)",
                    "rejected: kettle is not in stock in that quantity"], said
    try_all(shop.run, 96)
    mails = os.listdir(os.path.join(shop.run.cwd, "build/run/data/mail/new"))
    assert len(mails) == 4, mails
    try_cards(shop.run)
    shown = shop.run.said().partition("To try in another terminal:\n")[2]
    assert len(re.findall(r"^  [^ #]", shown, re.M)) <= 8, "somebody new reads no more"


def test_a_second_one_in_the_same_folder(shop):
    other = direct(shop, "second", cwd=shop.run.cwd).start()
    assert other.wait_end(None) == 1
    assert other.said() == ("run: build/run is in use by another run: stop that one, or say FOLDER=another\n")
    assert answers(shop.run.port)


def test_a_port_in_use(shop):
    """One line, and nothing is started."""
    other = direct(shop, "port-in-use", port=shop.run.port).start()
    assert other.wait_end(None) == 1
    assert other.said() == f"run: port {shop.run.port} is in use: stop what listens there, or say PORT=another\n"
    assert os.listdir(other.cwd) == ["port-in-use.log"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = direct(shop, "kafka-port-in-use", "--kafka", "--kafka-port", port).start()
        assert other.wait_end(None) == 1
        assert other.said() == f"run: port {port} is in use: stop what listens there, or say KAFKA_PORT=another\n"


def test_wrong_use(shop):
    for args, words in ((["--port", "0"], "PORT=0: not a number from 1 to 65535"),
                        (["--kafka-port", "70000"], "KAFKA_PORT=70000: not a number from 1 to 65535"),
                        (["--folder"], "--folder needs a value; see --help"),
                        (["up"], "up: neither an option nor a verb; see --help")):
        done = command([RUN, *args], status=2)
        assert done.out + done.err == f"run: {words}\n", done
    done = command([RUN, "--build", shop.path("nothing")], status=1)
    assert done.err == f"run: {shop.path('nothing')}/evt is missing: make builds it\n", done
    assert "KAFKA_PORT=9092" in command([RUN, "--help"]).out


def test_without_curl(shop):
    os.makedirs(shop.path("few"))
    for name in ("bash", "dirname"):
        os.symlink(command(["sh", "-c", f"command -v {name}"]).out.strip(), shop.path("few", name))
    done = command([RUN, "--build", BUILD], status=1, cwd=shop.folder, PATH=shop.path("few"))
    assert done.err == ("run: curl is missing; as root: apt-get install -y --no-install-recommends "
                        "curl\n"), done


def test_ctrl_c(shop):
    """And once more is no harm."""
    run = shop.run
    os.killpg(run.pid, signal.SIGINT)
    os.killpg(run.pid, signal.SIGINT)
    assert run.gone() == 0, run.said()
    assert run.said().endswith("run: stopping\nrun: stopped\n"), run.said()
    assert not answers(run.port)
    assert not os.path.exists(os.path.join(run.folder, "broker")), "evt would look for a broker that is gone"
    assert "stopped" in read_text(os.path.join(run.folder, "svc-product.log"))


def test_again_without_a_terminal(shop):
    """With stdin closed. The stand-in has forgotten everything, so the stores go, and it says so."""
    run = shop.run
    run.start(stdin=None).wait_shown()
    assert ("run: the stand-in keeps nothing: the stores of the last run are removed, build/run/data is "
            "empty\n") in run.said(), run.said()
    try_all(run, 96)
    run.send(signal.SIGTERM)
    assert run.gone() == 0, run.said()


def pids(run):
    """Of the services as they are now, by name."""
    return {name: int(pid) for name, pid in re.findall(r"^(?:  |run: )(svc-[a-z]+) .*\bpid (\d+)", run.said(), re.M)}


def test_a_killed_service(shop):
    """As is suggested: it is started again, and nothing is lost."""
    run = shop.run
    run.start().wait_shown()
    try_all(run, 96)
    os.kill(pids(run)["svc-product"], signal.SIGKILL)
    run.wait_line(r"^run: svc-product was ended by signal 9: it is started again$")
    run.wait_line(r"^run: svc-product is ready again, pid \d+$")
    try_all(run, 94)


def test_services_killed_together(shop):
    """Each is started again, and again when it is killed before it was ready."""
    run = shop.run
    was = pids(run)
    for name in ("svc-order", "svc-payment"):
        os.kill(was[name], signal.SIGKILL)
    for name in ("svc-order", "svc-payment"):
        run.wait_line(rf"^run: {name} was ended by signal 9: it is started again$")
    for name in ("svc-order", "svc-payment"):
        run.wait_line(rf"^run: {name} is ready again, pid \d+$")
        assert pids(run)[name] != was[name], run.said()
    try_all(run, 92)
    assert "Killed" not in run.said() and "setsid" not in run.said(), "the shell's own words"


def test_a_service_killed_while_somebody_orders(shop):
    """evt goes on where it was; the one that answers it and the one that takes the money are killed."""
    run = shop.run
    refused = command([os.path.join(BUILD, "psp"), "fault", "down", "on=capture",
                       *run.printed("psp fault").split()[-2:]])
    assert "down" in refused.out, refused
    place = shop.process("place", *shlex.split(run.printed("evt order place")))
    place.wait_line(r"capture 1 asked$")
    was = pids(run)
    for name in ("svc-payment", "svc-order"):
        os.kill(was[name], signal.SIGKILL)
    place.wait_line(r"; trying again for \d+ s$")
    command([os.path.join(BUILD, "psp"), "fault", "clear", *run.printed("psp fault").split()[-2:]])
    place.wait_end(0)
    said = place.said()
    assert said.endswith("the order is confirmed\n"), said
    steps = re.findall(r"^\S+Z  (.*)$", said, re.M)
    assert len(steps) == len(set(steps)) and steps[0] == "reserve 1 asked", said
    try_all(run, 88)


def test_a_broker_that_ends(shop):
    """The stand-in's data goes with it, so there is nothing to go on with."""
    run = shop.run
    pids = [pid for pid, line in run.processes() if "evt broker" in line]
    assert len(pids) == 1, run.processes()
    os.kill(pids[0], signal.SIGKILL)
    assert run.gone() == 1, run.said()
    assert run.said().endswith("\nrun: broker was ended by signal 9; its log is build/run/broker.log\n"), run.said()
    assert "Killed" not in run.said(), "the shell's own words"


def with_script(shop, name, folder, service, script):
    """The programs in a folder of their own, where this service is a script."""
    programs = shop.path(folder)
    os.makedirs(programs)
    for program in ("evt", "psp", *(f"svc-{other}" for other in SERVICES)):
        os.symlink(os.path.join(BUILD, program), os.path.join(programs, program))
    run = Run(name, [RUN, "--build", programs, "--port", free_port(together=PORTS)], shop.run.cwd, shop.run.folder)
    shop.processes.append(run)

    def replace():
        path = os.path.join(programs, f"svc-{service}")
        with open(f"{path}.new", "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(file.name, 0o755)
        os.rename(file.name, path)
    return run, replace


def test_a_service_that_does_not_start(shop):
    """Its own words are the line."""
    run, replace = with_script(shop, "no-luck", "programs", "product", "echo svc-product: no luck >&2; exit 3")
    replace()
    assert run.start().gone() == 1
    assert run.said().endswith("run: svc-product ended before it was ready: svc-product: no luck (its log "
                               "is build/run/svc-product.log)\n"), run.said()


def test_a_service_that_does_not_start_again(shop):
    """What is ended by a signal again and again before it is ready is not started for ever."""
    run, replace = with_script(shop, "no-more-luck", "more-programs", "notify", "kill -SEGV $$")
    run.start().wait_shown()
    replace()
    os.kill(pids(run)["svc-notify"], signal.SIGKILL)
    assert run.gone() == 1, run.said()
    assert run.said().count("svc-notify was ended by signal 11: it is started again\n") == 4, run.said()
    assert run.said().endswith("\nrun: svc-notify was ended by signal 11; its log is build/run/svc-notify.log\n")


def test_real_kafka(shop):
    shop.port, shop.kafka_port = free_port(together=PORTS), free_port()
    run = shop.real = by_make(shop, "real", "KAFKA=1", f"PORT={shop.port}", f"KAFKA_PORT={shop.kafka_port}")
    run.start().wait_shown()
    assert "the stand-in" not in run.said() and "Apache Kafka, data in" in run.said(), run.said()
    assert f"127.0.0.1:{shop.kafka_port}" in run.said(), run.said()
    try_all(run, 96)
    refused = command([RUN, "--folder", run.folder, "reset"], status=1)
    assert refused.err == f"run: {run.folder} is in use by another run: stop that one, or say FOLDER=another\n"
    run.interrupt()
    assert "run: stopped\n" in run.said(), run.said()
    assert not answers(shop.port) and not answers(shop.kafka_port)


def test_ctrl_c_while_it_starts(shop):
    """Even then all that it started is stopped."""
    run = direct(shop, "again", "--kafka", "--kafka-port", shop.kafka_port, "--folder", shop.real.folder,
                 port=shop.port)
    run.folder, shop.real = shop.real.folder, run
    os.unlink(os.path.join(run.folder, "kafka", "broker.log"))
    run.start()
    until(lambda: os.path.exists(os.path.join(run.folder, "kafka", "broker.log")), "the broker starts")
    assert run.interrupt() is not None
    assert "The shop runs" not in run.said() and "run: stopped\n" in run.said(), run.said()
    assert not answers(shop.kafka_port)


def test_data_stays(shop):
    run = shop.real
    run.start().wait_shown()
    assert "four products" not in run.said(), run.said()
    try_all(run, 94)


def test_killed_and_taken_over(shop):
    """kill -9 of the run leaves its children; they say who they are, and the next run takes the broker over."""
    run = shop.real
    left = [pid for pid, line in run.processes() if re.search(r"/(svc-[a-z]+|psp) run ", line)]
    assert len(left) == PORTS and "kafka.Kafka" in str(run.processes()), run.processes()
    os.killpg(run.pid, signal.SIGKILL)
    run.wait_end(None)
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not re.search(r"/(svc-[a-z]+|psp) run ", str(run.processes())), "what was left behind has ended")
    refused = command([RUN, "--folder", run.folder, "reset"], status=1)
    assert refused.err == (f"run: a broker runs in {run.folder}/kafka: compose/kafka/kafka --folder "
                           f"{run.folder}/kafka down stops it\n"), refused
    run.start().wait_shown()
    assert "runs already on" in run.said(), run.said()
    try_all(run, 92)
    run.interrupt()


def test_reset(shop):
    """It removes what runs left, and nothing that is somebody else's."""
    run = shop.real
    for _ in range(2):
        keep = os.path.join(run.folder, "notes.txt")
        if os.path.isdir(run.folder):
            with open(keep, "w", encoding="ascii") as notes:
                notes.write("mine")
        command(["make", "-C", ROOT, "reset", f"FOLDER={run.folder}", f"BUILD={BUILD}"])
        assert os.listdir(run.folder) == ["notes.txt"], os.listdir(run.folder)
    os.unlink(keep)
    assert command([RUN, "--folder", run.folder, "reset"]).out == f"run: {run.folder} is as if nothing had run\n"
    assert not os.path.exists(run.folder)
    assert command([RUN, "--folder", run.folder, "reset"]).out == f"run: there is no {run.folder}\n"
