"""What must hold of a round of the whole shop beside the books of test/kafka/accounts.py: that each order went
as it was meant to, and that each message was taken once."""
import verdict
from process import Failure
from wishes import SHORT

# Commands that always get a reply, and those that may get none: a later one of them finds the first one's
# call still under way, or its end is not told any more.
ANSWERED = (
    (("ReserveStock", "ReleaseStock", "CommitStock"),
     ("StockReserved", "StockRefused", "StockReleased", "StockCommitted", "StockGone")),
    (("SendMail",), ("MailAccepted",)))
ANSWERED_ONCE_AT_MOST = (
    (("AuthorisePayment",), ("PaymentAuthorised", "PaymentDeclined")),
    (("CapturePayment",), ("PaymentCaptured", "CaptureRefused")),
    (("VoidPayment",), ("PaymentVoided",)),
    (("RefundPayment",), ("PaymentRefunded", "RefundRefused")),
    (("SendMail",), ("MailSent", "MailGivenUp")))


def expect_taken_once(trades):
    """Of each order: a message that came twice was answered once. {order: Trade}"""
    def count(trade, names):
        return sum(len(trade.said[name]) for name in names)
    for order, trade in trades.items():
        for pairs, fits in ((ANSWERED, int.__eq__), (ANSWERED_ONCE_AT_MOST, int.__le__)):
            for commands, replies in pairs:
                asked, told = count(trade, commands), count(trade, replies)
                if not fits(told, asked):
                    raise Failure(f"order {order}: {asked} of {commands}, but {told} of {replies}")


def expect_placed(books, placed):
    """An order is there for each that was asked for, and no other."""
    there = set(books.placed())
    if there != placed:
        raise Failure(f"placed and not there: {sorted(placed - there)[:5]}, "
                      f"there and not placed: {sorted(there - placed)[:5]}")


def answers(books):
    """{(source, id): CommandAnswered}; each command that was published has one."""
    return verdict.answers([record for record in books.names.values()
                            if record.type == "shop.evt.v1.CommandAnswered"])


def ends(whole):
    """{order: (status, reason)}"""
    return {order: (status, reason or "") for order, status, reason in whole.order.all_rows(
        "SELECT order_id, status, reason FROM orders")}


def expect_one_buyer(wishes, ended):
    """Of each last piece: one at most has got it, and who has not was second to somebody who tried."""
    races = {}
    for wish in wishes:
        if wish.item:
            races.setdefault(wish.item, []).append(ended[wish.order_id])
    for item, ends in races.items():
        if sum(status == "confirmed" for status, _ in ends) > 1:
            raise Failure(f"{item}, the last one, was sold to several: {ends}")
        if all(SHORT in reason for _, reason in ends):
            raise Failure(f"{item}, the last one, was sold to nobody: {ends}")
