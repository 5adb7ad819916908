-- Changes of files in repositories, proposed as pull requests or branches. One row a repository and key, for ever.
CREATE TABLE changes (
    id TEXT NOT NULL PRIMARY KEY,
    repository TEXT NOT NULL REFERENCES repositories (id),
    -- What it is about, so that the same wish finds the same change: `catalog-info:<repository>`.
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    -- Moves with every wish: a job that works for an older one writes nothing.
    revision BIGINT NOT NULL,
    branch TEXT NOT NULL,
    base TEXT,
    -- Commits that we made for the branch, oldest first, with spaces between; whatever else is there is somebody else's.
    commits TEXT NOT NULL,
    -- The revision that the last of them is for; written down before the branch is moved to it.
    prepared BIGINT,
    -- Somebody else pushed to the branch: another one has to be used.
    taken BOOLEAN NOT NULL,
    -- A person wants it closed, with its branch.
    closing BOOLEAN NOT NULL,
    number BIGINT,
    url TEXT,
    -- The validator of the last listing of pull requests that this was seen in.
    etag TEXT,
    -- Changes that were asked for together.
    batch TEXT,
    -- The page that makes it anew from what is there now.
    origin TEXT,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    text TEXT NOT NULL,
    -- JSON, large, and so last.
    edits TEXT NOT NULL
);
CREATE UNIQUE INDEX changes_key ON changes (repository, key);
CREATE INDEX changes_state ON changes (state, id);
CREATE INDEX changes_batch ON changes (batch);

-- When a change came to stand where.
CREATE TABLE change_events (
    change TEXT NOT NULL REFERENCES changes (id),
    sequence BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (change, sequence)
);
