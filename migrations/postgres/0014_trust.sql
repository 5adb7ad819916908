-- Which templates may execute what they bring: a repository at one commit, as an administrator decided.

CREATE TABLE template_trust (
    repository TEXT NOT NULL REFERENCES repositories (id),
    commit_id TEXT NOT NULL,
    trusted_by TEXT NOT NULL,
    trusted_at BIGINT NOT NULL,
    PRIMARY KEY (repository, commit_id)
);
