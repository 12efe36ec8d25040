"""evt broker: the stand-in; and evt schema check, add. Neither needs a real broker, and none is
started."""
import json
import os
import shutil

from shop import BUILD, ROOT, command, until

EVT = os.path.join(BUILD, "evt")
TEA = '{"sku": "tea", "name": "Tea", "price_minor": 450, "currency": "EUR"}'


def evt(*args, **how):
    return command([EVT, *args], **how)


def test_serves_and_says_where(shop):
    shop.file = shop.path("run", "here", "broker")
    shop.stand_in = shop.process("stand-in", EVT, "broker", "--broker-file", shop.file)
    address = shop.stand_in.wait_line(r"^(127\.0\.0\.1:\d+)$").group(1)
    with open(shop.file, encoding="ascii") as text:
        assert text.read() == address + "\n"
    said = shop.stand_in.said()
    with open(os.path.join(ROOT, "schemas", "topics.json"), encoding="utf-8") as text:
        topics = 3 * len(json.load(text)["services"])  # inbox, dead letters, events
    assert f"a stand-in for Kafka serves {topics} topics on {address} (written to {shop.file})" in said, said
    assert "it keeps nothing" in said, said


def test_others_find_it(shop):
    assert evt("topics", "diff", BROKER_FILE=shop.file).out == ""
    assert evt("topics", "apply", "--broker-file", shop.file).out == ""
    evt("publish", "CreateProduct", TEA, BROKER_FILE=shop.file)
    rows = evt("tail", "product.inbox", "start", "--json", BROKER_FILE=shop.file).lines
    assert len(rows) == 3 and [row["tstype"] for row in rows] == ["create"] * 3, rows
    done = evt("doctor", "--data-dir", shop.path("none"), BROKER_FILE=shop.file)
    assert "is the stand-in: it keeps nothing, knows no settings, and is no Kafka\n" in done.out, done
    # What is named wins over the file.
    evt("topics", "diff", BROKER_FILE=shop.file, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", status=1)


def test_a_service_on_it(shop):
    with open(shop.file, encoding="ascii") as text:
        product = shop.process("product", os.path.join(BUILD, "svc-product"), "run",
                               KAFKA_BOOTSTRAP_SERVERS=text.read().strip(), DATA_DIR=shop.path("data"),
                               HTTP_ADDR="127.0.0.1:0")
    product.wait_line(" ready ")
    done = evt("publish", "ReceiveStock", '{"sku": "tea", "quantity": 4}', "--wait", BROKER_FILE=shop.file)
    assert 'DONE {"on_hand":4}' in done.out, done
    product.stop()


def test_a_typing_mistake_makes_no_topic(shop):
    """The stand-in creates what it is asked about."""
    for _ in range(2):
        done = evt("tail", "product.inbx", BROKER_FILE=shop.file, status=3)
        assert "has no topic product.inbx" in done.err, done


def test_ends_and_takes_its_file_away(shop):
    shop.stand_in.stop()
    assert not os.path.exists(shop.file)
    other = shop.process("other", EVT, "broker", "--broker-file", shop.file)
    until(lambda: os.path.exists(shop.file), "another one has come")
    with open(shop.file, "w", encoding="ascii") as out:
        out.write("127.0.0.1:1\n")
    other.stop()
    assert os.path.exists(shop.file), "the file was not its own any more"


def test_a_file_that_cannot_be_written(shop):
    with open(shop.path("plain"), "w", encoding="ascii"):
        pass
    done = evt("broker", "--broker-file", shop.path("plain", "file"), status=1)
    assert f"write {shop.path('plain', 'file')}." in done.err and "Not a directory" in done.err, done


def tree(shop, name):
    folder = shop.path(name)
    shutil.copytree(os.path.join(ROOT, "schemas"), os.path.join(folder, "schemas"))
    return folder


def test_schema_check_and_add(shop):
    folder = tree(shop, "tree")
    assert evt("schema", "check", cwd=folder).err == "evt: schemas is in order\n"
    path = os.path.join(folder, "schemas", "product", "ChangePrice.avsc")
    with open(path, encoding="utf-8") as text:
        schema = text.read()
    shutil.copy(path, path.replace(".avsc", ".v1.avsc"))
    with open(path, "w", encoding="utf-8") as out:
        out.write(schema.replace('"doc": "', '"doc": "Now: ', 1))
    done = evt("schema", "check", cwd=folder, status=1)
    assert "ChangePrice.avsc" in done.err and "in order" not in done.err, done
    done = evt("schema", "add", cwd=folder)
    assert done.err == "evt: schemas/schemas.lock has all of schemas; commit both together\n", done
    with open(os.path.join(folder, "schemas", "schemas.lock"), encoding="ascii") as lock:
        assert any(line.split()[1] == "2" and line.strip().endswith("ChangePrice")
                   for line in lock if not line.startswith("#"))
    evt("schema", "check", cwd=folder)


def test_schema_elsewhere(shop):
    done = evt("schema", "check", "--root", "nowhere", cwd=shop.folder, status=3)
    assert done.err == ("evt: nowhere/topics.json is not there: run this in the project's folder, or say"
                        " --root\n"), done


def test_help(shop):
    """Every verb has a summary and examples."""
    del shop
    listed = evt("--help").out
    for verb in ("publish", "tail", "topics apply", "topics diff", "schema check", "schema add", "stream list",
                 "stream accept", "resend", "broker", "doctor"):
        assert f"\n  {verb}" in listed, (verb, listed)
        own = evt(*verb.split(), "--help").out
        assert f"Usage: evt {verb}" in own and f"Examples:\n  evt {verb}" in own, own
