"""The three that must agree: our codec, npm avsc and Debian's python3-avro.

Each has encode(schema file, value) -> hexadecimal and decode(schema file, hexadecimal[, writer's
schema file]) -> value, where a value is JSON as our codec prints it: optional values stand without
their branch's name, bytes are texts of U+0000 to U+00FF."""
import io
import json
import os
import subprocess

import avro.io
import avro.schema


class Filter:
    """A process that answers a line with a line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}")
        return line.rstrip("\n")

    def close(self):
        """True if it ended as it should."""
        self.process.stdin.close()
        return self.process.wait() == 0


class Ours(Filter):
    """The codec speaks of types, and of bytes with their frame."""

    def types(self):
        """{full name: [schema id by version]}"""
        types, line = {}, self.ask("list")
        while line:
            name, *ids = line.split(" ")
            types[name] = [int(i) for i in ids]
            line = self.read()
        return types

    def answer(self, *words):
        answer = self.ask(" ".join(words))
        if answer.startswith("! "):
            raise ValueError(answer[2:])
        return answer

    def init(self, name):
        return json.loads(self.answer("init", name))

    def encode(self, name, value):
        return self.answer("encode", name, json.dumps(value))

    def decode(self, name, framed):
        return json.loads(self.answer("decode", name, framed))


def frame(schema_id):
    return f"00{schema_id:08x}"


# ---- schemas as JSON ----

def load(path):
    """Without logical types: they would turn numbers into dates."""
    def drop(node):
        return {key: value for key, value in node.items() if key != "logicalType"}
    with open(path, encoding="utf-8") as source:
        return json.load(source, object_hook=drop)


def walk(schema, value, leaf, union, names=None):
    """Rebuilds a value by its schema: `leaf` gets (kind, value), `union` (branch's name, go, value)."""
    names = {} if names is None else names
    schema = names.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        return union(schema, lambda branch, inner: walk(branch, inner, leaf, union, names), value)
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind in ("record", "enum", "fixed"):
        names[schema["name"]] = schema
    if kind == "record":
        return {field["name"]: walk(field["type"], value[field["name"]], leaf, union, names)
                for field in schema["fields"]}
    if kind == "array":
        return [walk(schema["items"], item, leaf, union, names) for item in value]
    if kind == "map":
        return {key: walk(schema["values"], item, leaf, union, names) for key, item in value.items()}
    return leaf(kind, value)


def learn(schema, names):
    """Named types are known by all who come later, even when their first holder was not there."""
    if isinstance(schema, list):
        for branch in schema:
            learn(branch, names)
    elif isinstance(schema, dict):
        if "name" in schema:
            names[schema["name"]] = schema
        for part in (schema.get("items"), schema.get("values"),
                     *(field["type"] for field in schema.get("fields", []))):
            learn(part, names)
    return names


def convert(schema, value, leaf, union):
    return walk(schema, value, leaf, union, learn(schema, {}))


def plain_union(schema, go, value):
    return None if value is None else go(schema[1], value)


# ---- python3-avro ----

class Python:
    def __init__(self):
        self.parsed = {}

    def schema(self, path):
        if path not in self.parsed:
            self.parsed[path] = avro.schema.parse(json.dumps(load(path)))
        return self.parsed[path]

    def encode(self, path, value):
        def leaf(kind, inner):
            return inner.encode("latin-1") if kind in ("bytes", "fixed") else inner
        out = io.BytesIO()
        avro.io.DatumWriter(self.schema(path)).write(convert(load(path), value, leaf, plain_union),
                                                     avro.io.BinaryEncoder(out))
        return out.getvalue().hex()

    def decode(self, path, text, writer=None):
        def leaf(kind, inner):
            return inner.decode("latin-1") if kind in ("bytes", "fixed") else inner
        source = io.BytesIO(bytes.fromhex(text))
        reader = avro.io.DatumReader(self.schema(writer or path), self.schema(path))
        value = reader.read(avro.io.BinaryDecoder(source))
        if source.read():
            raise ValueError("bytes are left over")
        return convert(load(path), value, leaf, plain_union)


# ---- avsc ----

class Avsc(Filter):
    def __init__(self, node_folder):
        script = os.path.join(os.path.dirname(__file__), "avsc.js")
        super().__init__("node", script, os.path.abspath(node_folder))

    def request(self, **request):
        answer = json.loads(self.ask(json.dumps(request)))
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["ok"]

    def encode(self, path, value):
        def union(schema, go, inner):
            return None if inner is None else {branch_name(path, schema[1]): go(schema[1], inner)}

        def leaf(kind, inner):
            return str(inner) if kind == "long" else inner
        return self.request(op="encode", schema=path, value=convert(load(path), value, leaf, union))

    def decode(self, path, text, writer=None):
        def union(schema, go, inner):
            return None if inner is None else go(schema[1], *inner.values())

        def leaf(kind, inner):
            return int(inner) if kind == "long" else inner
        value = self.request(op="decode", schema=path, writer=writer or path, hex=text)
        return convert(load(path), value, leaf, union)

    def reads(self, reader, writer):
        return self.request(op="reads", reader=reader, writer=writer)


def branch_name(path, branch):
    """As Avro's JSON encoding names it."""
    if isinstance(branch, dict):
        branch = branch["name"] if "name" in branch else branch["type"]
    if branch in ("boolean", "int", "long", "string", "bytes", "array", "map") or "." in branch:
        return branch
    return f"{load(path)['namespace']}.{branch}"
