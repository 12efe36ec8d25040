"""Logs that are not what a store was made from, and topics that are not what topics.json says: the
service refuses to start or ends, in words that say what to do, and never goes on by itself."""
import bad
import clients
from bad import DLT, EVENTS, EVT, INBOX, PRODUCT
from shop import until

CREATE, RECEIVE = PRODUCT + "CreateProduct", PRODUCT + "ReceiveStock"
SKU = bad.key_in(0, "log")


def service(shop, name, **settings):
    return shop.service("product", name, DATA_DIR=shop.path(name), **settings)


def publish(shop, *commands):
    """One after the other, each in a batch of its own; returns their offsets."""
    publisher = clients.Publisher(shop.broker, compression=None)
    offsets = [publisher.raw(INBOX, SKU, clients.encode(name, value), clients.headers(name), 0)[1]
               for name, value in commands]
    publisher.close()
    return offsets


def create():
    return CREATE, {"sku": SKU, "name": "x", "price_minor": 1, "currency": "EUR"}


def receive(quantity):
    return RECEIVE, {"sku": SKU, "quantity": quantity}


def received(running):
    rows = running.rows(0, "SELECT received FROM product WHERE sku = ?", SKU)
    return rows[0][0] if rows else 0


def anew(shop):
    """The topics as they should be, without anything in them."""
    bad.delete(shop.broker, *(topic for topic in bad.topics(shop.broker) if topic.startswith("shop.")))
    shop.evt("topics", "apply")


def running(shop, name, quantity=10, **settings):
    """A service that has applied so many ReceiveStock of one piece each."""
    one = service(shop, name, **settings).start().wait_ready()
    offsets = publish(shop, create(), *[receive(1)] * quantity)
    until(lambda: received(one) == quantity, "all are applied")
    return one, offsets


def ends(one, words, status=1):
    """It ends with this status, and these words are in its last lines."""
    one.wait_end(status)
    assert words in one.said(), one.said()


# ---- topics ----

def refuses(shop, name, words, **settings):
    """Both ways to notice: run, which does not start, and check, which changes nothing."""
    one = service(shop, name, **settings)
    checked = one.do("check", status=1)
    assert words in checked.out, checked
    ends(one.start(), words)


def test_a_missing_topic(shop):
    shop.evt("topics", "apply")
    bad.delete(shop.broker, EVENTS)
    refuses(shop, "missing", f"{EVENTS}: is missing: run `evt topics apply`, it creates it")


def test_a_wrong_partition_count(shop):
    """All of them are said at once."""
    shop.evt("topics", "apply")
    for topic in (INBOX, EVENTS, DLT):
        bad.widen(shop.broker, topic, 3)
    for topic in (INBOX, EVENTS, DLT):
        refuses(shop, "count", f"{topic}: has 3 partitions, topics.json says 2: a partition count never changes; if "
                "nothing in the topic is needed, delete it and run `evt topics apply`, else correct topics.json")
    anew(shop)


def test_partitions_that_are_added_while_it_runs(shop):
    """Keys would go elsewhere: it goes on with those that it knows, and the next start refuses."""
    one, _ = running(shop, "added")
    bad.widen(shop.broker, EVENTS, 3)
    publish(shop, receive(1))
    until(lambda: received(one) == 11, "it goes on")
    assert one.ready()
    one.stop()
    ends(one.start(), f"{EVENTS}: has 3 partitions, topics.json says 2")
    anew(shop)


def test_a_topic_that_forgets(shop):
    shop.broker.run("configs", "--alter", "--entity-type", "topics", "--entity-name", INBOX, "--add-config",
                    "retention.ms=3600000")
    refuses(shop, "forgets", f"{INBOX}: retention.ms is 3600000, not -1: run `evt topics apply`, it sets it")
    shop.evt("topics", "apply")
    one = service(shop, "forgets").start().wait_ready()
    one.stop()


def by_hand(shop, topic):
    """As it should be, but for its births."""
    bad.delete(shop.broker, topic)
    shop.broker.create(topic, 2, retention_ms=-1, message_timestamp_type="LogAppendTime")


def test_a_topic_without_births(shop):
    """Made by hand: empty, or with another record first."""
    by_hand(shop, INBOX)
    refuses(shop, "unborn", f"{INBOX}/0: is empty, without its birth record: run `evt topics apply`, it writes it")
    publish(shop, create())
    refuses(shop, "unborn", f"{INBOX}/0: does not begin with a birth record, so no shard takes it: delete the topic "
            "and run `evt topics apply`")
    anew(shop)


# ---- logs ----

def said(shop):
    """What the shard has sent to the events topic."""
    return [record for record in clients.read_all(shop.broker, EVENTS)
            if record.headers["ce_source"].startswith("/shop/product/0/")]


def said_number(record):
    return int(record.headers["ce_id"].rpartition("-")[0].rpartition(".")[2])


def recreate(shop, topic):
    """Deleted and made again, with births: what an operator does who thinks that a topic is a cache."""
    bad.delete(shop.broker, topic)
    shop.evt("topics", "apply")


def test_a_topic_that_was_made_anew(shop):
    """While it is down: the stores are of another log. Once they are removed it begins with the new one. The
    other shard would notice, too, in words of its own: it is left out until then."""
    one, _ = running(shop, "anew")
    one.stop()
    one.settings["SHARDS"] = 0
    recreate(shop, INBOX)
    ends(one.start(), "the log no longer holds the record at the store's position: offset 11: its tail was lost; "
         "remove the store to rebuild it from what is left")
    # With as many records it is still not the same log.
    publish(shop, create(), *[receive(1)] * 20)
    ends(one.start(), "the log holds another record at the store's position: offset 11: it was replaced; remove "
         "the store to rebuild it from what is there")
    for partition in range(2):
        bad.remove_store(one, partition)
    del one.settings["SHARDS"]
    one.start().wait_ready()
    until(lambda: received(one) == 20, "it is built from the new log")
    one.stop()


def test_a_topic_that_was_made_anew_behind_its_back(shop):
    anew(shop)
    one, _ = running(shop, "behind", SHARDS=0)
    recreate(shop, INBOX)
    ends(one, "the log no longer holds the record at the store's position: offset 11: its tail was lost")


def test_an_events_topic_that_was_made_anew(shop):
    """What was said is gone for others, not for the store: it goes on, and numbers on, so that who listens
    sees what is missing."""
    anew(shop)
    one, _ = running(shop, "unheard")
    numbers = [said_number(record) for record in said(shop)]
    recreate(shop, EVENTS)
    publish(shop, receive(1))
    until(lambda: received(one) == 11, "it goes on")
    one.wait_ready()
    assert min(said_number(record) for record in said(shop)) >= max(numbers), said(shop)
    one.stop()


def test_a_truncated_log(shop):
    anew(shop)
    one, offsets = running(shop, "truncated")
    one.stop()
    shop.broker.kill()
    bad.cut(shop.broker, INBOX, 0, offsets[-3])
    shop.broker.start()
    ends(one.start(), "the log no longer holds the record at the store's position: offset 11: its tail was lost; "
         "remove the store to rebuild it from what is left")
    assert received(one) == 10, "the store is as it was"


def test_a_truncated_log_behind_its_back(shop):
    """The broker's disk lost its tail in a crash."""
    anew(shop)
    one, offsets = running(shop, "truncated-behind")
    shop.broker.kill()
    bad.cut(shop.broker, INBOX, 0, offsets[-3])
    shop.broker.start()
    ends(one, "the log no longer holds the record at the store's position: offset 11: its tail was lost")


def test_truncated_and_refilled_behind_its_back(shop):
    """Others have written on before it is back: offsets are there, records are not the same. It is frozen
    meanwhile, so that it cannot have looked in between."""
    anew(shop)
    one, offsets = running(shop, "refilled")
    one.freeze()
    shop.broker.kill()
    bad.cut(shop.broker, INBOX, 0, offsets[-3])
    shop.broker.start()
    publish(shop, *[receive(100)] * 10)
    one.thaw()
    ends(one, "the log holds another record at the store's position: offset 11: it was replaced; remove the store to "
         "rebuild it from what is there")
    assert received(one) == 10, "nothing of the other log was applied"
    # The other shard ended with its process, and is as it should be.
    one.do("replay", "-p", 1, "--out", shop.path("other-shard.db"))


def test_truncated_to_the_same_records(shop):
    """The tail that was lost comes again, record by record: by time and place they are others."""
    anew(shop)
    one, offsets = running(shop, "same")
    one.freeze()
    shop.broker.kill()
    bad.cut(shop.broker, INBOX, 0, offsets[-1])
    shop.broker.start()
    publish(shop, receive(1))
    one.thaw()
    ends(one, "the log holds another record at the store's position: offset 11: it was replaced")


def test_a_log_whose_beginning_is_gone(shop):
    """A store that is behind it cannot be brought forward, and an empty one cannot be built."""
    anew(shop)
    one, offsets = running(shop, "beginning")
    one.stop()
    publish(shop, *[receive(1)] * 5)
    file = shop.path("delete.json")
    with open(file, "w", encoding="ascii") as out:
        out.write('{"partitions": [{"topic": "%s", "partition": 0, "offset": %d}], "version": 1}' % (
            INBOX, offsets[-1] + 3))
    shop.broker.run("records", "--offset-json-file", file)
    ends(one.start(), f"the log begins after the store's position: it begins at {offsets[-1] + 3}, the store is at "
         f"{offsets[-1]}: restore a newer snapshot")
    empty = service(shop, "beginning-empty")
    ends(empty.start(), f"the log begins after the store's position: it begins at {offsets[-1] + 3} and the store is "
         "empty: restore a snapshot")
    anew(shop)


def test_a_log_of_a_newer_generation(shop):
    """An empty store and a log that a newer version began: it says which one to start."""
    record = clients.read(shop.broker, INBOX)[0][0]
    assert record.type == EVT + "LogBegins", record
    by_hand(shop, INBOX)
    publisher = clients.Publisher(shop.broker)
    ours = service(shop, "ours").generation()
    birth = {**record.json, "generation": ours + 6}
    for partition in range(2):
        publisher.raw(INBOX, record.key, clients.encode(EVT + "LogBegins", birth), record.headers, partition)
    publisher.close()
    one = service(shop, "newer-log")
    ends(one.start(), "the log belongs to a newer generation: it begins with generation "
         f"{ours + 6}, this version is {ours}: start the newer one", 6)
