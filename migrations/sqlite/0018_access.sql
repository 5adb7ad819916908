-- Access between services: what manifests say, on what terms APIs are offered, what happened, and how each atom stands.

-- The manifest of a repository at its default branch.
CREATE TABLE access_manifests (
    repository TEXT NOT NULL PRIMARY KEY REFERENCES repositories (id),
    path TEXT NOT NULL,
    -- Empty where it is no more.
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    -- JSON: the commits that changed it since it was settled, and who wrote them as Git says.
    changes TEXT NOT NULL,
    authors TEXT NOT NULL,
    -- JSON: what the forge said of who brought such commits; and why it could not be asked for it.
    brought TEXT,
    trouble TEXT,
    -- JSON: the operations of its APIs, as their descriptions have them.
    operations TEXT NOT NULL,
    -- The component that it speaks for, where that can be read.
    component TEXT,
    -- JSON: what is wrong with it.
    findings TEXT NOT NULL,
    -- A hash of the content and of all that was known of the world when events were last derived from it.
    settled TEXT NOT NULL,
    -- The commit up to which authors have been asked.
    settled_commit TEXT
);
CREATE INDEX access_manifests_component ON access_manifests (component);

-- On what terms an API is offered.
CREATE TABLE access_offers (
    api TEXT NOT NULL PRIMARY KEY,
    repository TEXT NOT NULL REFERENCES repositories (id),
    component TEXT NOT NULL,
    -- JSON.
    terms TEXT NOT NULL,
    -- JSON, or nothing where its description cannot be read.
    operations TEXT,
    -- The commit from which they were read.
    version TEXT NOT NULL,
    -- Since when no manifest offers it any more.
    gone_at BIGINT
);

-- How each atom stands: derived from its events and the clock, and made anew with each of them.
CREATE TABLE access_atoms (
    id TEXT NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL,
    api TEXT NOT NULL,
    scope TEXT NOT NULL,
    environment TEXT NOT NULL,
    -- `active`, `scheduled`, `pending`, `denied`, `expired`, `revoked`, `suspended` or `missing`.
    state TEXT NOT NULL,
    -- The request that led there.
    request TEXT NOT NULL,
    -- The request that waits, beside whatever is granted.
    pending TEXT,
    since BIGINT,
    ends BIGINT,
    -- When the clock changes something.
    due_at BIGINT,
    review_at BIGINT,
    -- The grant for whose end its people were told, and the review that its owners were asked for.
    reminded TEXT,
    review_told BIGINT,
    -- JSON of what lists show besides. Empty only within the transaction that makes the row.
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX access_atoms_names ON access_atoms (consumer, api, scope, environment);
CREATE INDEX access_atoms_api ON access_atoms (api, consumer);
-- What counts and the matrix need, so that no body has to be read for them.
CREATE INDEX access_atoms_matrix ON access_atoms (consumer, api, environment, state, pending);
CREATE INDEX access_atoms_environment ON access_atoms (environment, consumer, api, state, pending);
CREATE INDEX access_atoms_pending ON access_atoms (pending) WHERE pending IS NOT NULL;
CREATE INDEX access_atoms_request ON access_atoms (request);
CREATE INDEX access_atoms_due ON access_atoms (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX access_atoms_review ON access_atoms (review_at) WHERE review_at IS NOT NULL;
CREATE INDEX access_atoms_ends ON access_atoms (state, ends);

-- When grants were held, each without a break: what reports of any day are made of. Derived from the events.
CREATE TABLE access_held (
    atom TEXT NOT NULL REFERENCES access_atoms (id),
    number BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    -- The first instant at which it was no more.
    to_at BIGINT,
    -- JSON, and the line of a report as CSV: nobody reads JSON again for that.
    body TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (atom, number)
);
CREATE INDEX access_held_at ON access_held (from_at, to_at);

-- Everything that happened. Nothing is ever changed or removed.
CREATE TABLE access_events (
    sequence BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    atom TEXT NOT NULL REFERENCES access_atoms (id),
    happened_at BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX access_events_id ON access_events (id);
CREATE INDEX access_events_atom ON access_events (atom, sequence);
INSERT INTO counters (name, value) VALUES ('access', 0);
INSERT INTO counters (name, value) VALUES ('access_epoch', 0);

-- The keys that sign bundles, sealed; the newest signs, older ones are still published until they are no more needed.
CREATE TABLE access_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    retired_at BIGINT
);

CREATE TRIGGER access_events_are_not_changed BEFORE UPDATE ON access_events
BEGIN
    SELECT RAISE(ABORT, 'what happened to access is append-only');
END;
CREATE TRIGGER access_events_are_kept BEFORE DELETE ON access_events
BEGIN
    SELECT RAISE(ABORT, 'what happened to access is append-only');
END;
