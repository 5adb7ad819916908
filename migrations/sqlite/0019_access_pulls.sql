-- What was said of access to pull requests that are open.
CREATE TABLE access_pulls (
    repository TEXT NOT NULL REFERENCES repositories (id),
    number BIGINT NOT NULL,
    -- The component for which the manifest speaks that it proposes, where that can be read.
    component TEXT,
    -- Our comment at the forge, and a hash of what it says.
    comment_id BIGINT,
    comment_hash TEXT NOT NULL,
    -- A hash of what the last check said, and of which commit.
    check_hash TEXT NOT NULL,
    PRIMARY KEY (repository, number)
);
CREATE INDEX access_pulls_component ON access_pulls (component);
