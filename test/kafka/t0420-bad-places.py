"""Places that do not do what they should: a disk that is full or read-only, stores that are somebody
else's or broken, a topic that we may not write. What can pass is waited out, with the reason in
/readyz; the rest is refused at the start, with what to do."""
import os
import pwd
import resource
import shutil
import stat
import subprocess

import bad
import clients
import verdict
from bad import EVENTS, INBOX, PRODUCT
from process import command
from shop import BUILD, Service, until

CREATE, RECEIVE = PRODUCT + "CreateProduct", PRODUCT + "ReceiveStock"
SKUS = [bad.key_in(partition, "place") for partition in range(2)]
OTHER = [bad.key_in(partition, "elsewhere") for partition in range(2)]


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


def refuses(one, words, status=1):
    """It ends before it has done anything, with these words."""
    one.start().wait_end(status)
    assert words in one.said(), one.said()


def test_start(shop):
    shop.evt("topics", "apply")
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, [(sku, CREATE, {"sku": sku, "name": "x", "price_minor": 1, "currency": "EUR"})
                            for sku in SKUS])
    publisher.close()
    shop.product = service(shop, "product").start().wait_ready()
    answered_once(shop, publish(shop, 1))


# ---- full ----

def can_mount(folder):
    os.makedirs(folder, exist_ok=True)
    done = command(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], status=None)
    return done.status == 0


def without_xfsz(one):
    """A limit on files is then an error, as a full disk is, and not the end of the process."""
    one.args = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", *one.args]
    return one


class Full:
    """A data folder whose disk is full until there is room again: a small file system where we may mount
    one; else a limit on the size of files, which to a writer is the same but for the words."""

    def __init__(self, shop, name):
        self.shop, self.folder = shop, shop.path(name)
        self.mounted = can_mount(self.folder)
        self.words = "the disk is full" if self.mounted else "input or output error"

    def fill(self, one):
        if not self.mounted:
            size = max(os.path.getsize(os.path.join(top, file))
                       for top, _, files in os.walk(self.folder) for file in files)
            resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            return
        with open(os.path.join(self.folder, "ballast"), "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(512))
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
    full = Full(shop, "full")
    try:
        one = without_xfsz(service(shop, "full"))
        waits_it_out(shop, full, one)
    finally:
        one.kill()
        full.leave()


def test_a_limit_on_files(shop):
    full = Full.__new__(Full)
    full.shop, full.folder, full.mounted, full.words = shop, shop.path("limited"), False, "input or output error"
    os.makedirs(full.folder)
    waits_it_out(shop, full, without_xfsz(service(shop, "limited")))


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

    def owns(self, *paths):
        if self.is_root:
            for path in paths:
                os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)

    def service(self, shop, name, data):
        one = shop.service("product", name, program=self.program, DATA_DIR=data)
        if self.is_root:
            one.args = ["setpriv", "--reuid", "nobody", "--clear-groups", *one.args]
        return one


def test_a_folder_that_we_may_not_write(shop):
    nobody = shop.nobody = Nobody(shop)
    data = os.path.join(nobody.folder, "data")
    os.makedirs(data)
    os.chmod(data, 0o555)
    one = nobody.service(shop, "no-folder", data)
    refuses(one, f"the store cannot be written: {data}/product: Permission denied")
    # A folder of its own is made, and what is in it later may become read-only.
    os.chmod(data, 0o755)
    nobody.owns(data)
    one.start().wait_ready()
    one.stop()
    path = os.path.join(data, "product", "0.db")
    os.chmod(path, 0o444)
    one.start()
    one.wait_ready()
    publish(shop, 1)
    print(one.wait_end(None, 10), one.said()[-800:])
