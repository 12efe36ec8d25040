"""What is done to the whole shop while it works: the faults of services (faults.py) to any of its services and
to the provider's stand-in, and what the provider is ordered to do wrong. Each takes a Target and the round's
random numbers; those that the provider is ordered to have last until the round's end or their count."""
import random

import faults

SERVICES = ("product", "order", "payment", "notify")
PROVIDER = "provider"
PAIR = 4  # seeds: a product's round, a shop's, and the same once more
SHARE = 0.5  # of the requests that an ordered fault meets, so that few are met again and again


def slow(provider, rng):
    provider.order("latency", ms=f"{rng.randint(5, 40)}-{rng.randint(60, 300)}", p=SHARE,
                   when=rng.choice(("before", "after")))


def errors(provider, rng):
    provider.order("error", status=rng.choice((500, 503)), p=SHARE, count=rng.randint(1, 4))


def limits(provider, rng):
    provider.order("rate_limit", retry_after=1, p=SHARE, count=rng.randint(1, 4))


def timeouts(provider, rng):
    provider.order("timeout", ms=rng.randint(50, 600), p=SHARE, count=rng.randint(1, 4))


def loses_answers(provider, rng):
    """It is done, and nobody is told."""
    provider.order("lost", p=SHARE, count=rng.randint(2, 6))


def is_down(provider, rng):
    """To all requests for a while."""
    provider.order("down", count=rng.randint(2, 4))


def declines(provider, rng):
    provider.order("decline", p=SHARE, count=rng.randint(2, 6))


def refuses_captures(provider, rng):
    provider.order("refuse", on="capture", p=SHARE, count=rng.randint(1, 4))


def refuses_undoing(provider, rng):
    """Until the round's end: what is undone with the money is parked, and taken up again."""
    del rng
    provider.order_lasting("refuse", on="cancel,refund")


# What each of them excuses: [(an order's end, words of its reason)].
EXCUSES = {declines: [("rejected", "the payment was declined")],
           refuses_captures: [("rejected", "the payment was not completed")]}
ORDERED = (slow, errors, limits, timeouts, loses_answers, is_down, declines, refuses_captures, refuses_undoing)


def deck(rng):
    """All kinds, as [(fault, whose)]; whose is chosen where it may be anybody's."""
    anybody = [(fault, rng.choice(SERVICES)) for fault in (
        faults.kill_as_it_starts, faults.stop, faults.freeze, faults.freeze_broker, faults.lose_store,
        faults.second_owner)]
    return [*((faults.kill, name) for name in (*SERVICES, PROVIDER)), (faults.freeze, PROVIDER), *anybody,
            (faults.deploy, rng.choice(("order", *SERVICES))), *((fault, PROVIDER) for fault in ORDERED)]


def choose(seed):
    """A round's faults in their order, and the random numbers for them. Two rounds share a deck; each
    has a kill with sends unacknowledged."""
    shared, rng = random.Random(seed // PAIR), random.Random(seed)
    cards = deck(shared)
    shared.shuffle(cards)
    half = len(cards) // 2
    chosen = (cards[half:] if seed % PAIR > 1 else cards[:half]) + [(faults.kill_unacknowledged, "order")]
    if rng.random() < 0.1:
        chosen.append((faults.kill_broker, rng.choice(SERVICES)))
    rng.shuffle(chosen)
    chosen.sort(key=lambda card: card[0] is not refuses_undoing)  # it takes seconds until something is parked
    return chosen, rng
