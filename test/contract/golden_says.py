#!/usr/bin/python3
"""What golden.py says when its samples are not as they should be: test/contract/golden_says.py
CONTRACT-CODEC NODE-FOLDER. Somebody who adds a message is led on by these words."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the tree stays as it is

HERE = os.path.dirname(os.path.abspath(__file__))
RECEIVE = "shop.product.v1.ReceiveStock"


def said(spoil):
    """(status, words) about samples to which something was done."""
    with tempfile.TemporaryDirectory() as folder:
        samples = os.path.join(folder, "golden")
        shutil.copytree(os.path.join(HERE, "golden"), samples)
        spoil(os.path.join(samples, f"{RECEIVE}.json"))
        done = subprocess.run([os.path.join(HERE, "golden.py"), *sys.argv[1:3], samples], check=False,
                              stdout=subprocess.PIPE, encoding="utf-8")
        return done.returncode, done.stdout.replace(samples, "golden")


def without_bytes(path):
    with open(path, encoding="utf-8") as source:
        golden = json.load(source)
    golden["samples"][0]["bytes"] = ""
    with open(path, "w", encoding="utf-8") as out:
        json.dump(golden, out)


def of_nothing(path):
    shutil.copy(path, path.replace("ReceiveStock", "Nothing"))


CASES = (
    (os.remove, f"{RECEIVE} has no sample: copy a neighbour's file to golden/{RECEIVE}.json, write values that other "
     'implementations must read and write, and leave "bytes" empty: the next run says them\n'),
    (of_nothing, "golden/shop.product.v1.Nothing.json has samples of no message: remove it, or name it as its message\n"),
    (without_bytes, ": ours writes:\n  expected: "),
)


def main():
    failed = 0
    for spoil, words in CASES:
        status, text = said(spoil)
        if status == 0 or words not in text:
            failed += 1
            print(f"{spoil.__name__}: status {status}, not {words!r} in:\n{text}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
