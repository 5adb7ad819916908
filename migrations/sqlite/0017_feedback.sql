-- What whoever launched a run says of it afterwards.
CREATE TABLE run_feedback (
    run TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    -- Or something was missing.
    worked BOOLEAN NOT NULL,
    comment TEXT NOT NULL,
    given_at BIGINT NOT NULL
);
CREATE INDEX runs_template ON runs (template, id);
