"""Records that cannot be taken, on real Kafka: each is put with the dead letters as it is, with the
reason in words, who sent it is told, and the next record is taken as if nothing had been."""
import bad
import clients
import verdict
from bad import DLT, EVENTS, EVT, INBOX, ORDERS, PRODUCT, Raw, Sender
from shop import until

CREATE, RESERVE = PRODUCT + "CreateProduct", PRODUCT + "ReserveStock"
GENERATED = ("kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset",
             "kafka_dlt-original-timestamp", "kafka_dlt-exception-message", "dlt-attempts")
WAITS = 60


def product(sku, name="Product"):
    return clients.encode(CREATE, {"sku": sku, "name": name, "price_minor": 1, "currency": "EUR"})


def command(case, partition=0):
    """A good one; each case spoils it."""
    sku = bad.key_in(partition, case)
    return Raw(sku.encode(), product(sku),
               [("ce_specversion", b"1.0"), ("ce_id", case.encode()), ("ce_source", b"/test/bad"),
                ("ce_type", CREATE.encode())], partition)


def with_value(value):
    def spoil(record):
        record.value = value(record) if callable(value) else value
    return spoil


def with_key(key):
    def spoil(record):
        record.key = key
    return spoil


def with_header(name, *values):
    """Instead of the one that is there: none, one or several."""
    def spoil(record):
        record.headers = [header for header in record.headers if header[0] != name]
        record.headers += [(name, value) for value in values]
    return spoil


def elsewhere(record):
    record.partition = 1


def inside(*edits):
    """Avro bytes edited: (where, how many go, what comes)."""
    def spoil(record):
        value = bytearray(record.value)
        for at, count, new in edits:
            value[at:at + count] = new
        record.value = bytes(value)
    return spoil


MAGIC = "the value does not begin with the magic byte 0: "
MISSING = "a required header is missing: "
# What is spoilt, the words, and whether who sent it can be told: that needs source and id.
CASES = {
    "garbage": (with_value(b"\xde\xad\xbe\xef garbage"), MAGIC + "0xde", True),
    "json": (with_value(b'{"sku": "tea"}'), MAGIC + "0x7b", True),
    "magic": (inside((0, 1, b"\1")), MAGIC + "0x01", True),
    "tombstone": (with_value(None), "the value is missing", True),
    "empty": (with_value(b""), "the value is shorter than its five bytes of framing: 0", True),
    "frame": (with_value(b"\0\0\0"), "the value is shorter than its five bytes of framing: 3", True),
    "schema": (inside((1, 4, b"\0\0\xff\xff")), "the schema id is not one of the type's: 65535", True),
    # ReceiveStock's id under CreateProduct's name.
    "other-schema": (inside((1, 4, b"\0\0\0\x0e")), "the schema id is not one of the type's: 14", True),
    "truncated": (with_value(lambda record: record.value[:-1]),
                  "an Avro length is negative or beyond the end: /currency: 3 of 2", True),
    "frame-only": (with_value(lambda record: record.value[:5]), "the Avro bytes end too early: /sku", True),
    "lying-length": (inside((5, 1, b"\xfe\xff\xff\xff\x0f")), "an Avro length is negative or beyond the end: /sku: "
                     "2147483647 of 27", True),
    "negative-length": (inside((5, 1, b"\1")), "an Avro length is negative or beyond the end: /sku: -1 of 30", True),
    "trailing": (with_value(lambda record: record.value + b"\0"), "bytes follow the end of the Avro value: 1", True),
    "latin-1": (inside((6, 1, b"\xe9")), "an Avro string is not UTF-8: /sku", True),
    "large": (with_value(bytes(65537)), "the value is larger than the limit: 65537 of 65536 bytes", True),
    "larger": (with_value(bytes(120000)), "the value is larger than the limit: 120000 of 65536 bytes", True),
    "invariant": (with_value(lambda record: product(record.key.decode(), "")),
                  "the message breaks an invariant: the name is not 1 to 200 bytes", True),
    "no-version": (with_header("ce_specversion"), MISSING + "ce_specversion", True),
    "no-id": (with_header("ce_id"), MISSING + "ce_id", False),
    "no-source": (with_header("ce_source"), MISSING + "ce_source", False),
    "no-type": (with_header("ce_type"), MISSING + "ce_type", True),
    "no-headers": (lambda record: setattr(record, "headers", []), MISSING + "ce_source", False),
    "version": (with_header("ce_specversion", b"0.3"), "ce_specversion is not 1.0: 0.3", True),
    "twice": (with_header("ce_type", CREATE.encode(), CREATE.encode()), "a header is given twice: ce_type", True),
    "no-text": (with_header("ce_id", b"\xff\xfe"), "a header is not UTF-8 text: ce_id holds invalid bytes", False),
    "empty-header": (with_header("ce_source", b""),
                    "a header is empty or longer than the limit: ce_source has 0 bytes, from 1 to 255 may be", False),
    "long-header": (with_header("ce_id", b"x" * 256),
                    "a header is empty or longer than the limit: ce_id has 256 bytes, from 1 to 255 may be", False),
    "source-form": (with_header("ce_source", b"/shop/order/0"),
                    "ce_source begins with /shop/ but is not /shop/<service>/<partition>/<lineage>: /shop/order/0",
                    False),
    "id-form": (with_header("ce_source", b"/shop/order/0/0123456789abcdef"),
                "ce_id is not <destination>.<partition>.<number>-<chain>: id-form", False),
    "type": (with_header("ce_type", b"shop.product.v1.Nonsense"),
             "the type is not one that is taken here: shop.product.v1.Nonsense", True),
    "fact": (with_header("ce_type", (PRODUCT + "ProductCreated").encode()),
             "the type is not one that is taken here: shop.product.v1.ProductCreated", True),
    "sender": (with_header("ce_type", RESERVE.encode()),
               "the type is not taken from this sender: shop.product.v1.ReserveStock from /test/bad", True),
    "no-key": (with_key(None), "the key is missing", True),
    "empty-key": (with_key(b""), "the key is empty or longer than the limit: it has 0 bytes, from 1 to 255 may be",
                  True),
    "key-text": (with_key(b"\xff"), "the key is not UTF-8 text: it holds invalid bytes", True),
    "foreign": (elsewhere, 'the key belongs to another partition: "{key}" belongs to partition 0, not 1', True),
    "key-field": (with_key(bad.key_in(0, "another").encode()),
                  f'the key is not the message\'s key field: the key is "{bad.key_in(0, "another")}" and sku is '
                  '"{key}"', True),
}


def still_taken(shop, stem):
    """A good command to every partition is done, and so everything before it has had its turn."""
    publisher = clients.Publisher(shop.broker)
    ids = publisher.burst(INBOX, [(key, CREATE, {"sku": key, "name": "x", "price_minor": 1, "currency": "EUR"})
                                  for key in (bad.key_in(partition, stem) for partition in range(2))])
    publisher.close()

    def look():
        found = verdict.answers(clients.read_all(shop.broker, EVENTS))
        assert all(("/test/python", number) in found for number in ids), "no answer yet"
        return found
    found = until(look, f"the good commands behind {stem} are answered", WAITS)
    assert {found["/test/python", number]["outcome"] for number in ids} == {"DONE"}
    return found


def dead(shop):
    """{(partition, offset) of the inbox: its dead letter}; every letter once."""
    letters = {}
    for letter in bad.read_raw(shop.broker, DLT):
        if letter.text("ce_type") == EVT + "LogBegins":
            continue
        at = int(letter.text("kafka_dlt-original-partition")), int(letter.text("kafka_dlt-original-offset"))
        assert at not in letters, f"twice: {letter}"
        letters[at] = letter
    return letters


def is_dead(letter, record, words):
    """The record as it was, and what we say of it."""
    assert (letter.key, letter.value) == (record.key, record.value), letter
    assert letter.headers[:len(record.headers)] == record.headers, letter
    told = letter.headers[len(record.headers):]
    assert tuple(name for name, _ in told) == GENERATED, letter
    assert [value.decode() for _, value in told] == [
        INBOX, str(record.partition), str(record.offset), str(record.timestamp), words, "1"], letter
    assert letter.partition == record.partition, letter


def rebuilt_equals(shop, name):
    for partition in range(2):
        shop.product.do("replay", "-p", partition, "--out", shop.path(f"{name}-{partition}.db"))


def test_start(shop):
    shop.evt("topics", "apply")
    shop.product = shop.service("product").start().wait_ready()
    shop.publisher = bad.RawPublisher(shop.broker)
    shop.dead = 0


def test_one_after_the_other(shop):
    sent = {}
    for case, (spoil, _, _) in CASES.items():
        record = command(case)
        spoil(record)
        sent[case] = shop.publisher.send(record)
    answers = still_taken(shop, "behind")
    letters = dead(shop)
    shop.dead = len(CASES)
    assert len(letters) == shop.dead, sorted(letters)
    for case, (_, words, is_told) in CASES.items():
        words = words.replace("{key}", bad.key_in(0, case))
        is_dead(letters[sent[case].partition, sent[case].offset], sent[case], words)
        answer = answers.pop(("/test/bad", case), None)
        assert (answer is not None) == is_told, (case, answer)
        if answer:
            assert (answer["outcome"], answer["reason"]) == ("REJECTED", words), answer
    assert not [name for name in answers if name[0] == "/test/bad"], answers


def test_they_are_counted(shop):
    assert shop.product.ready()
    assert bad.metric(shop.product, "evt_dlt_total") == shop.dead
    assert bad.metric(shop.product, "evt_messages_total", outcome="rejected") == shop.dead
    # A name that comes from outside makes no series of its own.
    assert bad.metric(shop.product, "evt_messages_total", outcome="rejected", type="unknown") == 3
    assert bad.metric(shop.product, "evt_messages_total", type="shop.product.v1.Nonsense") == 0
    assert bad.metric(shop.product, "evt_streams_held") == 0


def test_a_rebuild_says_the_same(shop):
    rebuilt_equals(shop, "records")


def test_an_old_record_again(shop):
    """A command is obeyed once, whoever says it again; the same id for something else is refused."""
    before = len(bad.read_raw(shop.broker, EVENTS))
    record = shop.publisher.send(command("again"))
    replayed = shop.publisher.send(command("again"))
    reused = command("again")
    reused.value = product(reused.key.decode(), "Another")
    shop.publisher.send(reused)
    answers = still_taken(shop, "behind-again")
    assert answers["/test/bad", "again"]["outcome"] == "DONE"
    letters = dead(shop)
    shop.dead += 1
    assert len(letters) == shop.dead and (replayed.partition, replayed.offset) not in letters
    is_dead(letters[reused.partition, reused.offset], reused,
            "the command id was used before, for another request")
    assert bad.metric(shop.product, "evt_duplicates_total") == 1
    # ProductCreated and CommandAnswered of three: the first, and the two good ones behind.
    assert len(bad.read_raw(shop.broker, EVENTS)) == before + 6
    assert shop.product.rows(record.partition, "SELECT name FROM product WHERE sku = ?", record.key.decode()) == [
        ("Product",)]


def reserve(sender, sku, line, quantity=1):
    return sender.next(sku, RESERVE, clients.encode(RESERVE, {
        "order_id": "order-1", "line": line, "sku": sku, "quantity": quantity, "deadline": 4102444800000}))


def replies(shop):
    """[(line, type)] as order's inbox has them."""
    return [(record.json["line"], record.type.rpartition(".")[2])
            for record in clients.read_all(shop.broker, ORDERS) if record.type.startswith(PRODUCT)]


def held(shop):
    """The store's own words on each stream that waits: {source: (mark, parked)}."""
    return {source: (number, parked)
            for partition in range(2)
            for source, number, parked in shop.product.rows(
                partition, "SELECT source, number, parked FROM evt_marks WHERE parked > 0")}


def test_a_numbered_stream(shop):
    """What order will send is taken; once more, it is dropped; an older log of it is another sender."""
    publisher = clients.Publisher(shop.broker)
    shop.sku = bad.key_in(0, "reserved")
    publisher.publish(INBOX, shop.sku, CREATE, {"sku": shop.sku, "name": "x", "price_minor": 1, "currency": "EUR"})
    publisher.publish(INBOX, shop.sku, PRODUCT + "ReceiveStock", {"sku": shop.sku, "quantity": 100})
    publisher.close()
    shop.order = Sender(0)
    shop.messages = [reserve(shop.order, shop.sku, line) for line in range(1, 7)]
    shop.publisher.send(shop.messages[0])
    duplicates = bad.metric(shop.product, "evt_duplicates_total")
    shop.publisher.send(shop.messages[0])
    still_taken(shop, "behind-numbered")
    assert replies(shop) == [(1, "StockReserved")]
    assert bad.metric(shop.product, "evt_duplicates_total") == duplicates + 1


def test_a_gap_holds_the_stream(shop):
    """Only this one: everybody else's records go on. It drains in order once the gap is filled."""
    shop.publisher.send(shop.messages[3])
    shop.publisher.send(shop.messages[2])
    shop.publisher.send(shop.messages[3])
    still_taken(shop, "behind-gap")
    assert replies(shop) == [(1, "StockReserved")]
    assert held(shop) == {shop.order.source: (1, 2)}, held(shop)
    until(lambda: bad.metric(shop.product, "evt_streams_held") == 1, "the alarm")
    assert bad.metric(shop.product, "evt_parked_records") == 2
    assert "gap: the numbers before it are missing" in shop.product.said()
    shown = shop.evt("stream", "list", "--data-dir", shop.product.data, status=None)
    assert shop.order.source in shown.out, shown
    shop.publisher.send(shop.messages[1])
    still_taken(shop, "behind-the-gap")
    assert replies(shop) == [(line, "StockReserved") for line in range(1, 5)]
    assert held(shop) == {}
    until(lambda: bad.metric(shop.product, "evt_streams_held") == 0, "the end of the alarm")


def test_a_fork_holds_the_stream(shop):
    """The next number with a chain that does not follow, and an old number with another chain."""
    order, message = shop.order, shop.messages[4]
    shop.publisher.send(order.message(5, 0xbad, shop.sku, RESERVE, message.value))
    shop.publisher.send(order.message(2, 0xbad, shop.sku, RESERVE, message.value))
    still_taken(shop, "behind-fork")
    assert held(shop) == {order.source: (4, 2)}, held(shop)
    for words in ("fork: its chain does not follow from the one before",
                  "fork: this number was taken with another chain"):
        assert words in shop.product.said(), shop.product.said()
    # The right one goes on; the forks wait for a person.
    shop.publisher.send(message)
    still_taken(shop, "behind-the-fork")
    assert replies(shop)[-1] == (5, "StockReserved")
    assert held(shop) == {order.source: (5, 2)}, held(shop)
    assert shop.product.ready()


def test_a_type_that_is_not_known_yet_holds_the_stream(shop):
    """A newer version of the sender may be right: nothing is thrown away."""
    newer = Sender(0, lineage="00000000000000aa")
    shop.publisher.send(newer.next(shop.sku, PRODUCT + "CountStock", clients.encode(RESERVE, {
        "order_id": "order-2", "line": 1, "sku": shop.sku, "quantity": 1, "deadline": 4102444800000})))
    shop.publisher.send(reserve(newer, shop.sku, 9))
    still_taken(shop, "behind-newer")
    assert held(shop)[newer.source] == (0, 2), held(shop)
    assert "unknown: this version does not know its type or schema yet" in shop.product.said()
    assert (9, "StockReserved") not in replies(shop)


def test_a_numbered_one_that_is_refused(shop):
    """It has had its turn: a dead letter, a Rejected to its sender, and the next one is taken."""
    other = Sender(0, lineage="00000000000000bb")
    spoilt = shop.publisher.send(other.next(shop.sku, RESERVE, b"\0\0\0\0\x10\xff"))
    shop.publisher.send(reserve(other, shop.sku, 20))
    away = shop.publisher.send(Sender(1, lineage="00000000000000cc").message(
        1, 1, shop.sku, RESERVE, shop.messages[0].value, partition=0))
    still_taken(shop, "behind-refused")
    letters = dead(shop)
    shop.dead += 2
    assert len(letters) == shop.dead, letters
    is_dead(letters[0, spoilt.offset], spoilt, "the Avro bytes end too early: /order_id")
    is_dead(letters[0, away.offset], away,
            "ce_id is numbered for another topic or partition: product.inbox.1 came to product.inbox.0")
    assert (20, "StockReserved") in replies(shop)
    rejected = {record.json["message_id"]: record for record in clients.read_all(shop.broker, ORDERS)
                if record.type == EVT + "Rejected"}
    assert set(rejected) == {spoilt.text("ce_id"), away.text("ce_id")}, rejected
    told = rejected[away.text("ce_id")]
    assert told.partition == 0 and told.json["code"] == "ID_STREAM", told
    assert told.json["offset"] == away.offset and told.json["topic"] == INBOX, told


def test_it_was_running_all_the_time(shop):
    assert shop.product.running() and shop.product.ready()
    verdict.dense(clients.read_all(shop.broker, EVENTS))
    verdict.dense(clients.read_all(shop.broker, ORDERS))
    rebuilt_equals(shop, "all")
    shop.product.stop()
    shop.product.start().wait_ready()
    assert bad.metric(shop.product, "evt_dlt_total") == 0, "what was dead stays so, and is not said again"
    assert len(dead(shop)) == shop.dead


def size(record):
    return len(record.key or b"") + len(record.value or b"") + sum(
        len(name) + len(value or b"") for name, value in record.headers)


def test_more_than_a_letter_holds(shop):
    """A dead letter is larger than its record, and what a topic takes is counted after compression: of a
    record that is too large the letter says where it lies."""
    largest, wide, bomb = command("largest"), command("wide"), command("bomb")
    largest.value = bytes(1040000)
    wide.value = bytes(70000)
    wide.headers += [("note", b"x" * 900000), ("short", b"kept")]
    bomb.value = bytes(20 << 20)
    shop.publisher.send(largest)
    shop.publisher.send(wide)
    packer = bad.RawPublisher(shop.broker, "gzip")
    packer.send(bomb)
    packer.close()
    answers = still_taken(shop, "behind-largest")
    letters = dead(shop)
    shop.dead += 3
    assert len(letters) == shop.dead
    for record in (largest, wide, bomb):
        words = f"the value is larger than the limit: {len(record.value)} of 65536 bytes"
        assert answers["/test/bad", record.text("ce_id")]["reason"] == words, answers
        letter = letters[record.partition, record.offset]
        assert (letter.key, letter.value) == (record.key, None), letter
        assert letter.headers == [header for header in record.headers if header[0] != "note"] + list(zip(
            GENERATED + ("dlt-left-out-bytes",),
            (text.encode() for text in (INBOX, str(record.partition), str(record.offset), str(record.timestamp), words,
                                        "1", str(size(record)))))), letter
    rebuilt_equals(shop, "largest")
    shop.publisher.close()
