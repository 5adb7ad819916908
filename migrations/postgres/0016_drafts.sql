-- What somebody has filled in of the form of a template and not launched yet: nothing of it is secret.
CREATE TABLE run_drafts (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Its reference.
    template TEXT NOT NULL,
    -- As the address of the form says it.
    filled TEXT NOT NULL,
    -- The question that stood in the way; none where all were answered.
    stopped_at TEXT,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (account, template)
);
CREATE INDEX run_drafts_template ON run_drafts (template, kept_at);
