"""An order that was placed in the whole shop: how it goes on, and how it ends."""
import uuid

from process import Failure


class Order:
    """One that was placed. It asks the order service, whichever process that is by then."""

    def __init__(self, whole, order_id, total):
        self.whole, self.id, self.total = whole, order_id, total

    def show(self, wait=0):
        return self.whole.order.ask("GET", f"/v1/orders/{self.id}" + (f"?wait={wait}" if wait else "")
                                    ).expect(200).json

    def expect_any(self, *statuses, why="", seconds=60):
        """Waits for its end, which must be one of these, with a reason that contains `why`."""
        def ended():
            shown = self.show(wait=2)
            return shown if shown["status"] not in ("placed", "cancelling") else None
        shown = self.whole.until(ended, f"order {self.id} ends", seconds)
        if shown["status"] not in statuses or why not in (shown["reason"] or ""):
            raise Failure(f"expected {' or '.join(statuses)}: {why}\n  {shown}\n{self.story()}")
        return shown

    def expect(self, status, why=""):
        return self.expect_any(status, why=why)

    def events(self):
        """Its history as [(step, item, what, why)], of the last commit."""
        return self.whole.order.all_rows(
            "SELECT h.step, h.item, h.what, h.why FROM evt_saga_history h JOIN evt_sagas s USING (saga_id)"
            " WHERE s.ref = ? ORDER BY h.n", self.id)

    def story(self):
        """The same for people."""
        return "\n".join(f"  {step} {item} {what}{f': {why}' if why else ''}"
                         for step, item, what, why in self.events())

    def happened(self, step, what, item=1):
        return any(event[:3] == (step, item, what) for event in self.events())

    def until(self, step, what, item=1, seconds=30):
        """Waits until its history says so: until("capture", "asked")."""
        self.whole.until(lambda: self.happened(step, what, item),
                         f"{step} {item} of order {self.id} is {what}", seconds, self.story)
        return self

    def cancel(self, reason="changed my mind", status=202):
        return self.whole.order.ask("POST", f"/v1/orders/{self.id}/cancellation", {"reason": reason},
                                    {"Idempotency-Key": str(uuid.uuid4())}).expect(status)

    def letters(self):
        """The kinds of the mails that came about it."""
        return sorted(letter.kind for letter in self.whole.mailbox.letters() if letter.order == self.id)
