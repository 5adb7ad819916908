-- Grants that were made elsewhere and are taken over by a job.

CREATE TABLE access_imports (
    -- Of the job.
    id TEXT NOT NULL PRIMARY KEY,
    -- Names the text in findings.
    file TEXT NOT NULL,
    -- JSON: who takes them over, and from where that was asked; empty once it is over.
    taker TEXT NOT NULL,
    -- Grants that are to be taken over; how many have been looked at, and of those how many were taken and how many left alone.
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    -- JSON: what was wrong, and what was left as it is, and why.
    findings TEXT NOT NULL
);

-- What waits for that job: each piece is removed in the transaction that takes it over.
CREATE TABLE access_import_pieces (
    import TEXT NOT NULL REFERENCES access_imports (id),
    number BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL,
    PRIMARY KEY (import, number)
);

-- Revocations are counted by component, from its events.
DELETE FROM counters WHERE name = 'access_epoch';
