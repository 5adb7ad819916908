-- Launches of templates: what was asked for, how far it is, what it made outside, and what projects came from which template.

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    -- The reference of the template, as it was called then; its repository, the folder in it, and the commit that the form showed.
    template TEXT NOT NULL,
    repository TEXT NOT NULL REFERENCES repositories (id),
    directory TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    -- What the project is called.
    name TEXT NOT NULL,
    made_by TEXT NOT NULL,
    -- Of whoever has signed in.
    account TEXT,
    -- The account, or else the name of whoever launched it: with the key, two clicks are one run.
    launcher TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    -- `queued`, `running`, `waiting`, `done`, `failed`, `cancelled` or `cleaned`.
    state TEXT NOT NULL,
    -- What a person wants of it meanwhile: `cancel` or `clean`.
    wish TEXT,
    reason TEXT,
    -- The attempt of the job that works for it: whoever is another one writes nothing.
    holder TEXT,
    -- Where chance begins in what it renders.
    seed BIGINT NOT NULL,
    -- The repository that it made, and what that is in the catalog.
    project TEXT REFERENCES repositories (id),
    entity TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    -- Sealed, bound to the run, and gone when it ends.
    secrets TEXT,
    -- JSON: what was asked for, without secrets; then what it gave.
    input TEXT NOT NULL,
    outputs TEXT NOT NULL
);
CREATE UNIQUE INDEX runs_key ON runs (launcher, idempotency_key);
CREATE INDEX runs_state ON runs (state, id);
CREATE INDEX runs_account ON runs (account, id);
CREATE INDEX runs_repository ON runs (repository, id);
CREATE INDEX runs_project ON runs (project);

CREATE TABLE run_steps (
    run TEXT NOT NULL REFERENCES runs (id),
    -- From 1.
    position BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    -- `pending`, `running`, `done`, `failed` or `undone`.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT,
    started_at BIGINT,
    ended_at BIGINT,
    -- JSON.
    input TEXT NOT NULL,
    output TEXT,
    PRIMARY KEY (run, position)
);

-- What a run made outside. A row is there before the thing is: a process that dies between them leaves none that is not known.
CREATE TABLE run_effects (
    run TEXT NOT NULL REFERENCES runs (id),
    sequence BIGINT NOT NULL,
    -- Of the step.
    position BIGINT NOT NULL,
    -- Which action it is that can undo it.
    action TEXT NOT NULL,
    -- For a person: `the repository acme/shop`.
    target TEXT NOT NULL,
    -- `intended`, `made`, `void` (it never was), `undone`, or `kept`, since undoing it would destroy work.
    state TEXT NOT NULL,
    -- Why it was kept, and what removes it.
    reason TEXT,
    command TEXT,
    -- JSON: how it is recognised.
    data TEXT NOT NULL,
    PRIMARY KEY (run, sequence)
);

-- From which template a repository came, as the file in it says. Read anew with the repository.
CREATE TABLE lineages (
    repository TEXT NOT NULL PRIMARY KEY REFERENCES repositories (id),
    -- Host and path, or the path of a folder: addresses of one template are one text.
    template TEXT NOT NULL,
    directory TEXT NOT NULL,
    commit_id TEXT,
    tag TEXT,
    dialect TEXT NOT NULL
);
CREATE INDEX lineages_template ON lineages (template, directory);

-- Whose transaction lets queued runs begin holds this row.
INSERT INTO counters (name, value) VALUES ('runs', 0);
