-- What has to be approved before a launch begins, by whom, and what they said.

CREATE TABLE run_approvals (
    run TEXT NOT NULL REFERENCES runs (id),
    -- Of the rule that asks for it, from 1.
    number BIGINT NOT NULL,
    -- What the rule is about, for a person: `template:default/go-service`, `publish:github`.
    about TEXT NOT NULL,
    -- How many have to approve.
    needed BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- `asked`, `granted`, `denied` or `expired`.
    state TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE INDEX run_approvals_state ON run_approvals (state, expires_at);

-- Who may: references of users and groups, as the rule had them when it was launched.
CREATE TABLE run_reviewers (
    run TEXT NOT NULL,
    number BIGINT NOT NULL,
    reviewer TEXT NOT NULL,
    PRIMARY KEY (run, number, reviewer),
    FOREIGN KEY (run, number) REFERENCES run_approvals (run, number)
);
CREATE INDEX run_reviewers_reviewer ON run_reviewers (reviewer);

CREATE TABLE run_reviews (
    run TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- The user of the catalog, whichever of their accounts they sign in with: one person counts once.
    person TEXT NOT NULL,
    approves BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    reviewed_at BIGINT NOT NULL,
    PRIMARY KEY (run, number, person),
    FOREIGN KEY (run, number) REFERENCES run_approvals (run, number)
);

-- When those who may approve it were told.
ALTER TABLE runs ADD COLUMN reviewers_told_at BIGINT;
