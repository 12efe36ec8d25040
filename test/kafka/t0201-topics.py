"""evt topics diff, evt topics apply: topics are made as topics.json declares them, each partition with
its birth record first; what can be mended is, what cannot is refused before anything is changed."""
import threading

import clients
from kafka import KafkaProducer
from kafka.errors import KafkaError
from shop import BUILD, free_port

INBOX, EVENTS, DLT = "shop.product.inbox.v1", "shop.product.events.v1", "shop.product.inbox.v1.dlt"
ORDER = "shop.order.events.v1"


def settings(shop, topic):
    """{name: value} of what is set for this topic."""
    lines = shop.broker.run("configs", "--describe", "--entity-type", "topics", "--entity-name", topic).out
    return dict(line.split()[0].split("=", 1) for line in lines.splitlines() if "sensitive=" in line)


def alter(shop, topic, **values):
    config = ",".join(f"{name.replace('_', '.')}={value}" for name, value in values.items())
    shop.broker.run("configs", "--alter", "--entity-type", "topics", "--entity-name", topic,
                    "--add-config", config)


def test_no_broker(shop):
    address = f"127.0.0.1:{free_port()}"
    for verb in ("diff", "apply"):
        done = shop.evt("topics", verb, "-b", address, status=1)
        assert done.err == (f"evt: no broker answered at {address} within 5000 ms: start one there, or say"
                            " where it is (KAFKA_BOOTSTRAP_SERVERS)\n"), done


def test_missing(shop):
    done = shop.evt("topics", "diff", status=5)
    assert f"{INBOX}: is missing: run `evt topics apply`, it creates it\n" in done.out, done
    rows = shop.evt("topics", "diff", "--json", status=5).lines
    assert {"topic": INBOX, "trouble": "missing",
            "text": f"{INBOX}: is missing: run `evt topics apply`, it creates it"} in rows, rows


def test_dry_run_changes_nothing(shop):
    done = shop.evt("topics", "apply", "--dry-run")
    assert f"{INBOX}: is missing" in done.out, done
    assert INBOX not in shop.broker.topics()


def test_wrong_partitions_are_refused_before_anything_is_changed(shop):
    shop.broker.create(EVENTS, 3)
    words = (f"{EVENTS}: has 3 partitions, topics.json says 2: a partition count never changes; if nothing"
             " in the topic is needed, delete it and run `evt topics apply`, else correct topics.json\n")
    assert words in shop.evt("topics", "diff", status=5).out
    assert shop.evt("topics", "apply", status=2).err == "evt: " + words
    assert {EVENTS} == {name for name in shop.broker.topics() if name.startswith("shop.")}
    shop.broker.run("topics", "--delete", "--topic", EVENTS)


def test_a_record_before_the_birth(shop):
    """A topic that was there: it is not for us to delete it."""
    shop.broker.create(EVENTS, 2)
    publisher = clients.Publisher(shop.broker)
    publisher.raw(EVENTS, "key", b"early", partition=1)
    publisher.close()
    done = shop.evt("topics", "apply", status=1)
    assert done.err == (f"evt: the log does not begin with a birth record: {EVENTS}/1: delete the topic and"
                        " run `evt topics apply`\n"), done
    said = shop.evt("topics", "diff", status=5).out
    assert f"{EVENTS}/0: is empty, without its birth record: run `evt topics apply`, it writes it\n" in said
    assert f"{EVENTS}/1: does not begin with a birth record, so no shard takes it: delete the topic and" in said
    shop.broker.run("topics", "--delete", "--topic", EVENTS)


def test_a_producer_that_cannot_wait(shop):
    """Whether its record is in the new topic before the birth, and the topic is created anew, or comes
    too late for that: the log begins with its birth."""
    producer = KafkaProducer(bootstrap_servers=shop.broker.address, retry_backoff_ms=1, max_block_ms=60000)
    sent = []

    def send():
        try:
            sent.append(producer.send(ORDER, b"early", partition=0).get(60).offset)
        except KafkaError:  # the topic was just not there, or went with the record
            pass

    thread = threading.Thread(daemon=True, target=send)
    thread.start()
    done = shop.evt("topics", "apply")
    thread.join(60)
    producer.close()
    anew = f"{ORDER}: another record came before its birth, it is created anew\n" in done.out
    assert anew or 0 not in sent, (sent, done)
    shop.evt("topics", "diff")
    records = clients.read(shop.broker, ORDER)
    assert (records[0][0].offset, records[0][0].type) == (0, "shop.evt.v1.LogBegins"), records


def test_what_was_made(shop):
    shop.evt("topics", "diff")
    lineages = set()
    product = shop.service("product").generation()
    for topic in (INBOX, EVENTS, DLT, "shop.order.inbox.v1"):
        for partition, records in clients.read(shop.broker, topic).items():
            birth = records[0]
            assert (birth.offset, birth.type, birth.key) == (0, "shop.evt.v1.LogBegins", "birth"), birth
            assert set(birth.headers) == {"ce_specversion", "ce_id", "ce_source", "ce_type"}, birth
            # A generation is of an inbox; order has no service yet.
            begins = product if topic == INBOX else 1
            assert birth.json["generation"] == begins, (topic, partition, birth)
            lineages.add(birth.json["lineage"])
    assert len(lineages) == 8, lineages
    inbox = settings(shop, INBOX)
    assert inbox == {"cleanup.policy": "delete", "compression.type": "producer",
                     "max.message.bytes": "1048588", "message.timestamp.type": "LogAppendTime",
                     "retention.ms": "-1", "unclean.leader.election.enable": "false"}, inbox
    assert int(settings(shop, DLT)["max.message.bytes"]) == 1048588 + 65536


def test_settings_are_mended_and_others_stay(shop):
    alter(shop, ORDER, retention_ms=77, segment_ms=90000000)
    words = f"{ORDER}: retention.ms is 77, not -1: run `evt topics apply`, it sets it\n"
    assert shop.evt("topics", "diff", status=5).out == words
    assert shop.evt("topics", "diff", "--service", "product").out == ""
    assert shop.evt("topics", "apply").out == f"{ORDER}: sets retention.ms from 77 to -1\n"
    now = settings(shop, ORDER)
    assert (now["retention.ms"], now["segment.ms"]) == ("-1", "90000000"), now
    assert shop.evt("topics", "apply").out == ""


def test_an_empty_topic_gets_its_birth(shop):
    """As after an apply that was ended in the middle."""
    shop.broker.run("topics", "--delete", "--topic", ORDER)
    shop.broker.create(ORDER, 2)
    done = shop.evt("topics", "apply")
    assert done.out.splitlines()[-1] == "wrote 2 birth records", done
    shop.evt("topics", "diff")


def test_two_at_once(shop):
    """Whoever's birth comes first is the one that counts."""
    for topic in (ORDER, EVENTS, "shop.order.inbox.v1"):
        shop.broker.run("topics", "--delete", "--topic", topic)
    both = [shop.process(f"apply-{number}", f"{BUILD}/evt", "topics", "apply",
                         KAFKA_BOOTSTRAP_SERVERS=shop.broker.address) for number in (1, 2)]
    for process in both:
        process.wait_end(0)
    shop.evt("topics", "diff")
    for records in clients.read(shop.broker, ORDER).values():
        assert {record.type for record in records} == {"shop.evt.v1.LogBegins"}, records


def test_one_service(shop):
    done = shop.evt("topics", "diff", "--service", "product")
    assert done.err == "evt: all 4 topics are as topics.json says\n", done
    done = shop.evt("topics", "apply", "--service", "shipping", status=3)
    assert done.err == "evt: topics.json has no service shipping\n", done
