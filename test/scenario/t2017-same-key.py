"""The same Idempotency-Key ten times at once: one order, ten equal answers; through two instances, too; and
with another body it is refused."""
import contextlib
import uuid

import together
from shop import Failure, free_port

TIMES = 10
KEYS_MAX = 20  # among them are some of each shard


def orders_of(shop, sku):
    return shop.order.all_rows("SELECT count(*) FROM order_line WHERE sku = ?", sku)


def one_order(shop, sku, answers):
    assert len({(answer.status, answer.header("Location"), answer.body) for answer in answers}) == 1, answers
    assert sum(n for n, in orders_of(shop, sku)) == 1
    return answers[0]


def test_ten_at_once(shop):
    tea = shop.stock(shop.sku("tea"), 50)
    key, body = str(uuid.uuid4()), shop.body({tea: 1})
    answer = one_order(shop, tea, together.run(TIMES, lambda _: shop.post(body, key)))
    assert answer.expect(202).json["status"] == "placed"
    shop.until(lambda: shop.left(tea) == (49, 0), "one piece is sold")


def test_ten_that_wait_for_the_end(shop):
    tea = shop.stock(shop.sku("tea"), 50)
    key, body = str(uuid.uuid4()), shop.body({tea: 1})
    answers = together.run(TIMES, lambda _: shop.post(body, key, wait=20))
    assert {(answer.status, answer.json["order_id"], answer.json["status"]) for answer in answers} == {
        (200, answers[0].json["order_id"], "confirmed")}, answers
    assert sum(n for n, in orders_of(shop, tea)) == 1


def test_with_another_body(shop):
    tea = shop.stock(shop.sku("tea"), 50)
    key = str(uuid.uuid4())
    first = shop.post(shop.body({tea: 1}), key).expect(202)
    refused = shop.post(shop.body({tea: 2}), key).expect(422)
    assert refused.header("Content-Type") == "application/problem+json", refused
    assert shop.post(shop.body({tea: 1}), key).body == first.body
    assert sum(n for n, in orders_of(shop, tea)) == 1


@contextlib.contextmanager
def two_instances(shop):
    """Of the order service, each with one shard; what the other owns is passed on."""
    urls = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    settings = {"PEERS": ",".join(f"{shard}=http://{url}" for shard, url in enumerate(urls))}
    with shop.replaced("order", SHARDS="0", HTTP_ADDR=urls[0], **settings) as one:
        other = shop.service("order", "order-other", SHARDS="1", HTTP_ADDR=urls[1], **settings)
        other.start().wait_ready()
        yield one, other
        other.stop()


def once_through(shop, instances):
    """One order, through both at once; returns the shard that it came to."""
    tea = shop.stock(shop.sku("tea"), 50)
    key, body = str(uuid.uuid4()), shop.body({tea: 1})
    answers = together.run(TIMES, lambda i: shop.post(body, key, through=instances[i % 2]))
    one_order(shop, tea, answers).expect(202)
    for instance in instances:
        shop.post(shop.body({tea: 2}), key, through=instance).expect(422)
    shop.until(lambda: shop.left(tea) == (49, 0), "one piece is sold")
    return [n for n, in orders_of(shop, tea)].index(1)


def test_through_two_instances(shop):
    with two_instances(shop) as instances:
        shards = set()
        for _ in range(KEYS_MAX):
            shards.add(once_through(shop, instances))
            if shards == {0, 1}:
                return
        raise Failure(f"{KEYS_MAX} keys all came to shard {shards}")


def test_after_a_kill(shop):
    """The answer is in the log: it is the same afterwards."""
    tea = shop.stock(shop.sku("tea"), 50)
    key, body = str(uuid.uuid4()), shop.body({tea: 1})
    before = shop.post(body, key).expect(202)
    shop.order.kill()
    shop.order.start().wait_ready()
    one_order(shop, tea, [before, shop.post(body, key)])
