"""Pairs of schemas: (what it shows, reader, writer, can the reader read it, who differs).

The last is {} or {implementation: why it says the opposite}: by Avro's specification each of these is
the other one's mistake or restriction, and the test fails when it stops differing."""


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, "namespace": "n", "fields": list(fields), **more}


def field(name, type_="int", **more):
    return {"name": name, "type": type_, **more}


def enum(*symbols, name="E", **more):
    return {"type": "enum", "name": name, "namespace": "n", "symbols": list(symbols), **more}


def fixed(size, name="F", **more):
    return {"type": "fixed", "name": name, "namespace": "n", "size": size, **more}


def array(items):
    return {"type": "array", "items": items}


def values(of):
    return {"type": "map", "values": of}


def node(*more, **attributes):
    """A record that holds itself."""
    return record(field("next", ["null", "Node"], default=None), *more, name="Node", **attributes)


NAMES = {"avsc": "names of types are compared whole, with their namespace"}
PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
PROMOTIONS = {("long", "int"), ("float", "int"), ("double", "int"), ("float", "long"),
              ("double", "long"), ("double", "float"), ("bytes", "string"), ("string", "bytes")}

# Every pair of primitive types: 64.
PAIRS = [(f"{reader} reads {writer}", reader, writer,
          reader == writer or (reader, writer) in PROMOTIONS, {})
         for reader in PRIMITIVES for writer in PRIMITIVES]

PAIRS += [
    # ---- records ----
    ("the same record", record(field("a")), record(field("a")), True, {}),
    ("another order", record(field("a"), field("b", "string")),
     record(field("b", "string"), field("a")), True, {}),
    ("a field less", record(field("a")), record(field("a"), field("b")), True, {}),
    ("a field more", record(field("a"), field("b")), record(field("a")), False, {}),
    ("a field more, with a default", record(field("a"), field("b", default=1)), record(field("a")),
     True, {}),
    ("a field more, with the default null", record(field("b", ["null", "int"], default=None)),
     record(field("a")), True, {}),
    ("a default of an empty list", record(field("b", array("int"), default=[])), record(field("a")),
     True, {}),
    ("an optional field more, without default", record(field("a"), field("b", ["null", "int"])),
     record(field("a")), False, {}),
    ("an enum field more: the enum's default is none of the field's",
     record(field("a"), field("e", enum("A", "B", default="A"))), record(field("a")), False, {}),
    ("a field of another type", record(field("a", "string")), record(field("a")), False, {}),
    ("a field that widens", record(field("a", "long")), record(field("a")), True, {}),
    ("a field that narrows", record(field("a")), record(field("a", "long")), False, {}),
    ("a field of another type, with a default", record(field("a", "string", default="")),
     record(field("a")), False, {}),
    ("a field renamed", record(field("b")), record(field("a")), False, {}),
    ("a field renamed, with an alias", record(field("b", aliases=["a"])), record(field("a")), True, {}),
    ("a field renamed, the second alias", record(field("b", aliases=["x", "a"])), record(field("a")),
     True, {}),
    ("an alias of the writer's does not count", record(field("b")), record(field("a", aliases=["b"])),
     False, {}),
    ("an alias of another type", record(field("b", "string", aliases=["a"])), record(field("a")),
     False, {}),
    ("another record", record(field("a"), name="S"), record(field("a")), False, {}),
    ("another record, with an alias", record(field("a"), name="S", aliases=["n.R"]),
     record(field("a")), True, {}),
    ("another namespace", record(field("a"), namespace="m"), record(field("a")), True, NAMES),
    ("a record within", record(field("r", record(field("x"), name="I"))),
     record(field("r", record(field("x"), field("y"), name="I"))), True, {}),
    ("a record within lacks a field", record(field("r", record(field("x"), field("y"), name="I"))),
     record(field("r", record(field("x"), name="I"))), False, {}),
    ("a record within lacks a field, which has a default",
     record(field("r", record(field("x"), field("y", default=0), name="I"))),
     record(field("r", record(field("x"), name="I"))), True, {}),
    ("a record for an int", record(field("r", record(field("x"), name="I"))), record(field("r")),
     False, {}),

    # ---- enums ----
    ("the same enum", enum("A", "B"), enum("A", "B"), True, {}),
    ("a symbol less written", enum("A", "B"), enum("A"), True, {}),
    ("symbols in another order", enum("A", "B"), enum("B", "A"), True, {}),
    ("an unknown symbol", enum("A"), enum("A", "B"), False, {}),
    ("an unknown symbol, with a default", enum("A", default="A"), enum("A", "B"), True, {}),
    ("no symbol in common, with a default", enum("A", default="A"), enum("B", "C"), True, {}),
    ("the writer's default does not help", enum("A"), enum("A", "B", default="A"), False, {}),
    ("another enum", enum("A", name="D"), enum("A"), False, {}),
    ("another enum, with an alias", enum("A", name="D", aliases=["n.E"]), enum("A"), True, {}),
    ("an enum for a string", enum("A"), "string", False, {}),
    ("a string for an enum", "string", enum("A"), False, {}),

    # ---- fixed ----
    ("the same fixed", fixed(4), fixed(4), True, {}),
    ("another size", fixed(8), fixed(4), False, {}),
    ("another fixed", fixed(4, name="G"), fixed(4), False, {}),
    ("another fixed, with an alias", fixed(4, name="G", aliases=["n.F"]), fixed(4), True, {}),
    ("bytes for a fixed", "bytes", fixed(4), False, {}),
    ("a fixed for bytes", fixed(4), "bytes", False, {}),

    # ---- arrays and maps ----
    ("an array", array("int"), array("int"), True, {}),
    ("an array that widens", array("long"), array("int"), True, {}),
    ("an array of others", array("string"), array("int"), False, {}),
    ("an array for a map", array("int"), values("int"), False, {}),
    ("an array for its item", array("int"), "int", False, {}),
    ("a map", values("int"), values("int"), True, {}),
    ("a map that widens", values("double"), values("float"), True, {}),
    ("a map of others", values("int"), values("string"), False, {}),
    ("a map for a record", values("int"), record(field("a")), False, {}),
    ("an array of records that grew", array(record(field("a"), field("b", default=0))),
     array(record(field("a"))), True, {}),
    ("an array of records that grew, without default", array(record(field("a"), field("b"))),
     array(record(field("a"))), False, {}),

    # ---- unions ----
    ("the same union", ["null", "int"], ["null", "int"], True, {}),
    ("branches in another order", ["int", "null"], ["null", "int"], True, {}),
    ("a branch more to read", ["null", "int", "string"], ["null", "int"], True, {}),
    ("a branch more written", ["null", "int"], ["null", "int", "string"], False, {}),
    ("becomes optional", ["null", "int"], "int", True, {}),
    ("is no longer optional", "int", ["null", "int"], False, {}),
    ("a branch that widens", ["null", "long"], ["null", "int"], True, {}),
    ("a branch that narrows", ["null", "int"], ["null", "long"], False, {}),
    ("a branch that takes what is no union", ["null", "string"], "bytes", True, {}),
    ("no branch for it", ["null", "int"], "string", False, {}),
    ("all written branches fit", "long", ["int", "long"], True, {}),
    ("one written branch does not fit", "long", ["int", "string"], False, {}),
    ("a union of one", "int", ["int"], True, {}),
    ("a record in a union", ["null", record(field("a"), field("b", default=1))],
     ["null", record(field("a"))], True, {}),
    ("a record in a union, without default", ["null", record(field("a"), field("b"))],
     ["null", record(field("a"))], False, {}),
    ("a record of another name in a union", ["null", record(field("a"), name="S")],
     ["null", record(field("a"))], False, {}),
    ("an enum in a union, with a default", ["null", enum("A", default="A")],
     ["null", enum("A", "B")], True, {}),

    # ---- records that hold themselves ----
    ("a list", node(), node(), True, {}),
    ("a list whose nodes grew", node(field("x", default=0)), node(), True, {}),
    ("a list whose nodes grew, without default", node(field("x")), node(), False, {}),
    ("a list whose nodes shrank", node(), node(field("x")), True, {}),
]
