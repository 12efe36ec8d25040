"""The payment provider is down for a while: orders wait, and each is charged once."""


def calls_that_failed(shop):
    """Attempts whose end is not known, by payment's own count."""
    page = shop.payment.ask("GET", "/metrics").text
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
               if line.startswith("evt_calls_total{") and 'outcome="unknown"' in line)


def three_orders(shop):
    tea = shop.stock(shop.sku("tea"), 10)
    return [shop.place({tea: n}) for n in (1, 2, 3)]


def charged_once(shop, orders):
    for order in orders:
        order.expect("confirmed")
        moved = shop.provider.entries(order)
        assert moved == {"authorised": order.total, "captured": order.total}, moved


def test_errors(shop):
    """It answers, with 503."""
    before = calls_that_failed(shop)
    shop.provider.fault("down")
    orders = three_orders(shop)
    shop.until(lambda: calls_that_failed(shop) >= before + 3, "it is asked in vain")
    assert all(order.show()["status"] == "placed" for order in orders)
    shop.provider.clear()
    charged_once(shop, orders)


def test_nobody_listens(shop):
    before = calls_that_failed(shop)
    shop.provider.fault("down", how="refuse", ms=1500)
    orders = three_orders(shop)
    shop.until(lambda: calls_that_failed(shop) >= before + 3, "it is asked in vain")
    charged_once(shop, orders)


def test_killed(shop):
    """kill -9 of it between authorisation and capture: its book has the authorisations."""
    shop.provider.fault("down", on="capture")
    orders = [order.until("capture", "asked") for order in three_orders(shop)]
    shop.provider.kill()
    before = calls_that_failed(shop)
    shop.until(lambda: calls_that_failed(shop) > before, "it is asked in vain")
    shop.provider.start()
    charged_once(shop, orders)
