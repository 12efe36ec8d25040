-- One row for each mail that was asked for, until it is forgotten.
CREATE TABLE mail (
    mail_id     INTEGER PRIMARY KEY, -- of this shard: rows are added at the end, whatever the order
    order_id    TEXT NOT NULL,
    kind        TEXT NOT NULL, -- MailKind's words
    recipient   TEXT NOT NULL,
    state       TEXT NOT NULL, -- mail.h
    deferrals   INTEGER NOT NULL CHECK (deferrals >= 0),
    content     TEXT NOT NULL,    -- SendMail as JSON, until it has ended; then ''
    reason      TEXT NOT NULL,    -- what the last server said that deferred or refused it; else ''
    accepted_ms INTEGER NOT NULL, -- log time
    changed_ms  INTEGER NOT NULL, -- log time
    timer_id    INTEGER NOT NULL, -- of a deferred one: it is tried again; else 0
    forget_ms   INTEGER,          -- log time; NULL before it has ended
    CHECK ((state = 'deferred') = (timer_id <> 0)),
    UNIQUE (order_id, kind)
) STRICT;

-- Which of them to forget first.
CREATE INDEX mail_forget ON mail (forget_ms, mail_id) WHERE forget_ms IS NOT NULL;
