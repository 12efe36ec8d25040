"""A small tree of schemas in a temporary folder, and what evt-gen says of it.

The tree that `Tree` begins with is right; a case changes what it is about."""
import json
import os
import subprocess
import tempfile


def record(name="Ask", space="shop.a.v1", fields=None, **more):
    return {"type": "record", "name": name, "namespace": space, "doc": "What it is.",
            "fields": fields if fields is not None else [field("id")], **more}


def field(name="x", type="string", doc="What it holds.", **more):
    return {"name": name, "type": type, "doc": doc, **more}


def enum(name="Colour", symbols=("OTHER", "RED"), **more):
    return {"type": "enum", "name": name, "doc": "Which.", "symbols": list(symbols), **more}


def nested(name="Line", fields=None, **more):
    return {"type": "record", "name": name, "doc": "A part.",
            "fields": fields if fields is not None else [field("n", "int")], **more}


def deep(n):
    """Records within each other."""
    return nested(f"L{chr(96 + n)}", [field("x", deep(n - 1))]) if n else "int"


def with_fields(*fields):
    """Ask with further fields after its key."""
    return record(fields=[field("id"), *fields])


def topics():
    return {
        "defaults": {"partitions": 2, "retention_ms": -1, "compression": "lz4", "parked_max": 100},
        "services": {"a": {"doc": "Is asked."}, "b": {"doc": "Asks."}},
        "messages": {"shop.a.v1.Ask": {"kind": "command", "taker": "a", "key": "id", "from": ["b"]}},
    }


class Tree:
    def __init__(self, gen):
        self.gen = gen
        self.folder = tempfile.TemporaryDirectory()
        self.topics = topics()
        self.put("schemas/a/Ask.avsc", record())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def put(self, name, content):
        """A text as it is, anything else as JSON."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(content if isinstance(content, str) else json.dumps(content, indent=1))

    def get(self, name):
        with open(self.path(name), encoding="utf-8") as source:
            return source.read()

    def remove(self, name):
        os.remove(self.path(name))

    def message(self, name, declaration, schema):
        """Adds a message of the folder that its name says."""
        folder = name.split(".")[1]
        self.topics["messages"][name] = declaration
        self.put(f"schemas/{folder}/{name.split('.')[-1]}.avsc", schema)

    def run(self, *args):
        """(exit status, what it said on stderr)"""
        if self.topics is not None:
            self.put("schemas/topics.json", self.topics)
        done = subprocess.run([self.gen, *args], cwd=self.folder.name, capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stderr

    def lock(self, *args):
        return self.run("lock", "--root", "schemas", *args)

    def check(self, *args):
        return self.run("check", "--root", "schemas", *args)
