-- What every feature stands on. Ids are ULIDs, times milliseconds since 1970, JSON is text that is parsed at the edge.
-- COLLATE "C" compares texts byte by byte, as SQLite does.

-- Values that belong to no feature.
CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Counters that move with the transaction that needs a number; `change` numbers every change of the catalog.
CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('change', 0);

-- Sources as configured; one that is configured no longer keeps its row and has gone_at.
CREATE TABLE sources (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    location TEXT NOT NULL,
    visibility TEXT NOT NULL,
    demo BOOLEAN NOT NULL,
    synced_at BIGINT,
    took BIGINT,
    error TEXT,
    gone_at BIGINT
);
CREATE INDEX sources_visibility ON sources (visibility);

-- One row a repository, for ever: one that is gone from its source has gone_at and is out of sight.
CREATE TABLE repositories (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    -- Unique and readable, in addresses.
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    -- As the source names it.
    name TEXT COLLATE "C" NOT NULL,
    -- What tells it apart in its source: the real path of a folder, the number at a forge.
    stable_key TEXT COLLATE "C" NOT NULL,
    -- Where it is opened for reading.
    path TEXT NOT NULL,
    visibility TEXT NOT NULL,
    standing TEXT NOT NULL,
    reason TEXT,
    archived BOOLEAN NOT NULL,
    fork BOOLEAN NOT NULL,
    -- Of what was last read: the state of its refs, the rules' version, its first commit.
    fingerprint TEXT,
    rules_version BIGINT,
    root_commit TEXT COLLATE "C",
    read_at BIGINT,
    took BIGINT,
    created_at BIGINT NOT NULL,
    gone_at BIGINT,
    -- JSON, large, and so last.
    findings TEXT NOT NULL,
    facts TEXT,
    draft TEXT,
    -- Of the last linking, with all others: what the list shows and is sorted by, and what is wrong beyond `findings`.
    description TEXT,
    last_commit_at BIGINT,
    -- Lines.
    code BIGINT NOT NULL DEFAULT 0,
    entities BIGINT NOT NULL DEFAULT 0,
    errors BIGINT NOT NULL DEFAULT 0,
    warnings BIGINT NOT NULL DEFAULT 0,
    -- JSON: languages and activity.
    list_row TEXT,
    link_findings TEXT
);
CREATE INDEX repositories_source ON repositories (source, stable_key);
CREATE INDEX repositories_visibility ON repositories (visibility, standing);
CREATE INDEX repositories_root_commit ON repositories (root_commit);

-- The catalog as it was last linked. A row that is deleted stays as a tombstone, so that those who follow see it go.
CREATE TABLE entities (
    reference TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    visibility TEXT NOT NULL,
    repository TEXT COLLATE "C" REFERENCES repositories (id),
    -- Of the body; what has not changed is not written.
    hash TEXT NOT NULL,
    -- Number of its last change in counters.change.
    change_sequence BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    -- How many of its values wait for somebody's word.
    guesses BIGINT NOT NULL,
    -- JSON: as lists show it, and so in the index; then all of it.
    list_row TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX entities_visibility ON entities (visibility, kind);
CREATE INDEX entities_repository ON entities (repository);
CREATE UNIQUE INDEX entities_change_sequence ON entities (change_sequence);

-- References once given, so that they stay: the current one of a folder, and those it had before (aliases).
CREATE TABLE assignments (
    repository TEXT COLLATE "C" NOT NULL REFERENCES repositories (id),
    path TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    alias BOOLEAN NOT NULL,
    PRIMARY KEY (repository, path, kind, reference)
);
CREATE INDEX assignments_reference ON assignments (reference);

-- Somebody's word on a field of an entity; no value means that the guess was rejected.
CREATE TABLE corrections (
    reference TEXT COLLATE "C" NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    value TEXT,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (reference, field)
);

CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- Two open jobs of one kind never have the same; a second wish joins the first.
    dedup TEXT COLLATE "C",
    -- How often a person asked for it; one who asks while it runs makes it run once more.
    wishes BIGINT NOT NULL,
    state TEXT NOT NULL,
    done BOOLEAN NOT NULL,
    -- It found nothing to do, on a schedule; only the last one of a kind is kept.
    quiet BOOLEAN NOT NULL,
    progress TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    -- The lease: while it lies ahead, somebody works on it.
    locked_until BIGINT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    error TEXT
);
CREATE UNIQUE INDEX jobs_dedup ON jobs (kind, dedup) WHERE NOT done;
CREATE INDEX jobs_open ON jobs (run_at, id) WHERE NOT done;

CREATE TABLE job_log (
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    sequence BIGINT NOT NULL,
    logged_at BIGINT NOT NULL,
    level TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job, sequence)
);

CREATE TABLE schedules (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Milliseconds.
    every BIGINT NOT NULL,
    next_run_at BIGINT NOT NULL
);

-- Who did what; rows are only ever added.
CREATE TABLE audit (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    value_before TEXT,
    value_after TEXT,
    request TEXT
);

-- Safe HTML that was rendered before; may be emptied at any time.
CREATE TABLE rendered (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Bytes of the body.
    size BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX rendered_used_at ON rendered (used_at);
