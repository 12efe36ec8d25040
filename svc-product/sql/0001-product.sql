-- What is sold. On hand is received - committed; what may still be reserved is on hand - reserved.
CREATE TABLE product (
    product_id  INTEGER PRIMARY KEY, -- of this shard: rows are added at the end, whatever the sku
    sku         TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    currency    TEXT NOT NULL CHECK (length(currency) = 3),
    version     INTEGER NOT NULL CHECK (version >= 1), -- of price and withdrawal, not of the stock
    withdrawn   INTEGER NOT NULL CHECK (withdrawn BETWEEN 0 AND 1),
    received    INTEGER NOT NULL,
    committed   INTEGER NOT NULL CHECK (committed >= 0),
    reserved    INTEGER NOT NULL CHECK (reserved >= 0),
    CHECK (reserved <= received - committed)
) STRICT;

-- One row for each line of an order that was ever heard of, until it is forgotten.
CREATE TABLE reservation (
    reservation_id INTEGER PRIMARY KEY,
    order_id    TEXT NOT NULL,
    line        INTEGER NOT NULL CHECK (line >= 1),
    state       TEXT NOT NULL, -- reservation.h; a CHECK over the five words would double the row's cost
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 0), -- 0: released before it was asked for
    price_minor INTEGER NOT NULL,
    currency    TEXT NOT NULL,
    deadline_ms INTEGER NOT NULL,
    refusal     TEXT NOT NULL,    -- of a refused one: the reason; else ''
    timer_id    INTEGER NOT NULL, -- of a reserved one: frees it at its deadline; else 0
    forget_ms   INTEGER,          -- log time; NULL while it is reserved
    CHECK ((state = 'reserved') = (forget_ms IS NULL)),
    UNIQUE (order_id, line)
) STRICT;

-- Which of them to forget first.
CREATE INDEX reservation_forget ON reservation (forget_ms, reservation_id) WHERE forget_ms IS NOT NULL;
