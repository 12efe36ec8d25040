"""replay and resend on real Kafka: the verdict over a live store, and messages made again."""
import contextlib
import os
import re
import sqlite3
import subprocess
import time

import bad
import clients
from process import environment
from shop import until

INBOX, EVENTS = "shop.product.inbox.v1", "shop.product.events.v1"
PRODUCT = "shop.product.v1."


def commands(first, n):
    for i in range(first, first + n):
        yield f"sku-{i}", PRODUCT + "CreateProduct", {"sku": f"sku-{i}", "name": "x", "price_minor": 1,
                                                     "currency": "EUR"}
        yield f"sku-{i}", PRODUCT + "ReceiveStock", {"sku": f"sku-{i}", "quantity": 3}


def position(service, partition):
    return service.rows(partition, "SELECT pos FROM evt_meta")[0][0]


def scratch_position(path):
    """Of a store that is being built; -1: not yet."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute("SELECT pos FROM evt_meta").fetchone()[0]
    except sqlite3.OperationalError:
        return -1


def replay(shop, partition, out, *args, status=0):
    return shop.product.do("replay", "-p", partition, "--out", shop.path(out), *args, status=status)


def test_nothing_to_compare(shop):
    shop.evt("topics", "apply")
    shop.product = shop.service("product")
    done = replay(shop, 0, "nothing.db")
    assert "1 records to offset 0" in done.out and "not compared: there is no live store" in done.out, done


def test_equal_while_it_lives(shop):
    shop.product.start().wait_ready()
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, list(commands(0, 500)))
    for partition in (0, 1):
        done = replay(shop, partition, f"early-{partition}.db")
        assert "\nequal: the live store " in done.out, done
    publisher.burst(INBOX, list(commands(500, 100)))
    publisher.close()
    until(lambda: sum(shop.product.rows(p, "SELECT count(*) FROM product")[0][0] for p in (0, 1)) == 600,
          "all are there")
    for partition in (0, 1):
        done = replay(shop, partition, f"late-{partition}.db")
        assert f"to offset {position(shop.product, partition)} " in done.out, done
        left = [name for name in os.listdir(shop.folder) if name.startswith(f"late-{partition}.db")]
        assert left == [f"late-{partition}.db"], left


def test_what_it_built_is_a_store(shop):
    db = sqlite3.connect(shop.path("late-0.db"))
    assert db.execute("SELECT count(*) FROM product").fetchall() == \
        shop.product.rows(0, "SELECT count(*) FROM product")
    db.close()


def test_up_to_an_offset_or_a_time(shop):
    done = replay(shop, 0, "offset.db", "--to", 100)
    assert "101 records to offset 100" in done.out and "another offset" in done.out, done
    done = replay(shop, 0, "same.db", "--to", position(shop.product, 0))
    assert "\nequal: " in done.out, done
    done = replay(shop, 0, "hour.db", "--to", "-1h")
    assert " 0 records to offset -1" in done.out, done
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    done = replay(shop, 0, "soon.db", "--to", now)
    assert f"to offset {position(shop.product, 0)} " in done.out, done
    done = replay(shop, 0, "soon.db", status=2)
    assert done.err.endswith("soon.db exists: name a new file\n"), done
    done = replay(shop, 0, "when.db", "--to", "whenever", status=2)
    assert "'whenever' is no time: say " in done.err, done


def test_holes_of_a_transaction(shop):
    """Nothing of ours stands at the log's end, only the marker of somebody's transaction."""
    js = clients.KafkaJs(shop.broker)
    js.transaction(INBOX, *next(commands(9000, 1)), commit=True)
    js.transaction(INBOX, *next(commands(9000, 1)), commit=False)
    assert js.close()
    until(lambda: sum(shop.product.rows(p, "SELECT count(*) FROM product")[0][0] for p in (0, 1)) == 601,
          "what was committed is applied")
    for partition in (0, 1):
        assert "\nequal: " in replay(shop, partition, f"holes-{partition}.db").out
        done = replay(shop, partition, f"end-{partition}.db", "--to", 10 ** 9)
        assert f"to offset {position(shop.product, partition)} " in done.out, done


def test_different(shop):
    """Somebody changed a row of the store by hand: the verdict names the table."""
    shop.product.stop()
    db = sqlite3.connect(shop.product.store(0))
    db.execute("UPDATE product SET price_minor = 7 WHERE product_id = (SELECT min(product_id) FROM product)")
    db.commit()
    db.close()
    done = replay(shop, 0, "different.db", status=5)
    n = shop.product.rows(0, "SELECT count(*) FROM product")[0][0]
    assert f"  table product: {n} rows in both, with other content\n" in done.out, done
    assert done.out.count("  table ") == 1, done


def test_a_log_that_lost_its_tail(shop):
    """As the store sees it: it has applied what the log does not have."""
    at = position(shop.product, 0)
    db = sqlite3.connect(shop.product.store(0))
    db.execute("UPDATE evt_meta SET pos = pos + 1000")
    db.commit()
    db.close()
    done = replay(shop, 0, "lost.db", status=5)
    assert f"the rebuilt store ends at offset {at}, the live one stands at {at + 1000}\n" in done.out, done
    assert "  table evt_meta: 1 rows in both, with other content\n" in done.out, done


def test_a_lost_store_is_the_same_again(shop):
    """Removed, it is built again by a start, and equal."""
    os.remove(shop.product.store(0))
    shop.product.start().wait_ready()
    assert "\nequal: " in replay(shop, 0, "again.db").out


def test_resend(shop):
    """The same ids, the same bytes, at the log's end."""
    def of(number):
        return [record for record in clients.read(shop.broker, EVENTS)[0]
                if record.headers["ce_id"].startswith(f"product.events.0.{number}-")]
    resend = ["resend", "-p", 0, "--to", "product.events.0", "--from", 3, "--until", 4]
    assert len(of(3)) == 1
    done = shop.product.do(*resend, "--dry-run")
    assert done.out == "would send 2 messages, 3 to 4, from product/0 to product.events.0\n", done
    assert len(of(3)) == 1
    done = shop.product.do(*resend)
    assert done.out == "sent 2 messages, 3 to 4, from product/0 to product.events.0\n", done
    first, again = of(3)
    assert (first.key, first.value, first.headers) == (again.key, again.value, again.headers)
    assert len(of(4)) == 2 and len(of(5)) == 1
    done = shop.product.do("resend", "-p", 0, "--to", "product.events.0", "--from", 10 ** 9, status=3)
    assert done.err.endswith("svc-product: product/0 never sent such a message to product.events.0\n"), done
    done = shop.product.do("resend", "-p", 0, "--to", "product.events.9", "--from", 1, status=2)
    assert done.err == ("svc-product: 'product.events.9': product.events has the partitions 0 to 1\n"), done


def test_resend_in_steps(shop):
    """What is kept in between is bounded."""
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, [command for command in commands(10000, 11000)
                            if command[1].endswith("CreateProduct")])
    publisher.close()
    until(lambda: sum(shop.product.rows(p, "SELECT count(*) FROM product")[0][0] for p in (0, 1)) == 11601,
          "all are there", 120)
    done = shop.product.do("resend", "-p", 0, "--to", "product.events.0", "--from", 1, "--dry-run", status=2)
    assert done.err.endswith("svc-product: there are more than 10000: send them in steps, with --until\n"), done
    shop.product.do("resend", "-p", 0, "--to", "product.events.0", "--from", 1, "--until", 10000, "--dry-run")


def test_no_place_for_scratch_files(shop):
    done = shop.product.do("resend", "-p", 0, "--to", "product.events.0", "--from", 1, status=1,
                           TMPDIR="/nowhere/at-all")
    assert "a scratch folder /nowhere/at-all/evt-resend-" in done.err, done
    assert done.err.endswith(": No such file or directory\n"), done
    done = shop.product.do("check", status=1, TMPDIR="/nowhere/at-all")
    assert "\nwrong  input or output error: a scratch folder /nowhere/at-all/evt-check-" in done.out, done
    done = replay(shop, 0, os.path.join("nowhere", "x.db"), status=1)
    assert "nowhere/x.db" in done.err, done


def test_progress_on_a_terminal(shop):
    """One line that changes, and is gone at the end."""
    ours, theirs = os.openpty()
    args = [shop.product.program, "replay", "-p", "0", "--out", shop.path("terminal.db")]
    with subprocess.Popen(args, env=environment(**shop.product.settings), stdout=subprocess.PIPE,
                          stderr=theirs) as running:
        os.close(theirs)
        out = running.stdout.read()
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how a terminal says that nobody is there any more
            break
        if not part:
            break
        said += part
    os.close(ours)
    assert b"\nequal: " in out, out
    assert re.fullmatch(rb"(\r *\d+ %  \d+ of \d+ )+\r\x1b\[K", said), said


def test_another_log_in_the_middle(shop):
    """The broker comes back with another log while it reads: nothing of that is applied. Frozen
    meanwhile, it cannot have looked in between; and it fetches as little as it can, so as not to have
    it all already."""
    scratch = shop.path("other.db")
    reading = shop.service("product", "reading", **shop.product.settings)
    reading.args = [reading.program, "replay", "-p", 0, "--out", scratch, "--to", 10 ** 9,
                    "-X", "queued.min.messages=1", "-X", "fetch.message.max.bytes=1000"]
    # A later librdkafka would wait for a second after each of these fetches; an older one knows no such wait.
    at_once = ["-X", "fetch.queue.backoff.ms=1"]
    if shop.product.do("run", *at_once, "--print-config", status=None).status == 0:
        reading.args += at_once
    reading.args = [str(arg) for arg in reading.args]
    reading.start()
    reading.wait_for("has committed", lambda: scratch_position(scratch) > 900)
    reading.freeze()
    at = scratch_position(scratch)
    assert at < position(shop.product, 0) - 1000, "it was in the middle"
    shop.product.kill()
    shop.broker.kill()
    bad.cut(shop.broker, INBOX, 0, bad.batch_from(shop.broker, INBOX, 0, 300))
    shop.broker.start()
    publisher = clients.Publisher(shop.broker)
    publisher.burst(INBOX, list(commands(50000, 10000)))
    publisher.close()
    reading.thaw()
    reading.wait_end(1)
    assert "the log holds another record at the store's position: offset " in reading.said(), reading.said()
    assert not os.path.exists(scratch)
