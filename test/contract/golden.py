#!/usr/bin/python3
"""Golden bytes: test/contract/golden.py CONTRACT-CODEC NODE-FOLDER [SAMPLES]

golden/<type>.json has values of a message and their Avro bytes. Our codec must write just these, and
two other implementations must read them as the same value; what those write, ours must read. For
every older version there are values in its own form and as today's struct has them."""
import glob
import json
import os
import sys

sys.dont_write_bytecode = True  # the tree stays as it is

from readers import Avsc, Ours, Python, frame

GOLDEN = sys.argv[3] if len(sys.argv) > 3 else os.path.join(os.path.dirname(__file__), "golden")
ROOTS = ("schemas", "test/contract/schemas")


class Score:
    def __init__(self):
        self.passed = self.failed = 0

    def same(self, what, want, get):
        """`get` is called, as it may fail in its own words."""
        try:
            got = get()
        except Exception as error:  # whatever another implementation throws is a failure here
            got = f"{type(error).__name__}: {error}"
        if canonical(got) == canonical(want):
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}:\n  expected: {want}\n  but: {got}")

    def none(self, names, words):
        """There should be no such samples."""
        self.passed += not names
        for name in sorted(names):
            self.failed += 1
            print(words.format(name=name, file=os.path.join(GOLDEN, f"{name}.json")))


def canonical(value):
    """Tells true from 1, which Python's == does not."""
    return json.dumps(value, sort_keys=True)


def schema_file(name, version=None):
    _, folder, _, record = name.split(".")
    suffix = f".v{version}" if version else ""
    paths = [f"{root}/{folder}/{record}{suffix}.avsc" for root in ROOTS]
    return next(path for path in paths if os.path.exists(path))


def check_sample(score, who, name, schema_id, sample):
    ours, others = who
    path, value, text = schema_file(name), sample["value"], sample["bytes"]
    about = f"{name}: {sample['about']}"
    score.same(f"{about}: ours writes", frame(schema_id) + text, lambda: ours.encode(name, value))
    score.same(f"{about}: ours reads", value, lambda: ours.decode(name, frame(schema_id) + text))
    for word, other in others.items():
        score.same(f"{about}: {word} reads ours", value, lambda: other.decode(
            path, ours.encode(name, value)[len(frame(0)):]))
        score.same(f"{about}: ours reads {word}'s", value, lambda: ours.decode(
            name, frame(schema_id) + other.encode(path, value)))


def check_read_only(score, who, name, schema_id, sample):
    """Bytes that nobody here writes so, but somebody may: all must read them."""
    ours, others = who
    about = f"{name}: {sample['about']}"
    score.same(f"{about}: ours reads", sample["value"],
               lambda: ours.decode(name, frame(schema_id) + sample["bytes"]))
    for word, other in others.items():
        score.same(f"{about}: {word} reads", sample["value"],
                   lambda: other.decode(schema_file(name), sample["bytes"]))


def check_old(score, who, name, ids, version, sample):
    ours, others = who
    today, old = schema_file(name), schema_file(name, version)
    about = f"{name} version {version}: {sample['about']}"
    framed = frame(ids[version - 1]) + sample["bytes"]
    score.same(f"{about}: ours reads", sample["read"], lambda: ours.decode(name, framed))
    for word, other in others.items():
        score.same(f"{about}: {word} writes", sample["bytes"],
                   lambda: other.encode(old, sample["value"]))
        # python3-avro 1.11 resolves neither aliases nor enum defaults when it reads.
        if word not in sample.get("cannot", []):
            score.same(f"{about}: {word} reads", sample["read"],
                       lambda: other.decode(today, sample["bytes"], old))


def check_type(score, who, name, ids):
    with open(os.path.join(GOLDEN, f"{name}.json"), encoding="utf-8") as source:
        golden = json.load(source)
    if "init" in golden:
        score.same(f"{name}: init", golden["init"], lambda: who[0].init(name))
    for sample in golden["samples"]:
        check_sample(score, who, name, ids[-1], sample)
    for sample in golden.get("read_only", []):
        check_read_only(score, who, name, ids[-1], sample)
    for version in range(1, len(ids)):
        for sample in golden["versions"][str(version)]:
            check_old(score, who, name, ids, version, sample)


def main():
    score = Score()
    ours, avsc = Ours(sys.argv[1]), Avsc(sys.argv[2])
    types = ours.types()
    files = {os.path.basename(path)[:-len(".json")] for path in glob.glob(f"{GOLDEN}/*.json")}
    score.none(set(types) - files, "{name} has no sample: copy a neighbour's file to {file}, write values that other "
               'implementations must read and write, and leave "bytes" empty: the next run says them')
    score.none(files - set(types), "{file} has samples of no message: remove it, or name it as its message")
    for name in sorted(set(types) & files):
        check_type(score, (ours, {"python3-avro": Python(), "avsc": avsc}), name, types[name])
    score.same("ours ended well", True, ours.close)
    avsc.close()
    print(f"{score.passed} passed, {score.failed} failed")
    return score.failed != 0


sys.exit(main())
