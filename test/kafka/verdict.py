"""What must hold of a log that services wrote, whatever happened to them meanwhile."""
import re

from process import Failure

STREAM = re.compile(r"(?P<stream>.+)\.(?P<number>\d+)-(?P<chain>[0-9a-f]{16})$")


def first_times(records):
    """Each message once: what was sent twice carries the same id, and must be the same message."""
    seen = {}
    for record in records:
        name = (record.headers.get("ce_source"), record.headers.get("ce_id"))
        first = seen.setdefault(name, record)
        if (first.key, first.value, first.headers) != (record.key, record.value, record.headers):
            raise Failure(f"two messages of one name:\n  {first}\n  {record}")
    return list(seen.values())


def dense(records):
    """Every stream in it is numbered 1, 2, 3 … without a gap, and has one chain; returns how many
    messages they have."""
    streams = {}
    for record in records:
        match = STREAM.match(record.headers.get("ce_id", ""))
        if not match or not record.headers["ce_source"].startswith("/shop/"):
            continue
        numbers = streams.setdefault((record.headers["ce_source"], match["stream"]), {})
        if numbers.setdefault(int(match["number"]), match["chain"]) != match["chain"]:
            raise Failure(f"a fork: {record} after chain {numbers[int(match['number'])]}")
    for name, numbers in streams.items():
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        if missing:
            raise Failure(f"{name} ends at {max(numbers)} and lacks {missing[:10]}")
    return sum(map(len, streams.values()))


def answers(records):
    """{(command's source, its id): CommandAnswered}; a second answer to one command is a failure."""
    found = {}
    for record in first_times(records):
        if record.type != "shop.evt.v1.CommandAnswered":
            continue
        answer = record.json
        name = (answer["command_source"], answer["command_id"])
        if name in found:
            raise Failure(f"answered twice: {found[name]} and {answer}")
        found[name] = answer
    return found
