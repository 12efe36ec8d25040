"""A file of tests: its functions test_…, each given a shop, run one by one with what failed shown in full."""
import importlib.util
import os
import signal
import time
import traceback

from process import Failure

SECONDS_MAX = 300  # a test that takes longer hangs


def tests_of(module):
    return [(name, fn) for name, fn in vars(module).items() if name.startswith("test_")]


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3].replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hangs(*_):
    raise Failure(f"took more than {SECONDS_MAX} s")


def bound_tests():
    """What hangs fails. Of the main thread, before the first test."""
    signal.signal(signal.SIGALRM, hangs)


def run_one(label, fn, shop):
    """Whether it passed; `shop.said` is shown with what did not."""
    begin = time.monotonic()
    signal.alarm(SECONDS_MAX)
    try:
        fn(shop)
        why = None
    except Exception:  # whatever a test throws is its failure
        why = traceback.format_exc()
    finally:
        signal.alarm(0)
    print(f"{'ok  ' if why is None else 'FAIL'} {label} {time.monotonic() - begin:.1f} s", flush=True)
    if why is not None:
        print(f"{why}{shop.said()}", flush=True)
    return why is None
