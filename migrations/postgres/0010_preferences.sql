-- What belongs to one account: how it wants to see things, what it has starred, which views it keeps, what it is told.

CREATE TABLE preferences (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- `light`, `auto` or `dark`; empty as long as nobody has chosen.
    theme TEXT NOT NULL,
    -- As the IANA database calls it; UTC where none is chosen.
    time_zone TEXT,
    -- Whether what comes to the inbox is also sent in these ways.
    by_mail BOOLEAN NOT NULL,
    by_webhook BOOLEAN NOT NULL
);

CREATE TABLE stars (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Of an entity, as it was called then.
    reference TEXT NOT NULL,
    starred_at BIGINT NOT NULL,
    PRIMARY KEY (account, reference)
);
CREATE INDEX stars_reference ON stars (reference);

-- A list with its filters, under a name.
CREATE TABLE views (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- `/catalog`
    path TEXT NOT NULL,
    -- What follows `?`.
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX views_name ON views (account, name);

CREATE TABLE inbox_messages (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The page that it leads to: a path of ours.
    address TEXT NOT NULL,
    -- The repository that it speaks of; whoever may not read that any more does not see the message either.
    repository TEXT,
    told_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX inbox_messages_account ON inbox_messages (account, id);

-- What is also sent to somebody, one row a way.
CREATE TABLE inbox_deliveries (
    message TEXT NOT NULL REFERENCES inbox_messages (id) ON DELETE CASCADE,
    -- `mail` or `webhook`.
    way TEXT NOT NULL,
    -- `waiting`, `sent` or `failed`.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Why it was not sent.
    reason TEXT,
    settled_at BIGINT,
    PRIMARY KEY (message, way)
);
CREATE INDEX inbox_deliveries_due ON inbox_deliveries (state, due_at);

-- Who wished for a change, to tell them what became of it.
ALTER TABLE changes ADD COLUMN account TEXT;
