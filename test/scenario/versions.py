"""Later versions of the order service: next_order.c, which knows two definitions of the saga."""
import os

from shop import BUILD

PROGRAM = os.path.join(BUILD, "next-order")


def version(whole, generation, definitions):
    """Not started. `definitions`: which ones it has, "1 2"."""
    return whole.service("order", f"order-{generation}", program=PROGRAM, NEXT_GENERATION=generation,
                         NEXT_DEFINITIONS=definitions)


def next_version(whole, definitions):
    return version(whole, whole.order.generation() + 1, definitions)


def begin(whole, new):
    """The old version stops where the new one's generation begins; the new one is not started."""
    new.do("upgrade")
    whole.order.wait_end(6)
    return whole.use("order", new)


def deploy(whole, definitions):
    begin(whole, next_version(whole, definitions)).start().wait_ready()
