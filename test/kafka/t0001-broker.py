"""compose/kafka/kafka: a broker that comes up, keeps its data over a crash, and says in one line what
is wrong."""
import os
import re
import signal
import socket
import stat

from shop import KAFKA, command, free_port, read_text, until


def put(shop, topic, *values):
    shop.kcat("-P", "-t", topic, "-X", "topic.message.timeout.ms=20000", input="\n".join(values) + "\n")


def got(shop, topic):
    return shop.kcat("-C", "-q", "-e", "-o", "beginning", "-t", topic).out.split()


def expect(done, status, words):
    """One line that says just this."""
    said = done.out + done.err
    assert done.status == status, done
    assert re.fullmatch(words + "\n", said), f"wanted {words}: {done}"


def place(folder, *commands, **scripts):
    """A PATH with these commands only, and with scripts instead of others."""
    os.makedirs(folder)
    for name in commands:
        os.symlink(command(["sh", "-c", f"command -v {name}"]).out.strip(), os.path.join(folder, name))
    for name, text in scripts.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, stat.S_IRWXU)
    return folder


COMMANDS = ("sh", "dirname", "sed", "cat", "tail", "awk", "tr", "grep", "mkdir", "mktemp", "rm", "rmdir",
            "mv", "chmod", "date")


def test_up_and_status(shop):
    """The shop's first use of the broker has started it."""
    done = shop.broker.run("status")
    assert re.match(rf"kafka: serves on {shop.broker.address} \(pid \d+, \d+ MB\)\n"
                    rf"kafka: settings {shop.broker.folder}/broker.properties, log .*/broker.log\n$",
                    done.out), done
    expect(shop.broker.up(), 0, rf"kafka: runs already on {shop.broker.address} \(pid \d+\)")


def test_up_on_another_port_while_it_runs(shop):
    other = free_port()
    done = shop.broker.run("--port", other, "up", status=1)
    assert done.err == (f"kafka: it is not on port {other}: kafka down first, or another --folder for "
                        "a second broker\n"), done
    assert shop.broker.run("status").status == 0


def test_loopback_only(shop):
    with open(os.path.join(shop.broker.folder, "broker.properties"), encoding="utf-8") as text:
        listeners = [line for line in text if re.match("(advertised.)?listeners=", line)]
    assert len(listeners) == 2, listeners
    ports = [int(port) for port in re.findall(r"//127\.0\.0\.1:(\d+)", listeners[0])]
    assert len(ports) == 2 and ports[0] == shop.broker.port, listeners
    for port in ports:
        hexadecimal = f":{port:04X}"
        found = [line.split()[1] for table in ("/proc/net/tcp", "/proc/net/tcp6")
                 for line in open(table, encoding="ascii") if line.split()[3] == "0A"
                 and line.split()[1].endswith(hexadecimal)]
        assert [address.split(":")[0][-8:] for address in found] == ["0100007F"], found


def test_produce_and_consume(shop):
    shop.broker.create("words", 1, unclean_leader_election_enable="false")
    assert "words" in shop.broker.topics()
    put(shop, "words", "one", "two", "three")
    assert got(shop, "words") == ["one", "two", "three"]


def test_no_topic_by_a_typing_mistake(shop):
    shop.kcat("-P", "-t", "wrods", "-X", "topic.message.timeout.ms=2000", input="x\n", status=1)
    assert "wrods" not in shop.broker.topics()


def test_kill_and_start_keep_data(shop):
    put(shop, "words", "four")
    pid = shop.broker.pid
    expect(shop.broker.kill(), 0, rf"kafka: ended after \d\.\d s \(pid {pid}\)")
    expect(shop.broker.run("status", status=3), 3, f"kafka: is not running in {shop.broker.folder}")
    assert re.match(rf"kafka: serves on {shop.broker.address} after \d+\.\d s \(pid \d+, log .*\)\n$",
                    shop.broker.start().out)
    assert shop.broker.pid != pid
    assert got(shop, "words") == ["one", "two", "three", "four"]
    put(shop, "words", "five")
    assert got(shop, "words")[4:] == ["five"]


def test_frozen_is_not_serving(shop):
    shop.broker.freeze()
    try:
        expect(shop.broker.run("status", status=1), 1,
               rf"kafka: pid \d+ runs but does not serve on {shop.broker.address}; its log is .*")
        done = shop.broker.run("--wait", 1, "down", status=4)
        expect(done, 4, r"kafka: the broker \(pid \d+\) has not ended after 1 s: kafka kill ends it at once")
    finally:
        shop.broker.thaw()
    # The signal is delivered now.
    until(lambda: shop.broker.run("status", status=None).status == 3, "it ends")
    shop.broker.start()


def compiler(broker):
    return [option for option in read_text(f"/proc/{broker.pid}/cmdline").split("\0") if "Tiered" in option]


def test_a_second_one_beside(shop):
    second = shop.add_broker("second")
    second.up("--flush", "--steady", "-X", "num.partitions=7")
    assert compiler(second) == ["-XX:+TieredCompilation"]
    assert compiler(shop.broker) == ["-XX:TieredStopAtLevel=1"]
    with open(os.path.join(second.folder, "broker.properties"), encoding="utf-8") as text:
        lines = text.read().splitlines()
    assert "log.flush.interval.messages=1" in lines and lines[-1] == "num.partitions=7", lines
    second.create("other", 1)
    assert "other" not in shop.broker.topics()
    assert "words" not in second.topics()
    expect(second.down(), 0, r"kafka: ended after \d+\.\d s \(pid \d+\)")
    expect(second.down(), 0, "kafka: is not running")
    assert shop.broker.run("status").status == 0


def test_port_in_use(shop):
    third = shop.add_broker("third")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", third.port))
        taken.listen()
        expect(third.up(status=1), 1,
               f"kafka: port {third.port} is in use: stop what listens there, or choose another with up "
               "--port")
    assert not os.path.exists(third.folder)


def test_start_without_data(shop):
    fourth = shop.add_broker("fourth")
    expect(fourth.run("start", status=3), 3,
           f"kafka: there is no broker's data in {fourth.folder}: kafka up makes one")
    expect(fourth.run("logs", status=3), 3,
           f"kafka: there is no log in {fourth.folder}: kafka up begins one")
    expect(fourth.run("topics", "--list", status=3), 3,
           f"kafka: is not running in {fourth.folder}: kafka up starts it")
    expect(fourth.run("kill"), 0, "kafka: is not running")


def test_a_broker_that_dies_says_why(shop):
    fifth = shop.add_broker("fifth")
    done = fifth.up("-X", "log.retention.ms=soon", status=1)
    assert "log.retention.ms" in done.err, done
    assert re.fullmatch(r"kafka: the folder could not be formatted; Kafka's words are above and in .*",
                        done.err.splitlines()[-1]), done
    done = fifth.up("-X", "authorizer.class.name=no.such.Class", status=1)
    assert "no.such.Class" in done.err, done
    assert done.err.splitlines()[-1] == ("kafka: the broker ended before it served; the end of its log is "
                                         f"above, all of it in {fifth.log}"), done
    assert fifth.run("status", status=3)


def test_a_wait_that_is_too_short(shop):
    sixth = shop.add_broker("sixth")
    done = sixth.up("--wait", 1, status=4)
    assert re.fullmatch(r"kafka: the broker \(pid \d+\) does not serve after 1 s; its log is .*",
                        done.err.splitlines()[-1]), done
    # It goes on starting; a second `up` waits for it instead of starting another.
    pid = sixth.pid
    expect(sixth.up(), 0, rf"kafka: runs already on {sixth.address} \(pid {pid}\)")
    assert sixth.run("status").status == 0
    sixth.kill()


def test_only_its_own_pid_is_ended(shop):
    """The pid file names a process that is somebody else's by now."""
    seventh = shop.add_broker("seventh")
    bystander = shop.process("bystander", "sleep", 1000)
    os.makedirs(seventh.folder)
    for text in (str(bystander.pid), "", "-1", "nonsense"):
        with open(os.path.join(seventh.folder, "pid"), "w", encoding="ascii") as pid:
            pid.write(text)
        expect(seventh.run("kill"), 0, "kafka: is not running")
    assert bystander.running()
    bystander.kill()


def test_killed_it_leaves_nothing_elsewhere(shop):
    """Java unpacks libraries into files that it removes only when it ends in order."""
    place = os.path.join(shop.broker.folder, "tmp")

    def unpacked():
        return {name for name in os.listdir(place) if name.startswith("liblz4")}
    shop.kcat("-P", "-z", "lz4", "-t", "words", "-X", "topic.message.timeout.ms=20000", input="six\n" * 100)
    left = until(unpacked, "a library is unpacked")
    with open(f"/proc/{shop.broker.pid}/maps", encoding="utf-8") as maps:
        used = {line.split()[-1] for line in maps if "/liblz4" in line}
    assert {os.path.dirname(path) for path in used} <= {place}, used
    shop.broker.kill()
    assert unpacked() == left
    shop.broker.start()
    assert not left & unpacked(), "it was emptied at the start"


def test_logs(shop):
    assert "Kafka Server started" in shop.broker.run("logs").out


def test_logs_that_are_followed(shop):
    """What is there, and what comes, until it is told to stop; nothing of it stays behind."""
    follower = shop.process("follower", KAFKA, "--folder", shop.broker.folder, "logs", "-f")
    follower.wait_line("Kafka Server started")
    assert "followed-topic" not in follower.said()
    shop.broker.create("followed-topic", 1)
    follower.wait_line("followed-topic")
    follower.send(signal.SIGTERM)
    assert follower.wait_end(None) == -signal.SIGTERM


def test_missing_commands(shop):
    eighth = shop.add_broker("eighth")
    nothing = place(shop.path("no-java"), *COMMANDS)
    expect(eighth.run("up", status=1, PATH=nothing), 1,
           "kafka: java is missing; as root: apt-get install -y --no-install-recommends default-jre-headless")
    java = place(shop.path("no-maven"), *COMMANDS, java="exit 1")
    expect(eighth.run("up", status=1, PATH=java, KAFKA_JARS=shop.path("jars")), 1,
           "kafka: mvn is missing; as root: apt-get install -y --no-install-recommends maven")


def test_jars_that_cannot_be_fetched(shop):
    ninth = shop.add_broker("ninth")
    path = place(shop.path("bad-maven"), *COMMANDS, java="exit 1", mvn="echo no way to the registry; exit 1")
    done = ninth.run("up", status=1, PATH=path, KAFKA_JARS=shop.path("jars"))
    assert "no way to the registry\n" in done.err, done
    log = re.fullmatch(r"kafka: Maven could not fetch the jars; what it said is above and in (.*)",
                       done.err.splitlines()[-1])
    assert log and os.path.exists(log.group(1)), done
    # Half of them are as good as none; a folder with something else in it is not ours.
    path = place(shop.path("no-maven-2"), *COMMANDS, java="exit 1",
                 mvn='for arg; do case $arg in *=*) touch "${arg#*=}/kafka-tools-0.jar";; esac; done')
    os.makedirs(shop.path("others", "x"))
    done = ninth.run("up", status=1, KAFKA_JARS=shop.path("others"), PATH=path + ":/usr/bin:/bin")
    assert done.err.splitlines()[-1] == (f"kafka: {shop.path('others')} has other jars in it: remove it or "
                                         "name another"), done


def test_usage(shop):
    del shop
    for args, words in (
            ((), "what is it to do\\? kafka up, for instance; see --help"),
            (("--port",), "--port needs a value; see --help"),
            (("--port", "x", "up"), "--port x: not a number from 1 to 65535"),
            (("--port", "65536", "up"), "--port 65536: not a number from 1 to 65535"),
            (("--heap", "12", "up"), "--heap 12: not a number of MB from 128"),
            (("--wait", "0", "up"), "--wait 0: not a number of seconds from 1"),
            (("-X", "=1", "up"), "-X =1: not NAME=VALUE"),
            (("up", "down"), "one verb, not both up and down; see --help"),
            (("up", "topics"), "one verb, not both up and topics; see --help"),
            (("upp",), "upp: neither an option nor a verb; see --help")):
        expect(command([KAFKA, *args], status=None), 2, "kafka: " + words)
    done = command([KAFKA, "--help"])
    for line in ("usage: kafka [OPTION ...] VERB", "examples:"):
        assert line in done.out.splitlines(), done
