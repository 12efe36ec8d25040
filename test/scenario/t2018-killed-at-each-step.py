"""Each process killed with -9 at each step of the saga: it is started again, and the order ends as if nothing
had happened."""
import contextlib


@contextlib.contextmanager
def at_reserve(shop, sku):
    """The product service does not hear of it yet."""
    with shop.product.frozen():
        yield shop.place({sku: 1}).until("reserve", "asked"), "confirmed"


@contextlib.contextmanager
def at_authorise(shop, sku):
    with failing(shop, "create"):
        yield shop.place({sku: 1}).until("authorise", "asked").until("reserve", "done"), "confirmed"


@contextlib.contextmanager
def at_capture(shop, sku):
    with failing(shop, "capture"):
        yield shop.place({sku: 1}).until("capture", "asked"), "confirmed"


@contextlib.contextmanager
def at_commit(shop, sku):
    with contextlib.ExitStack() as held:
        with failing(shop, "capture"):
            order = shop.place({sku: 1}).until("capture", "asked")
            held.enter_context(shop.product.frozen())
        yield order.until("commit", "asked"), "confirmed"


@contextlib.contextmanager
def at_confirmation(shop, sku):
    with shop.notify.frozen():
        yield shop.place({sku: 1}).until("confirmation", "asked"), "confirmed"


@contextlib.contextmanager
def at_release_and_void(shop, sku):
    """The goods are not reserved yet, the money is authorised, and both are undone."""
    with failing(shop, "cancel"), shop.product.frozen():
        order = shop.place({sku: 1}).until("authorise", "done")
        order.cancel()
        yield order.until("reserve", "to be undone").until("authorise", "to be undone"), "cancelled"


@contextlib.contextmanager
def at_refund(shop, sku):
    order = shop.place({sku: 1})
    order.expect("confirmed")
    with failing(shop, "refund"):
        order.cancel()
        yield order.until("capture", "to be undone"), "refunded"


@contextlib.contextmanager
def at_farewell(shop, sku):
    with shop.notify.frozen():
        yield shop.place({sku: 1}, card="pm_card_chargeDeclined").until("farewell", "asked"), "rejected"


STEPS = (at_reserve, at_authorise, at_capture, at_commit, at_confirmation, at_release_and_void, at_refund,
         at_farewell)


@contextlib.contextmanager
def failing(shop, request):
    """The provider answers such requests with errors meanwhile. One that was killed has forgotten it."""
    shop.provider.fault("down", on=request)
    yield
    if shop.provider.running():
        shop.provider.clear()


def killed_at_each(shop, victim):
    orders = []
    for step in STEPS:
        sku = shop.stock(shop.sku("tea"), 5)
        with step(shop, sku) as (order, end):
            victim.kill()
        victim.start()
        shop.wait_ready()
        order.expect(end)
        orders.append((order, end, sku))
    shop.settle()
    for order, end, sku in orders:
        assert shop.left(sku) == (4 if end == "confirmed" else 5, 0), order.story()
        assert order.letters()[-1:] == [end], (order.letters(), order.story())


def test_product(shop):
    killed_at_each(shop, shop.product)


def test_order(shop):
    killed_at_each(shop, shop.order)


def test_payment(shop):
    killed_at_each(shop, shop.payment)


def test_notify(shop):
    killed_at_each(shop, shop.notify)


def test_provider(shop):
    killed_at_each(shop, shop.provider)


def test_what_they_made_is_what_the_logs_say(shop):
    shop.expect_rebuilt()
