"""What is done to a shop while it works. Each takes the Life and its random numbers, and leaves a service
that runs or starts, and a broker that runs. They count what they did."""
import http.client
import os
import re
import shutil

from process import Failure
from reader import PARTITIONS

TRIES = 20
ENDS_S = 1      # how long a process may take from its last word to its end
SUPERSEDED = 6  # how a generation ends at the boundary of the next


def start(life, rng):
    """Now and then it is killed while it starts, and started again."""
    life.start()
    if rng.random() < 0.3:
        life.go_on(rng.uniform(0, 0.3))
        life.kill()
        life.start()


def kill(life, rng):
    """-9, and started again."""
    life.kill()
    start(life, rng)


def stop(life, rng):
    """SIGTERM in the middle of it."""
    life.service.stop()
    life.counts["stops"] += 1
    life.start()


def freeze(life, rng):
    """SIGSTOP, and goes on; now and then it is killed as it stands."""
    life.service.freeze()
    life.counts["stops"] += 1
    life.go_on(rng.uniform(0.02, 0.8))
    if rng.random() < 0.3:
        life.kill()
        life.start()
    else:
        life.service.thaw()


def freeze_broker(life, rng):
    life.broker.freeze()
    life.counts["broker_stops"] += 1
    try:
        life.go_on(rng.uniform(0.02, 1.0))
    finally:
        life.broker.thaw()


def metric(text, name):
    """The sum over the shards."""
    return sum(float(value) for value in re.findall(rf"^{name}{{[^}}]*}} (\S+)$", text, re.M))


def open_messages(life):
    """(messages applied that no commit has covered, messages committed), as the service counts them. What
    was rolled back and applied again stays in the first for good, so it may rest above 0."""
    try:
        page = life.service.ask("GET", "/metrics", seconds=2).text
    except (OSError, http.client.HTTPException) as error:
        # If it is about to end by itself, that is the better reason.
        life.go_on(ENDS_S)
        raise Failure(f"{life.service.name} gives no metrics: {error!r}") from None
    committed = metric(page, "evt_batch_messages_sum")
    return metric(page, "evt_handle_seconds_count") - committed, committed


def stays_open(life):
    """With the broker standing still: how many messages stay applied without a commit; None while that
    moves. A batch that sends nothing commits at once, so one that stays open has sent."""
    first = open_messages(life)
    life.go_on(0.1)  # five times as long as a batch may be filled
    return first[0] if first == open_messages(life) else None


def kill_unacknowledged(life, rng):
    """The broker stands still, a batch's messages are on their way, and the service is killed."""
    life.wait_ready()
    at_rest = []  # all samples are at least what it rests at
    for _ in range(TRIES):
        at_rest += [open_messages(life)[0] for _ in range(5)]
        life.broker.freeze()
        life.counts["broker_stops"] += 1
        try:
            life.go_on(rng.uniform(0.02, 0.1))
            stays = stays_open(life)
            waits = stays is not None and stays > min(at_rest)
            if waits:
                life.kill()
                life.counts["unacknowledged"] += 1
        finally:
            life.broker.thaw()
        if waits:
            life.start()
            return
        at_rest += [] if stays is None else [stays]
        life.go_on(rng.uniform(0.05, 0.2))
    raise Failure(f"no batch was open in {TRIES} moments: {open_messages(life)}, {min(at_rest)} at rest")


def kill_broker(life, rng):
    """-9; now and then as it stands, so that what was sent meanwhile is lost with its sockets. The service may be
    killed, too, and start while nobody is there: what it had committed must be in the log all the same."""
    if rng.random() < 0.5:
        life.broker.freeze()
        life.go_on(rng.uniform(0.02, 0.5))
    life.broker.kill()
    life.counts["broker_kills"] += 1
    life.counts["kills"] += 1
    if rng.random() < 0.6:
        life.go_on(rng.uniform(0, 3))
        life.kill()
        life.start()
    life.broker.start()


def remove_store(path):
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.remove(path + end)


def lose_store(life, rng):
    """Killed, and one store is gone: it is built again, from the generation's snapshot if there is one."""
    life.kill()
    remove_store(life.service.store(rng.choice(PARTITIONS)))
    life.counts["lost"] += 1
    start(life, rng)


def second_owner(life, rng):
    """Another process takes the same shards, with stores of its own that it builds from log and snapshots:
    it sends the same messages under the same ids. It is killed in the middle of it."""
    second = life.second()
    shutil.copytree(life.service.data, second.data, ignore=lambda _, names: [
        name for name in names if ".db" in name and ".db.g" not in name])
    second.start()
    life.counts["seconds"] += 1
    life.go_on(rng.uniform(0.1, 1.5), second)
    life.watch(second)
    second.kill()
    life.counts["kills"] += 1
    shutil.rmtree(second.data)


def deploy(life, rng):
    """A new generation: `upgrade` while the old version runs, which ends at the boundary. Now and then the
    old one is killed on the way there, or the new one as it begins."""
    old, new = life.service, life.version(life.generation + 1)
    life.wait_ready()
    old.may_end_with = (SUPERSEDED,)
    if rng.random() < 0.5:
        life.do(new, "upgrade", "--no-wait", seconds=70)
        life.watch()
        if old.running():  # else it was quicker, and is superseded already
            old.kill()
            life.counts["kills"] += 1
        old.start()
    said = life.do(new, "upgrade", "--timeout", 60, seconds=70)
    if "can begin" not in said:
        raise Failure(f"the upgrade did not say that it can begin: {said}")
    old.wait_end(SUPERSEDED)
    life.use(new)
    life.counts["deploys"] += 1
    start(life, rng)


OFTEN = (kill, stop, freeze, freeze_broker, lose_store, second_owner)


def choose(rng):
    """A round's faults, in their order: each round has a kill with sends unacknowledged."""
    chosen = [kill_unacknowledged] + rng.choices(OFTEN, (4, 1, 3, 3, 1, 1), k=rng.randint(1, 3))
    if rng.random() < 0.2:
        chosen.append(deploy)
    if rng.random() < 0.08:
        chosen.append(kill_broker)
    rng.shuffle(chosen)
    return chosen
