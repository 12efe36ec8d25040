"""An order names what is not in the catalogue, or no longer sold."""


def test_unknown(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    nothing = shop.sku("nothing")
    order = shop.place({tea: 1, nothing: 1})
    order.expect("rejected", f"{nothing} is not in the catalogue")
    shop.settle()
    assert shop.left(tea) == (5, 0)
    assert order.letters() == ["rejected"]


def test_unknown_alone(shop):
    nothing = shop.sku("nothing")
    shop.place({nothing: 1}, total=450).expect("rejected", f"{nothing} is not in the catalogue")


def test_withdrawn(shop):
    tea = shop.stock(shop.sku("tea"), 5)
    shop.change("POST", f"/v1/products/{tea}/withdrawal", {}).expect(200)
    shop.place({tea: 1}).expect("rejected", f"{tea} is no longer sold")
    assert shop.left(tea) == (5, 0)
