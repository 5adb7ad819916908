-- Sources that say themselves what has changed.

-- What the source said of the repository before it was last read; see `Source::state`.
ALTER TABLE repositories ADD COLUMN read_state TEXT;

-- Deliveries of webhooks, so that one that comes again changes nothing.
CREATE TABLE deliveries (
    source TEXT NOT NULL REFERENCES sources (name),
    id TEXT NOT NULL,
    -- As the forge calls it: `push`.
    event TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX deliveries_received_at ON deliveries (source, received_at);

-- What was told to have changed and was not looked at since: one row a thing, however often it was told.
CREATE TABLE told (
    source TEXT NOT NULL REFERENCES sources (name),
    -- `everything`, `people`, or the stable key of a repository.
    thing TEXT NOT NULL,
    -- What it is said of: `contents`, or `record` for all that the forge says of it.
    what TEXT NOT NULL,
    -- The commit that one of its references is said to lead to.
    commit_id TEXT,
    -- How often it was told; a look answers only what was told before it.
    times BIGINT NOT NULL,
    -- Looks that did not find the commit.
    looks BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (source, thing, what)
);
