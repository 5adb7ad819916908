-- Secrets of others that are kept for somebody, sealed with a key that is not in here: portal/src/sealed.rs.
CREATE TABLE sealed (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What it is: `refresh`, with which the account's provider is asked whether it still vouches.
    kind TEXT NOT NULL,
    -- Bound to both.
    body TEXT NOT NULL,
    kept_at BIGINT NOT NULL,
    -- When it is used next; whoever uses it moves this first.
    due_at BIGINT NOT NULL,
    PRIMARY KEY (account, kind)
);
CREATE INDEX sealed_due_at ON sealed (kind, due_at);
