-- Documentation folders as they were last read. Derived from Git: may be emptied, and comes back with the next reading.
CREATE TABLE docs_sites (
    -- Its visibility is that of its repository.
    repository TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    -- The folder of the texts, and the one that has them; from the repository's root.
    folder TEXT NOT NULL,
    root TEXT NOT NULL,
    title TEXT,
    pages BIGINT NOT NULL,
    -- JSON: references of the entities that announce it; then all of it.
    entities TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (repository, folder)
);
