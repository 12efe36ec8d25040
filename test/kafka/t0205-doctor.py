"""evt doctor: each part as it is, and what to do about it."""
import os
import re
import shutil
import sqlite3

import clients
from shop import BUILD, ROOT, command, free_port

EVENTS = "shop.product.events.v1"


def doctor(shop, status, *args, **how):
    return shop.evt("doctor", "--data-dir", shop.product.data, *args, status=status, **how)


def copy(shop, name):
    """The stores as they are, in a folder of their own; the services' own are never written to."""
    to = shop.path(name)
    shutil.copytree(shop.product.data, to)
    return to, os.path.join(to, "product", "0.db")


def alter(path, sql):
    db = sqlite3.connect(path)
    with db:
        db.execute(sql)
    db.close()


def test_before_anything_is_made(shop):
    shop.product = shop.service("product")
    done = doctor(shop, 1)
    assert f"ok    broker: {shop.broker.address} answers\n" in done.out, done
    assert f"bad   topic: {EVENTS}: is missing: run `evt topics apply`, it creates it\n" in done.out, done
    assert f"ok    stores: none in {shop.product.data}; where they lie, --data-dir says\n" in done.out, done


def test_all_is_well(shop):
    shop.evt("topics", "apply")
    shop.product.start().wait_ready()
    shop.evt("publish", "CreateProduct", '{"sku": "tea", "name": "Tea", "price_minor": 450,'
             ' "currency": "EUR"}', "--wait")
    done = doctor(shop, 0)
    path = shop.product.store(0)
    assert f"ok    {path}: generation {shop.product.generation()}, at 1, 0 records behind the log's end\n" \
        in done.out, done
    assert "ok    schemas: schemas/ is in order\n" in done.out, done
    assert done.err == "evt: 5 ok, 0 warn, 0 bad\n", done
    assert [row["health"] for row in doctor(shop, 0, "--json").lines] == ["ok"] * 5


def test_elsewhere_there_are_no_schemas(shop):
    done = doctor(shop, 0, cwd=shop.folder)
    assert "as they were when evt was built; no schemas/ here to compare with\n" in done.out, done


def test_schemas_out_of_order(shop):
    tree = shop.path("tree")
    shutil.copytree(os.path.join(ROOT, "schemas"), os.path.join(tree, "schemas"))
    with open(os.path.join(tree, "schemas", "product", "Stray.avsc"), "w", encoding="ascii") as out:
        out.write("{}\n")
    done = doctor(shop, 1, cwd=tree)
    assert ("bad   schemas: schemas/ is not in order, the reasons are above: mend it, then `evt schema add`\n"
            in done.out), done
    assert "Stray.avsc" in done.err, done


def test_broker_away(shop):
    address = f"127.0.0.1:{free_port()}"
    done = doctor(shop, 1, "-b", address)
    assert f"bad   broker: no broker answered at {address} within 5000 ms" in done.out, done
    assert f"warn  {shop.product.store(0)}: is sound; whether its log fits shows once a broker answers\n" in done.out


def test_stores(shop):
    shop.product.stop()
    ours = shop.product.generation()
    for words, sql in (
            (f"belongs to generation {ours + 1}, topics.json here says {ours}: use the newer version",
             "UPDATE evt_meta SET generation = generation + 1"),
            ("was being rebuilt with its sends held back: start svc-product, or remove the store",
             "UPDATE evt_meta SET held_back = 7"),
            ("stands at 4711, but the log ends at 2: the log lost records, or is another one; if that is"
             " meant, remove the store and it is rebuilt from the log", "UPDATE evt_meta SET pos = 4711"),
            ("the log holds another record at 1: it was filled anew, or is another one; if that is meant,"
             " remove the store and it is rebuilt from the log", "UPDATE evt_meta SET pos_hash = 1"),
            ("the store belongs to another service or partition: it is product's partition 7, not"
             " product's 0", "UPDATE evt_meta SET partition = 7")):
        folder, path = copy(shop, "stores")
        alter(path, sql)
        done = shop.evt("doctor", "--data-dir", folder, status=1)
        assert f"bad   {path}: {words}\n" in done.out, (words, done)
        shutil.rmtree(folder)


def test_a_store_of_an_older_generation(shop):
    """It works, and waits for its deploy: `evt` as it would be built with the next one's schemas."""
    ours, path = shop.product.generation(), shop.product.store(0)
    done = command([os.path.join(BUILD, "next-evt"), "doctor", "--data-dir", shop.product.data],
                   NEXT_GENERATION=ours + 1, KAFKA_BOOTSTRAP_SERVERS=shop.broker.address)
    assert (f"warn  {path}: belongs to generation {ours}, topics.json says {ours + 1}: `svc-product upgrade`, while "
            "the older version runs\n") in done.out, done
    assert f"ok    {path}: generation {ours}, at 1, " in done.out, done
    assert re.search(r"^evt: \d+ ok, 2 warn, 0 bad$", done.err, re.M), done


def test_damaged(shop):
    folder, path = copy(shop, "damaged")
    alter(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as store:
        size = store.seek(0, 2)
        for page in range(4096 * 3, size, 4096):  # behind the schema and evt_meta
            store.seek(page)
            store.write(b"\xff" * 512)
    done = shop.evt("doctor", "--data-dir", folder, status=1)
    assert f"bad   {path}: " in done.out and ("is damaged" in done.out or "corrupt" in done.out), done
    with open(path, "wb") as store:
        store.write(b"no database at all, and longer than a header would be: " * 10)
    done = shop.evt("doctor", "--data-dir", folder, status=1)
    assert f"bad   {path}: the store is corrupt" in done.out, done


def test_the_log_moved_on(shop):
    """Retention, or a person, removed what the store has not had."""
    publisher = clients.Publisher(shop.broker)
    for _ in range(5):
        publisher.raw("shop.product.inbox.v1", "tea", b"x", {}, 0)
    publisher.close()
    with open(shop.path("delete.json"), "w", encoding="ascii") as out:
        out.write('{"partitions": [{"topic": "shop.product.inbox.v1", "partition": 0, "offset": 5}],'
                  ' "version": 1}')
    shop.broker.run("records", "--offset-json-file", shop.path("delete.json"))
    done = doctor(shop, 1)
    assert ("stands at 1, but the log begins at 5: what is between is lost to it; restore a snapshot\n"
            in done.out), done
