-- One row for each order that was ever heard of, until it is forgotten.
CREATE TABLE payment (
    payment_id    INTEGER PRIMARY KEY, -- of this shard: rows are added at the end, whatever the order
    order_id      TEXT NOT NULL UNIQUE,
    state         TEXT NOT NULL, -- payment.h; a CHECK over its words would double the row's cost
    amount_minor  INTEGER NOT NULL CHECK (amount_minor >= 0), -- 0: given up before it was asked for
    currency      TEXT NOT NULL,
    intent        TEXT NOT NULL, -- the provider's id of it; '' before the authorisation
    code          TEXT NOT NULL, -- of a refusal: the provider's word; else ''
    reason        TEXT NOT NULL,
    closed        INTEGER NOT NULL CHECK (closed BETWEEN 0 AND 1),        -- a capture is refused
    void_wanted   INTEGER NOT NULL CHECK (void_wanted BETWEEN 0 AND 1),   -- after the call that is
    refund_wanted INTEGER NOT NULL CHECK (refund_wanted BETWEEN 0 AND 1), -- under way
    asked_ms      INTEGER NOT NULL, -- log time of the first word about it
    changed_ms    INTEGER NOT NULL, -- log time
    forget_ms     INTEGER           -- log time; NULL while something may still come of it
) STRICT;

-- Which of them to forget first.
CREATE INDEX payment_forget ON payment (forget_ms, payment_id) WHERE forget_ms IS NOT NULL;
