"""All that evt-gen refuses: what is done to a right tree, by the name under which refusals.txt has
the exact words."""
from tree import deep, enum, field, nested, record, with_fields

ASK = "schemas/a/Ask.avsc"
COMMAND = {"kind": "command", "taker": "a", "key": "id", "from": ["b"]}
FOUR = {"type": "fixed", "name": "Four", "doc": "Bytes.", "size": 4}


def ask(schema):
    return lambda t: t.put(ASK, schema)


def ask_with(*fields):
    return ask(with_fields(*fields))


def without(mapping, key):
    return {k: v for k, v in mapping.items() if k != key}


def array(items):
    return {"type": "array", "items": items}


def values(items):
    return {"type": "map", "values": items}


def declare(**change):
    """Ask's declaration with other values; None takes a key away."""
    def do(t):
        ours = t.topics["messages"]["shop.a.v1.Ask"]
        for key, value in change.items():
            key = key.rstrip("_")
            if value is None:
                ours.pop(key)
            else:
                ours[key] = value
    return do


def service(**change):
    return lambda t: t.topics["services"]["b"].update(change)


def topics_are(text):
    def do(t):
        t.topics = None
        if text is not None:
            t.put("schemas/topics.json", text)
    return do


def fact(**more):
    return lambda t: t.message("shop.a.v1.Asked", {"kind": "fact", "key": "id", "from": ["a"], **more},
                               record("Asked"))


def tell(schema, **declaration):
    return lambda t: t.message("shop.a.v1.Tell", {**COMMAND, **declaration}, schema)


def both(*steps):
    def do(t):
        done = [step(t) for step in steps]
        return done[-1]
    return do


def subscribed(*subscriptions):
    return both(fact(), service(subscriptions=list(subscriptions)))


JSON = {
    "broken": ask('{"type": "record",\n "name"}'),
    "key twice": ask('{"type": "record",\n "doc": "x",\n "doc": "y"}'),
    "not utf-8": ask('{"type": "\udcff"}'),
    "number too large": ask('{"type": 99999999999999999999}'),
    "empty": ask(""),
    "NUL in a text": ask({"type": "record", "name": "A\0sk"}),
    "NUL in a key": ask({"type\0": "record"}),
}

AVRO = {
    "no type": ask({"name": "Ask"}),
    "a number": ask([7]),
    "type is an object": ask({"type": {"type": "string"}}),
    "unknown kind": ask({"type": "union"}),
    "unknown type": ask_with(field("x", "Colour")),
    "no name": ask({"type": "record", "fields": []}),
    "bad name": ask(record("7Ask")),
    "bad namespace": ask(record(space="shop..v1")),
    "no fields": ask(without(record(), "fields")),
    "field is a text": ask_with("id"),
    "field without name": ask_with(without(field(), "name")),
    "field without type": ask_with(without(field(), "type")),
    "field with a bad name": ask_with(field("a-b")),
    "field twice": ask_with(field("x"), field("x")),
    "field is an alias before": ask_with(field("x", aliases=["y"]), field("y")),
    "alias is a field before": ask_with(field("y"), field("x", aliases=["y"])),
    "alias is an alias before": ask_with(field("y", aliases=["z"]), field("x", aliases=["z"])),
    "alias of itself": ask_with(field("x", aliases=["x"])),
    "alias twice": ask_with(field("x", aliases=["y", "y"])),
    "alias is no name": ask_with(field("x", aliases=["a b"])),
    "aliases is a text": ask_with(field("x", aliases="y")),
    "type defined twice": ask_with(field("x", enum(default="OTHER")), field("y", enum(default="OTHER"))),
    "enum without symbols": ask_with(field("x", enum(symbols=[]))),
    "symbol twice": ask_with(field("x", enum(symbols=["A", "B", "A"], default="A"))),
    "symbol is no name": ask_with(field("x", enum(symbols=["A", "B C"], default="A"))),
    "enum's default": ask_with(field("x", enum(default="BLUE"))),
    "fixed without size": ask_with(field("x", without(FOUR, "size"))),
    "fixed of no size": ask_with(field("x", {**FOUR, "size": 0})),
    "array without items": ask_with(field("x", {"type": "array"})),
    "map without values": ask_with(field("x", {"type": "map"})),
    "empty union": ask_with(field("x", [])),
    "branch twice": ask_with(field("x", ["null", "string", "string"])),
    "branch of a named type twice": ask_with(field("x", [enum(default="OTHER"), "Colour"])),
    "union in a union": ask_with(field("x", ["null", ["null", "int"]])),
}


def with_default(type_, value):
    return ask_with(field("x", type_, default=value))


DEFAULTS = {
    "null": with_default("null", 0),
    "optional": with_default(["null", "string"], "none"),
    "second branch": with_default([nested(), "string"], "none"),
    "boolean": with_default("boolean", "true"),
    "int": with_default("int", "7"),
    "int of a fraction": with_default("int", 7.0),
    "int too large": with_default("int", 2**31),
    "int too small": with_default("int", -2**31 - 1),
    "int is null": with_default("int", None),
    "long": with_default("long", True),
    "long of a fraction": with_default("long", 1.5),
    "float": with_default("float", "1"),
    "double": with_default("double", None),
    "string": with_default("string", 7),
    "bytes": with_default("bytes", [1]),
    "bytes above 255": with_default("bytes", "\u0100"),
    "fixed": with_default(FOUR, 4),
    "fixed of another size": with_default(FOUR, "abc\u00ff\u0001"),
    "enum": with_default(enum(default="OTHER"), "BLUE"),
    "enum of a number": with_default(enum(default="OTHER"), 1),
    "array": with_default(array("int"), {}),
    "array's item": with_default(array("int"), [1, "2", 3]),
    "map": with_default(values("int"), []),
    "map's value": with_default(values("int"), {"a": 1, "b": "2"}),
    "record": with_default(nested(), []),
    "record's field": with_default(nested(), {"n": "1"}),
    "record lacks a field": with_default(nested(), {}),
    "record has a field more": with_default(nested(), {"n": 1, "m": 2}),
    "deep": with_default(array(nested(fields=[field("l", values("long"))])),
                         [{"l": {"k": 1}}, {"l": {"k": None}}]),
}

RULES = {
    "message is an enum": ask({**enum("Ask", default="OTHER"), "namespace": "shop.a.v1"}),
    "name of the file": ask(record("Question")),
    "namespace of the folder": ask(record(space="shop.b.v1")),
    "no namespace": ask(without(record(), "namespace")),
    "nested type's namespace": ask_with(field("x", nested(namespace="shop.b.v1"))),
    "alias of itself": ask(record(aliases=["Ask"])),
    "PascalCase": ask_with(field("x", nested("URLPart"))),
    "snake_case": ask_with(field("orderId"), field("_x"), field("a__b"), field("b_")),
    "keyword": ask_with(field("default"), field("bool"), field("class")),
    "UPPER_CASE": ask_with(field("x", enum(symbols=["OTHER", "Red"], default="OTHER"))),
    "record without doc": ask(without(record(), "doc")),
    "field without doc": ask_with(without(field(), "doc")),
    "empty doc": ask_with(field(doc=" \n")),
    "doc is a number": ask_with(field(doc=7)),
    "enum without doc": ask_with(field("x", without(enum(default="OTHER"), "doc"))),
    "fixed without doc": ask_with(field("x", without(FOUR, "doc"))),
    "nested record without doc": ask_with(field("x", without(nested(), "doc"))),
    "unknown attributes": ask_with(field("x", {"type": "string", "avro.java.string": "String"},
                                         defualt="")),
    "enum without default": ask_with(field("x", enum())),
    "record without fields": ask_with(field("x", nested(fields=[]))),
    "union of two": ask_with(field("x", ["string", "int"], default="")),
    "union of three": ask_with(field("x", ["null", "string", "int"], default=None)),
    "null last": ask_with(field("x", ["string", "null"], default="")),
    "optional without default": ask_with(field("x", ["null", "string"])),
    "null": ask_with(field("x", "null")),
    "float": ask_with(field("x", "float")),
    "double": ask_with(field("price_minor", ["null", "double"], default=None)),
    "decimal": ask_with(field("x", {"type": "bytes", "logicalType": "decimal"})),
    "timestamp on an int": ask_with(field("x", {"type": "int", "logicalType": "timestamp-millis"})),
    "uuid on bytes": ask_with(field("x", {"type": "bytes", "logicalType": "uuid"})),
    "array of arrays": ask_with(field("x", array(array("int")))),
    "map of optionals": ask_with(field("x", values(["null", "int"]))),
    "recursion": ask_with(field("x", nested(fields=[field("more", array("Line"))]))),
    "message holds itself": ask_with(field("x", ["null", "Ask"], default=None)),
    "too deep": ask_with(field("x", deep(8))),
    "has_ of an optional": ask_with(field("has_x", "boolean"), field("x", ["null", "int"], default=None)),
    "count of an array": ask_with(field("x", array("int")), field("x_n", "int")),
}

TREE = {
    "file's name": lambda t: t.put("schemas/a/ask.avsc", record()),
    "file's version": lambda t: t.put("schemas/a/Ask.v0.avsc", record()),
    "file's version has more": lambda t: t.put("schemas/a/Ask.v1x.avsc", record()),
    "folder's name": lambda t: t.put("schemas/my_service/Ask.avsc", record()),
    "message without taker": lambda t: t.put("schemas/a/Tell.avsc", record("Tell")),
    "no schema": lambda t: t.topics["messages"].update({"shop.a.v1.Tell": COMMAND}),
    "only an old version": both(lambda t: t.put("schemas/a/Ask.v1.avsc", record()),
                                lambda t: t.remove(ASK)),
    "no topics.json": topics_are(None),
    "a folder for a file": lambda t: t.put("schemas/a/Tell.avsc/x", ""),
    "no root": lambda t: t.run("check", "--root", "none"),
}

TYPES = {
    "differs": both(ask_with(field("x", nested())),
                    tell(record("Tell", fields=[field("id"),
                                                field("x", nested(fields=[field("n", "long")]))]))),
    "differs in a doc": both(ask_with(field("x", nested())),
                             tell(record("Tell", fields=[field("id"),
                                                         field("x", {**nested(), "doc": "Other."})]))),
    "differs in a field's doc": both(
        ask_with(field("x", nested())),
        tell(record("Tell", fields=[field("id"), field("x", nested(fields=[
            field("n", "int", doc="Other.")]))]))),
    "differs in a default": both(
        ask_with(field("x", nested(fields=[field("n", "int", default=1)]))),
        tell(record("Tell", fields=[field("id"), field("x", nested(fields=[
            field("n", "int", default=2)]))]))),
    "differs in a symbol": both(
        ask_with(field("x", array(enum(default="OTHER")))),
        tell(record("Tell", fields=[field("id"), field("x", array(
            enum(symbols=["OTHER", "BLUE"], default="OTHER")))]))),
    "differs in what is optional": both(
        ask_with(field("x", nested(fields=[field("n", ["null", "int"], default=None)]))),
        tell(record("Tell", fields=[field("id"), field("x", nested(fields=[
            field("n", ["null", "long"], default=None)]))]))),
    "name of a message": both(ask_with(field("x", nested("Tell"))), tell(record("Tell"))),
    "one name in C": ask_with(field("x", enum("Blue", ["RED_SKY"], default="RED_SKY")),
                              field("y", enum("BlueRed", ["SKY"], default="SKY"))),
    "one tag in C": ask_with(field("rates", values("int")), field("y", nested("AskRatesItem"))),
}

MESSAGES = {
    "no kind": declare(kind=None),
    "unknown kind": declare(kind="event"),
    "no taker": declare(taker=None),
    "no key": declare(key=None),
    "no sender": declare(from_=None),
    "empty senders": declare(from_=[]),
    "unknown taker": declare(taker="c"),
    "taker is a list": declare(taker=["a"]),
    "unknown sender": declare(from_=["b", "c"]),
    "sender twice": declare(from_=["b", "b"]),
    "reply from outside": declare(kind="reply", from_=["outside"]),
    "reply without taker": declare(kind="reply", taker=None),
    "unknown attribute": declare(topic="a.inbox"),
    "key is missing": declare(key="order_id"),
    "key is a number": declare(key=7),
    "key is an int": both(ask_with(field("n", "int")), declare(key="n")),
    "key is optional": both(ask_with(field("n", ["null", "string"], default=None)), declare(key="n")),
    "fact with a taker": fact(taker="b"),
    "fact with two senders": fact(**{"from": ["a", "b"]}),
    "fact from outside": fact(**{"from": ["outside"]}),
    "fact without key": lambda t: t.message("shop.a.v1.Asked", {"kind": "fact", "from": ["a"]},
                                            record("Asked")),
    "system message elsewhere": declare(kind="system", taker=None, key=None, from_=None),
    "command in evt": lambda t: t.message("shop.evt.v1.Began", COMMAND, record("Began", "shop.evt.v1")),
    "system message with a key": lambda t: t.message(
        "shop.evt.v1.Began", {"kind": "system", "key": "id"}, record("Began", "shop.evt.v1")),
    "a number": lambda t: t.topics["messages"].update({"shop.a.v1.Ask": 1}),
    "a list": lambda t: t.topics.update(messages=[]),
}

TOPICS = {
    "broken": topics_are("{"),
    "a list": topics_are("[]"),
    "unknown key": lambda t: t.topics.update(topics={}),
    "no defaults": lambda t: t.topics.pop("defaults"),
    "defaults lack one": lambda t: t.topics["defaults"].pop("partitions"),
    "unknown default": lambda t: t.topics["defaults"].update(replicas=3),
    "services is a list": lambda t: t.topics.update(services=[]),
    "service's name": lambda t: t.topics["services"].update(
        {name: {"doc": "x"} for name in ("my-service", "evt", "outside", "a" * 25)}),
    "service without doc": lambda t: t.topics["services"].update(b={}),
    "service's unknown key": service(port=80),
    "no partitions": service(inbox={"partitions": 0}),
    "partitions is a text": service(events={"partitions": "2"}),
    "too many partitions": service(inbox={"partitions": 1025}),
    "no retention": service(inbox={"retention_ms": 0}),
    "negative retention": service(inbox={"retention_ms": -2}),
    "compression": service(inbox={"compression": "brotli"}),
    "parked_max": service(parked_max=0),
    "generation": both(service(generation=0), lambda t: t.topics["services"]["a"].update(generation="2")),
    "topic's unknown key": service(inbox={"cleanup": "compact"}),
    "inbox is a number": service(inbox=4),
}

SUBSCRIPTIONS = {
    "not a list": service(subscriptions={}),
    "no key": service(subscriptions=[{"topic": "a.events"}]),
    "unknown attribute": service(subscriptions=[{"topic": "a.events", "key": "id", "filter": "x"}]),
    "unknown topic": service(subscriptions=[{"topic": "c.events", "key": "id"}]),
    "an inbox": service(subscriptions=[{"topic": "a.inbox", "key": "id"}]),
    "its own": service(subscriptions=[{"topic": "b.events", "key": "id"}]),
    "twice": subscribed({"topic": "a.events", "key": "id"}, {"topic": "a.events", "key": "id"}),
    "key is missing in a fact": subscribed({"topic": "a.events", "key": "user_id"}),
    "own key is missing": subscribed({"topic": "a.events", "key": "id",
                                      "keys": {"shop.a.v1.Asked": "other"}}),
    "key has a default": both(
        service(subscriptions=[{"topic": "a.events", "key": "id"}]),
        lambda t: t.message("shop.a.v1.Asked", {"kind": "fact", "key": "id", "from": ["a"]},
                            record("Asked", fields=[field("id", default="none")]))),
    "own key of no fact": subscribed({"topic": "a.events", "key": "id", "keys": {"shop.a.v1.Ask": "id"}}),
    "own key is a number": subscribed({"topic": "a.events", "key": "id",
                                       "keys": {"shop.a.v1.Asked": 1}}),
    "keys is a list": subscribed({"topic": "a.events", "key": "id", "keys": ["id"]}),
}


def locked(t):
    status, said = t.lock()
    assert status == 0, said


def kept(t):
    """What a person does before a published schema is changed."""
    t.put("schemas/a/Ask.v1.avsc", t.get(ASK))


def lock_is(*lines):
    return lambda t: t.put("schemas/schemas.lock", "".join(f"{line}\n" for line in lines))


def check(t):
    return t.check()


SHA = "0" * 64
SUBJECT = "shop.a.inbox.v1-shop.a.v1.Ask"


def evolved(*fields, first=()):
    """Version 1 has the fields `first`, today's `fields`."""
    return both(ask_with(*first), locked, kept, ask_with(*fields))


LOCK = {
    "not published": check,
    "new version not published": both(evolved(field(default="")), check),
    "edited": both(locked, ask_with(field(default=""))),
    "edited, only a doc": both(locked, ask({**record(), "doc": "Other."})),
    "kept copy edited": both(locked, kept, ask_with(field(default="")), locked,
                             lambda t: t.put("schemas/a/Ask.v1.avsc", {**record(), "doc": "Other."})),
    "kept copy missing": both(locked, kept, ask_with(field(default="")), locked,
                              lambda t: t.remove("schemas/a/Ask.v1.avsc")),
    "kept copy of today's": both(locked, kept),
    "kept copy of none": both(locked, lambda t: t.put("schemas/a/Ask.v2.avsc", record())),
    "kept copy before the first": kept,
    "subject gone": both(tell(record("Tell")), locked, lambda t: t.remove("schemas/a/Tell.avsc"),
                         lambda t: t.topics["messages"].pop("shop.a.v1.Tell")),
    "subject moved": both(locked, declare(taker="b")),
    "line too short": lock_is(f"1 1 {SHA}"),
    "line too long": lock_is(f"1 1 {SHA} {SUBJECT} x"),
    "line's sha256": lock_is(f"1 1 abc {SUBJECT}"),
    "line's id": lock_is(f"0 1 {SHA} {SUBJECT}"),
    "line's version": lock_is(f"1 x {SHA} {SUBJECT}"),
    "id twice": lock_is("# ids", f"1 1 {SHA} {SUBJECT}", f"1 2 {SHA} {SUBJECT}"),
    "version skipped": lock_is(f"1 2 {SHA} {SUBJECT}"),
    "unreadable": lambda t: t.put("schemas/schemas.lock", "x" * (16 * 1024 * 1024 + 1)),
}

COMPAT = {
    "new field without default": evolved(field("x")),
    "field without default gone": evolved(first=[field("x")]),
    "field renamed": evolved(field("y"), first=[field("x")]),
    "field renamed with an alias": evolved(field("y", aliases=["x"]), first=[field("x")]),
    "int becomes long": evolved(field("x", "long"), first=[field("x", "int")]),
    "string becomes optional": evolved(field("x", ["null", "string"], default=None),
                                       first=[field("x")]),
    "string becomes bytes": evolved(field("x", "bytes"), first=[field("x")]),
    "fixed grows": evolved(field("x", {**FOUR, "size": 5}), first=[field("x", FOUR)]),
    "array's items": evolved(field("x", array("string")), first=[field("x", array("int"))]),
    "enum renamed": evolved(field("x", enum("Color", default="OTHER")),
                            first=[field("x", enum(default="OTHER"))]),
    "record's field": evolved(field("x", nested(fields=[field("n", "int"), field("m", "int")])),
                              first=[field("x", nested())]),
    "against every version": both(
        ask_with(field("x", default="")), locked, kept, ask(record()), locked,
        lambda t: t.put("schemas/a/Ask.v2.avsc", t.get(ASK)), ask_with(field("x", "int", default=0))),
}


def second_root(topics, **schemas):
    """Another root in the folder `more`."""
    def do(t):
        t.put("more/topics.json", topics)
        for name, schema in schemas.items():
            t.put(f"more/a/{name}.avsc", schema)
    return do


def run(*args):
    return lambda t: t.run(*args)


TWO = ("--root", "schemas", "--root", "more")
ROOTS = {
    "second has defaults": both(locked, second_root({"defaults": {}}), run("check", *TWO)),
    "second changes a service": both(locked, second_root({"services": {"a": {"doc": "x"}}}),
                                     run("check", *TWO)),
    "second declares again": both(locked, second_root({"messages": {"shop.a.v1.Ask": COMMAND}}),
                                  run("check", *TWO)),
    "second has another's schema": both(locked, second_root({}, Ask=record()), run("check", *TWO)),
    "second is not published": both(locked, second_root({"messages": {"shop.a.v1.Tell": COMMAND}},
                                                        Tell=record("Tell")), run("check", *TWO)),
    "only the last is published": both(second_root({"messages": {"shop.a.v1.Tell": COMMAND}},
                                                   Tell=record("Tell")), run("lock", *TWO)),
    "second takes an id of the first": both(
        locked, second_root({}), lambda t: t.put("more/schemas.lock", f"1 1 {SHA} s\n"),
        run("check", *TWO)),
    "a subscription of the second": both(
        fact(), locked, second_root({"services": {"b": {"subscriptions": [
            {"topic": "a.events", "key": "other"}]}}}), run("check", *TWO)),
}

WRITTEN = {
    "docs are old": both(run("lock", "--docs", "events.md"), lambda t: t.put("events.md", "Old.\n"),
                         run("check", "--docs", "events.md")),
    "docs are missing": both(locked, run("check", "--docs", "events.md")),
    "out is a file": both(locked, lambda t: t.put("out", ""), run("--out", "out")),
}

USAGE = {
    "unknown option": run("--rot", "schemas"),
    "option without value": run("check", "--root"),
    "unknown command": run("publish"),
    "no out": run("--root", "schemas"),
    "too many arguments": run("check", "schemas"),
    "compat of one": run("compat", ASK),
    "compat of a file that is missing": run("compat", ASK, "none.avsc"),
    "compat": both(lambda t: t.put("old.avsc", record()), ask_with(field()), run("compat", ASK, "old.avsc")),
    "compat of symbols": both(
        lambda t: t.put("old.avsc", record(fields=[field("x", enum(symbols=("RED", "BLUE")))])),
        lambda t: t.put("new.avsc", record(fields=[field("x", enum(symbols=("RED",)))])),
        run("compat", "new.avsc", "old.avsc")),
    "compat of a union": both(
        lambda t: t.put("old.avsc", record(fields=[field("x", "string")])),
        lambda t: t.put("new.avsc", record(fields=[field("x", ["null", "int"])])),
        run("compat", "new.avsc", "old.avsc")),
}

GROUPS = {"json": JSON, "avro": AVRO, "default": DEFAULTS, "rules": RULES, "tree": TREE,
          "types": TYPES, "messages": MESSAGES, "topics": TOPICS, "subscriptions": SUBSCRIPTIONS,
          "lock": LOCK, "compat": COMPAT, "roots": ROOTS, "written": WRITTEN, "usage": USAGE}
CASES = {f"{group}: {name}": do for group, cases in GROUPS.items() for name, do in cases.items()}
