#!/usr/bin/python3
"""Second opinions on compatibility: test/contract/compat.py EVT-GEN NODE-FOLDER

For each of pairs.py: evt-gen's verdict, python3-avro's ReaderWriterCompatibilityChecker and avsc's
createResolver must be what the table says."""
import json
import os
import subprocess
import sys
import tempfile

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

sys.dont_write_bytecode = True  # the tree stays as it is

from pairs import PAIRS
from readers import Avsc


def evt_gen(program, folder, reader, writer):
    """Its verdict by exit status: 0 reads, 5 does not; anything else is no verdict."""
    paths = []
    for name, schema in (("reader", reader), ("writer", writer)):
        paths.append(os.path.join(folder, f"{name}.avsc"))
        with open(paths[-1], "w", encoding="utf-8") as out:
            # A primitive type alone is no JSON document for jansson.
            json.dump({"type": schema} if isinstance(schema, str) else schema, out)
    done = subprocess.run([program, "compat", *paths], capture_output=True, text=True, check=False)
    verdict = {0: True, 5: False}.get(done.returncode, done.stderr)
    # Who says no says why.
    return "said nothing" if verdict is False and not done.stderr else verdict


def python(reader, writer):
    parsed = (avro.schema.parse(json.dumps(schema)) for schema in (reader, writer))
    result = ReaderWriterCompatibilityChecker().get_compatibility(*parsed)
    return result.compatibility is SchemaCompatibilityType.compatible


def main():
    program, avsc = sys.argv[1], Avsc(sys.argv[2])
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for about, reader, writer, want, differs in PAIRS:
            opinions = {"evt-gen": evt_gen(program, folder, reader, writer),
                        "python3-avro": python(reader, writer),
                        "avsc": avsc.reads(reader, writer)}
            for who, verdict in opinions.items():
                expected = not want if who in differs else want
                passed += verdict == expected
                failed += verdict != expected
                if verdict != expected:
                    print(f"{about}: {who} says {verdict}, expected {expected}")
    avsc.close()
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
