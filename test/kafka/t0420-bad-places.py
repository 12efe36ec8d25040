"""Places that do not do what they should: a disk that is full or read-only, stores that are somebody
else's or broken, a topic that we may not write. What can pass is waited out, with the reason in
/readyz; the rest is refused at the start, with what to do."""
import os
import pwd
import resource
import shutil

import bad
import clients
import verdict
from bad import EVENTS, INBOX, ORDERS, PRODUCT
from process import command
from shop import BUILD, until

CREATE, RECEIVE, RESERVE = PRODUCT + "CreateProduct", PRODUCT + "ReceiveStock", PRODUCT + "ReserveStock"
SKUS = [bad.key_in(partition, "place") for partition in range(2)]


def service(shop, name, **settings):
    settings.setdefault("DATA_DIR", shop.path(name))
    return shop.service("product", name, **settings)


def publish(shop, pieces, times=1):
    """So many pieces for each of two products, one in each shard, several times."""
    publisher = clients.Publisher(shop.broker)
    ids = publisher.burst(INBOX, [(sku, RECEIVE, {"sku": sku, "quantity": pieces}) for sku in SKUS * times])
    publisher.close()
    return ids


def received(one):
    return [one.rows(partition, "SELECT sum(received) FROM product")[0][0] for partition in range(2)]


def answered_once(shop, ids):
    def look():
        found = verdict.answers(clients.read_all(shop.broker, EVENTS))
        assert all(("/test/python", number) in found for number in ids), "not all are answered"
        return {found["/test/python", number]["outcome"] for number in ids}
    assert until(look, "all are answered") == {"DONE"}


def rebuilt_equals(shop, one):
    for partition in range(2):
        one.do("replay", "-p", partition, "--out", shop.path(f"{one.name}-{partition}-again.db"))


def refused(one, words, status=1):
    """It ends with these words."""
    one.wait_end(status)
    assert words in one.said(), one.said()


def refuses(one, words, status=1):
    """It does not start."""
    refused(one.start(), words, status)
    assert " ready service=" not in one.said(), one.said()


def test_start(shop):
    shop.evt("topics", "apply")
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, [(sku, CREATE, {"sku": sku, "name": "x", "price_minor": 1, "currency": "EUR"})
                            for sku in SKUS])
    publisher.close()
    shop.product = service(shop, "product").start().wait_ready()
    answered_once(shop, publish(shop, 1))


# ---- full ----

class Full:
    """A data folder whose disk is full until there is room again: a small file system (with room for two
    write-ahead logs, which grow to 4 MB before their pages are carried over) where we may mount one; else a limit on the size of files, which to a writer is the same but for the words."""

    def __init__(self, folder, may_mount):
        self.folder = folder
        os.makedirs(folder)
        self.mounted = may_mount and command(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "none", folder], status=None).status == 0
        self.words = "the disk is full" if self.mounted else "input or output error"

    def fill(self, one):
        if not self.mounted:
            size = max(os.path.getsize(os.path.join(top, file))
                       for top, _, files in os.walk(self.folder) for file in files)
            resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            return
        with open(os.path.join(self.folder, "ballast"), "wb", buffering=0) as ballast:
            for block in (bytes(1 << 16), bytes(512)):  # to the last byte
                try:
                    while True:
                        ballast.write(block)
                except OSError:
                    pass

    def clear(self, one):
        if not self.mounted:
            resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            os.unlink(os.path.join(self.folder, "ballast"))

    def leave(self):
        if self.mounted:
            command(["umount", "--lazy", self.folder])


def waits_it_out(shop, full, one):
    one.start().wait_ready()
    before = received(one)
    full.fill(one)
    ids = publish(shop, 1, 300)
    until(lambda: full.words in bad.reason(one), f"it says {full.words}")
    assert "trying again: " in bad.reason(one), bad.reason(one)
    assert one.ask("GET", "/livez").status == 200
    assert one.ask("GET", f"/v1/products/{SKUS[0]}").expect(200).json["sku"] == SKUS[0]
    full.clear(one)
    one.wait_ready()
    until(lambda: received(one) == [pieces + 300 for pieces in before], "all are applied, once")
    answered_once(shop, ids)
    rebuilt_equals(shop, one)
    one.stop()


def test_a_full_disk(shop):
    one = service(shop, "full")
    full = Full(one.data, may_mount=True)
    try:
        waits_it_out(shop, full, one)
    finally:
        one.kill()
        full.leave()


def test_a_limit_on_files(shop):
    one = service(shop, "limited")
    waits_it_out(shop, Full(one.data, may_mount=False), one)


# ---- read-only ----

class Nobody:
    """A user who owns nothing: for root everything is writable."""

    def __init__(self, shop):
        self.is_root = os.getuid() == 0
        # Programs and stores where anybody may look: a checkout or a temporary folder may be root's alone.
        self.folder = shop.path("nobody")
        os.makedirs(self.folder)
        for folder in (shop.folder, self.folder):
            os.chmod(folder, 0o755)
        self.program = shutil.copy(os.path.join(BUILD, "svc-product"), self.folder)

    def owns(self, path):
        if self.is_root:
            os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)

    def service(self, shop, name, data):
        one = shop.service("product", name, program=self.program, DATA_DIR=data)
        if self.is_root:
            one.args = ["setpriv", "--reuid", "nobody", "--clear-groups", *one.args]
        return one

    def check(self, one):
        """What `check` says is wrong."""
        done = command([*one.args[:-1], "check"], status=1, **one.settings)
        return [line.partition("  ")[2] for line in done.out.splitlines() if line.startswith("wrong")]


READ_ONLY = "the store cannot be written: "
ELSEWHERE = "let this user write there, or name another data-dir"


def test_a_folder_that_we_may_not_write(shop):
    nobody = Nobody(shop)
    data = os.path.join(nobody.folder, "data")
    os.makedirs(data)
    os.chmod(data, 0o555)
    one = nobody.service(shop, "not-ours", data)
    refuses(one, f"{READ_ONLY}{data}/product: Permission denied: {ELSEWHERE}")
    assert nobody.check(one) == [f"{READ_ONLY}{data}: Permission denied: {ELSEWHERE}"] * 2
    os.chmod(data, 0o755)
    nobody.owns(data)
    one.start().wait_ready()
    one.stop()
    # What was ours may be so no longer: nothing new can be made beside the stores …
    folder = os.path.join(data, "product")
    os.unlink(one.store(0) + ".lock")
    os.chmod(folder, 0o555)
    refuses(one, f"{READ_ONLY}open {one.store(0)}.lock: Permission denied: {ELSEWHERE}")
    assert nobody.check(one) == [f"{READ_ONLY}{folder}: Permission denied: {ELSEWHERE}"] * 2
    os.chmod(folder, 0o755)
    # … or a store itself is read-only.
    os.chmod(one.store(0), 0o444)
    assert nobody.check(one) == [f"{READ_ONLY}{one.store(0)}: Permission denied: {ELSEWHERE}"]
    refuses(one, f"{one.store(0)}: {READ_ONLY}the file is read-only: {ELSEWHERE}")
    os.chmod(one.store(0), 0o644)
    one.start().wait_ready()
    until(lambda: received(one) == received(shop.product), "it is as the other one")
    one.stop()


def test_a_read_only_file_system(shop):
    """Where we may mount one; a folder that we may not write is the nearest elsewhere."""
    shop.product.stop()
    one = service(shop, "read-only")
    shutil.copytree(shop.product.data, one.data)
    shop.product.start().wait_ready()
    mounted = command(["mount", "--bind", one.data, one.data], status=None).status == 0
    try:
        if mounted:
            command(["mount", "-o", "remount,bind,ro", one.data])
            why = "Read-only file system"
        else:
            os.unlink(one.store(0) + ".lock")
            os.chmod(os.path.join(one.data, "product"), 0o555)
            why = "Permission denied"
        wrong = f"{READ_ONLY}{os.path.join(one.data, 'product')}: {why}: {ELSEWHERE}"
        if mounted or os.getuid() != 0:
            assert f"\nwrong  {wrong}\n" in one.do("check", status=1).out
        refuses(one, f"{READ_ONLY}open {one.store(0)}.lock: {why}: {ELSEWHERE}")
    finally:
        if mounted:
            command(["umount", one.data])
        else:
            os.chmod(os.path.join(one.data, "product"), 0o755)


def test_no_folder(shop):
    one = service(shop, "no-folder", DATA_DIR="/dev/null/data")
    refuses(one, "input or output error: /dev/null/data: Not a directory: name another data-dir")
    assert "input or output error: /dev/null: it is no folder: name another data-dir\n" in \
        one.do("check", status=1).out


# ---- somebody else's ----

def test_a_second_process(shop):
    """The first one never notices."""
    second = service(shop, "second", DATA_DIR=shop.product.data)
    refuses(second, f"another process owns the store: {shop.product.store(0)}.lock: stop that one")
    # Even when the first one stands still, and however it ends.
    shop.product.freeze()
    refuses(second, f"another process owns the store: {shop.product.store(0)}.lock: stop that one")
    shop.product.thaw()
    shop.product.kill()
    second.start().wait_ready()
    second.stop()
    shop.product.start().wait_ready()


def copy_of(shop, name, **settings):
    """The stores as they are after a clean stop, to be spoilt."""
    one = service(shop, name, **settings)
    shutil.copytree(shop.kept, one.data)
    return one


def test_the_stores_of_others(shop):
    shop.product.stop()
    shop.kept = shop.path("kept")
    shutil.copytree(shop.product.data, shop.kept)
    shop.product.start().wait_ready()
    one = copy_of(shop, "swapped")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(one.store(0) + end):
            os.rename(one.store(0) + end, one.store(0) + "-kept" + end)
        if os.path.exists(one.store(1) + end):
            os.rename(one.store(1) + end, one.store(0) + end)
    refuses(one, "the store belongs to another service or partition: it is product's partition 1, not product's 0")


# ---- broken ----

def test_broken_stores(shop):
    one = copy_of(shop, "no-database")
    with open(one.store(0), "r+b") as store:
        store.write(b"this is no database")
    refuses(one, f"{one.store(0)}: the store is corrupt: file is not a database: remove it, and it is rebuilt")
    one = copy_of(shop, "torn")
    with open(one.store(0), "r+b") as store:
        store.seek(4096)
        store.write(b"\xa5" * 8 * 4096)
    refuses(one, "the store is corrupt: database disk image is malformed")
    one = copy_of(shop, "short")
    os.truncate(one.store(0), 3 * 4096)
    refuses(one, "the store is corrupt: database disk image is malformed")
    # As it says everywhere else: a store that is gone is rebuilt.
    bad.remove_store(one, 0)
    one.start().wait_ready()
    until(lambda: received(one) == received(shop.product), "it is as the other one")
    one.stop()


# ---- generations ----

def test_a_store_of_a_newer_generation(shop):
    """And one of an older, which has not come to its end."""
    ours = shop.product.generation()
    newer = copy_of(shop, "newer", program=os.path.join(BUILD, "next-product"), NEXT_GENERATION=ours + 1)
    refuses(newer, "records up to the boundary belong to an older generation: the log holds no boundary of "
            f"generation {ours + 1} yet: run upgrade while generation {ours} runs")
    newer.settings["DATA_DIR"] = shop.product.data
    newer.do("upgrade")
    assert shop.product.wait_end(None) == 6
    newer.data = shop.product.data
    newer.start().wait_ready()
    newer.stop()
    refuses(shop.product, f"the store belongs to a newer generation: it is of generation {ours + 1}, this version "
            f"is {ours}: start the newer one", 6)
    shop.product = newer.start().wait_ready()


# ---- a topic that we may not write ----

def rule(shop, topic, verb, *operations):
    """Once a topic has rules at all, what they do not allow is denied."""
    shop.locked.run("acls", verb, "--force", "--topic", topic, "--allow-principal", "User:ANONYMOUS",
                    *[word for operation in operations for word in ("--operation", operation)])


def replies(shop):
    return [record for record in clients.read_all(shop.locked, ORDERS) if record.type == PRODUCT + "StockRefused"]


def test_a_topic_that_we_may_not_write(shop):
    """The shard that must write there stands, loudly, and goes on when it may; the other one goes on all
    the time."""
    locked = shop.locked = shop.add_broker("locked")
    locked.up("-X", "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
              "-X", "allow.everyone.if.no.acl.found=true")
    shop.evt("topics", "apply", KAFKA_BOOTSTRAP_SERVERS=locked.address)
    one = service(shop, "locked-out", KAFKA_BOOTSTRAP_SERVERS=locked.address).start().wait_ready()
    rule(shop, ORDERS, "--add", "Read", "DescribeConfigs")
    publisher = bad.RawPublisher(locked)
    publisher.send(bad.Sender(0).next(SKUS[0], RESERVE, clients.encode(RESERVE, {
        "order_id": "order-1", "line": 1, "sku": SKUS[0], "quantity": 1, "deadline": 4102444800000})))
    publisher.close()
    until(lambda: "trying again" in bad.reason(one), "it says so")
    why = bad.reason(one)
    assert why.startswith("product shard 0: trying again: Kafka does not do it now: "), why
    assert ORDERS in why and "Broker: Topic authorization failed" in why and len(why.splitlines()) == 1, why
    assert one.ask("GET", "/livez").status == 200
    publisher = clients.Publisher(locked)
    for number in range(20):
        publisher.publish(INBOX, bad.key_in(1, f"goes-on-{number}"), CREATE, {
            "sku": bad.key_in(1, f"goes-on-{number}"), "name": "x", "price_minor": 1, "currency": "EUR"})
        until(lambda: one.rows(1, "SELECT count(*) FROM product") == [(number + 1,)], "the other shard goes on")
    publisher.close()
    until(lambda: "shard 1" not in bad.reason(one), "the other shard is as it should be")
    assert not replies(shop), replies(shop)
    rule(shop, ORDERS, "--remove", "Read", "DescribeConfigs")
    one.wait_ready()
    until(lambda: len(verdict.first_times(replies(shop))) == 1, "the reply is there")
    rebuilt_equals(shop, one)
    one.stop()


def test_topics_that_we_may_not_look_at(shop):
    """To wait would not help: it is refused, and says what must be allowed."""
    one = service(shop, "unseen", KAFKA_BOOTSTRAP_SERVERS=shop.locked.address)
    for allowed, needs, what in (("DescribeConfigs", "Read", "read the births of 2 partitions"),
                                 ("Read", "DescribeConfigs", f"settings of {EVENTS}")):
        rule(shop, EVENTS, "--add", "Describe", allowed)
        refuses(one, f"Kafka does not allow it: {what}: allow this user {needs} there, by Kafka's ACLs")
        rule(shop, EVENTS, "--remove", "Describe", allowed)
    one.start().wait_ready()
    one.stop()
