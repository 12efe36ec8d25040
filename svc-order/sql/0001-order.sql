-- An order as the customer gave it, and what became of it. Where its saga stands is in evt_sagas.
CREATE TABLE orders (
    order_key      INTEGER PRIMARY KEY, -- of this shard: rows are added at the end, whatever the id
    order_id       TEXT NOT NULL UNIQUE,
    status         TEXT NOT NULL, -- order.h
    lines          INTEGER NOT NULL CHECK (lines >= 1),
    total_minor    INTEGER NOT NULL CHECK (total_minor >= 0), -- what the customer saw
    currency       TEXT NOT NULL CHECK (length(currency) = 3),
    payment_token  TEXT NOT NULL,
    email          TEXT NOT NULL,
    name           TEXT NOT NULL,
    street         TEXT NOT NULL,
    postcode       TEXT NOT NULL,
    city           TEXT NOT NULL,
    country        TEXT NOT NULL,
    reason         TEXT NOT NULL,    -- of an end that is not 'confirmed'; else ''
    refunded_minor INTEGER NOT NULL CHECK (refunded_minor >= 0),
    mail           TEXT NOT NULL,    -- what became of the last mail: '', 'sent', or why it was given up
    placed_ms      INTEGER NOT NULL, -- log time
    changed_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE order_line (
    order_key   INTEGER NOT NULL,
    line        INTEGER NOT NULL CHECK (line >= 1),
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 1),
    price_minor INTEGER, -- of one piece, fixed by the reservation; NULL before
    PRIMARY KEY (order_key, line)
) STRICT, WITHOUT ROWID;
