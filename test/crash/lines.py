"""A line of an order as the README of svc-product says it: what its commands are answered, and what it
comes to. Whether its deadline has come is known to nobody here, so it may be in several states."""
from process import Failure

# state: {command: [(reply, its reasons, next state)]}
RULES = {
    "none": {"ReserveStock": [("StockReserved", None, "reserved"),
                              ("StockRefused", {"NOT_ENOUGH"}, "refused")],
             "CommitStock": [("StockGone", {"NOT_RESERVED"}, "released")],
             "ReleaseStock": [("StockReleased", None, "released")]},
    "reserved": {"ReserveStock": [("StockReserved", None, "reserved")],
                 "CommitStock": [("StockCommitted", None, "committed")],
                 "ReleaseStock": [("StockReleased", None, "released")]},
    "committed": {"ReserveStock": [("StockReserved", None, "committed")],
                  "CommitStock": [("StockCommitted", None, "committed")],
                  "ReleaseStock": [("StockReleased", None, "released")]},
    "refused": {"ReserveStock": [("StockRefused", {"NOT_ENOUGH"}, "refused")],
                "CommitStock": [("StockGone", {"NOT_RESERVED"}, "refused")],
                "ReleaseStock": [("StockReleased", None, "refused")]},
    "late": {"ReserveStock": [("StockRefused", {"EXPIRED"}, "late")],
             "CommitStock": [("StockGone", {"NOT_RESERVED"}, "late")],
             "ReleaseStock": [("StockReleased", None, "late")]},
    "released": {"ReserveStock": [("StockRefused", {"RELEASED"}, "released")],
                 "CommitStock": [("StockGone", {"RELEASED", "NOT_RESERVED"}, "released")],
                 "ReleaseStock": [("StockReleased", None, "released")]},
    "expired": {"ReserveStock": [("StockRefused", {"EXPIRED"}, "expired")],
                "CommitStock": [("StockGone", {"EXPIRED"}, "expired")],
                "ReleaseStock": [("StockReleased", None, "expired")]},
}
STORED = {"late": "refused"}  # how the store calls it


def may_have_become(states, is_short):
    """Time has passed."""
    if not is_short:
        return states
    return (states | ({"expired"} if "reserved" in states else set())
            | ({"late"} if "none" in states else set()))


def final_states(commands, replies, is_short):
    """The states that the store may have it in: `commands` in the order in which they were sent, `replies`
    as (type, reason or None)."""
    if len(commands) != len(replies):
        raise Failure(f"{len(commands)} commands and {len(replies)} replies: {commands} {replies}")
    states = {"none"}
    for command, (reply, reason) in zip(commands, replies):
        states = {after for state in may_have_become(states, is_short)
                  for name, reasons, after in RULES[state][command]
                  if name == reply and (reasons is None or reason in reasons)}
        if not states:
            raise Failure(f"{reply} {reason} is no answer to {command}: {commands} {replies}")
    return {STORED.get(state, state) for state in may_have_become(states, is_short) - {"none"}}
