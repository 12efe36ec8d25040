"""What is done to a service while it works. Each takes it as a Target, here called a life, and its random
numbers, and leaves a service that runs or starts, and a broker that runs. They count what they did."""
import http.client
import math
import os
import re
import shutil

from process import Failure
from reader import PARTITIONS

TRIES = 20
ENDS_S = 1      # how long a process may take from its last word to its end
SUPERSEDED = 6  # how a generation ends at the boundary of the next


def start_killed(life, rng):
    """It is killed while it starts, and started again."""
    life.start()
    life.go_on(rng.uniform(0, 0.3))
    life.kill()
    life.start()


def start(life, rng):
    """Now and then it is killed meanwhile."""
    if rng.random() < 0.3:
        start_killed(life, rng)
    else:
        life.start()


def kill(life, rng):
    """-9, and started again."""
    life.kill()
    start(life, rng)


def kill_as_it_starts(life, rng):
    life.kill()
    start_killed(life, rng)


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


def stay_open(life):
    """With the broker standing still: how many messages stay applied without a commit, by service; of one
    where that moves nothing is known. A batch that sends nothing commits at once, so one that stays open
    has sent."""
    first = {part: open_messages(part) for part in life.parts}
    life.go_on(0.1)  # five times as long as a batch may be filled
    return {part: samples[0] for part, samples in first.items() if samples == open_messages(part)}


def note_rest(life, at_rest):
    """All samples are at least what a service rests at."""
    for part in life.parts:
        at_rest[part] = min([at_rest.get(part, math.inf)] + [open_messages(part)[0] for _ in range(5)])


def kill_waiting(life, at_rest):
    """With the broker standing still: whoever waits for acknowledgements is killed. Returns who was."""
    stay = stay_open(life)
    waiting = [part for part, n in stay.items() if n > at_rest[part]]
    for part in waiting:
        part.kill()
        life.counts["unacknowledged"] += 1
    if not waiting:
        at_rest.update((part, min(n, at_rest[part])) for part, n in stay.items())
    return waiting


def kill_unacknowledged(life, rng):
    """The broker stands still, a batch's messages are on their way, and the service is killed; of several
    all that are so far."""
    at_rest = {}
    for part in life.parts:
        part.wait_ready()
    for _ in range(TRIES):
        note_rest(life, at_rest)
        life.broker.freeze()
        life.counts["broker_stops"] += 1
        try:
            life.go_on(rng.uniform(0.02, 0.1))
            killed = kill_waiting(life, at_rest)
        finally:
            life.broker.thaw()
        for part in killed:
            part.start()
        if killed:
            return
        life.go_on(rng.uniform(0.05, 0.2))
    raise Failure(f"no batch was open in {TRIES} moments: at rest {list(at_rest.values())}, now "
                  f"{[open_messages(part) for part in life.parts]}")


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
