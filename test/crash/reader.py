"""All records of the topics that a round of the product service writes, from where the round before ended."""
from follow import Follower, decode

INBOX = "shop.product.inbox.v1"
EVENTS = "shop.product.events.v1"
DEAD = "shop.product.inbox.v1.dlt"
ORDER = "shop.order.inbox.v1"
PARTITIONS = (0, 1)


class Reader(Follower):
    def __init__(self, broker):
        super().__init__(broker, (INBOX, EVENTS, DEAD, ORDER), PARTITIONS)

    def inbox_ends(self):
        """{partition of the inbox: the offset that comes next}"""
        return {partition: end for (topic, partition), end in self.ends().items() if topic == INBOX}


__all__ = ["DEAD", "EVENTS", "INBOX", "ORDER", "PARTITIONS", "Reader", "decode"]
