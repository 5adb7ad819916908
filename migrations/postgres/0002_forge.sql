-- What a forge says beyond Git: facts of repositories, what is out of sight, people and their rights; and what is kept of
-- its answers, so that a restart costs nothing. People and rights come from the forge alone, and so carry authority.

-- JSON of the forge's facts.
ALTER TABLE repositories ADD COLUMN forge TEXT;
-- When somebody last pushed, as the forge said; by itself, since it moves often and concerns nothing else.
ALTER TABLE repositories ADD COLUMN pushed_at BIGINT;
-- Out of sight: since when, whether it is `gone` or `hidden` as far as can be told, and why, for a person.
ALTER TABLE repositories ADD COLUMN unseen_since BIGINT;
ALTER TABLE repositories ADD COLUMN unseen_as TEXT;
ALTER TABLE repositories ADD COLUMN unseen_why TEXT;
-- A person's word on that: `waits` for one, or `kept`.
ALTER TABLE repositories ADD COLUMN unseen_word TEXT;
-- JSON: our standing at the forge when it was last in sight.
ALTER TABLE repositories ADD COLUMN seen_under TEXT;
CREATE INDEX repositories_unseen ON repositories (source, unseen_since);

-- One row a source at a forge: of which credentials what follows is (a digest), our standing there, and when its people
-- were last listed (none: they are due).
CREATE TABLE forge_accounts (
    source TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sources (name),
    credentials TEXT NOT NULL,
    standing TEXT,
    people_at BIGINT
);

-- Pages of listings with their validators.
CREATE TABLE forge_answers (
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    listing TEXT COLLATE "C" NOT NULL,
    page BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (source, listing, page)
);

CREATE TABLE forge_teams (
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    -- Seen by its members only.
    secret BOOLEAN NOT NULL,
    parent TEXT,
    PRIMARY KEY (source, slug)
);

-- Of the organisation; logins are lower-case here and below.
CREATE TABLE forge_members (
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    login TEXT COLLATE "C" NOT NULL,
    name TEXT,
    -- An owner of the organisation, who may do everything.
    owner BOOLEAN NOT NULL,
    PRIMARY KEY (source, login)
);

CREATE TABLE forge_team_members (
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    team TEXT COLLATE "C" NOT NULL,
    login TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (source, team, login)
);
CREATE INDEX forge_team_members_login ON forge_team_members (login);

-- Who may read a repository, by its stable key, and what else they may do. A holder is a `team`, a `person`, or `members`:
-- everybody in the organisation.
CREATE TABLE repository_readers (
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name),
    repository TEXT COLLATE "C" NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (source, repository, holder, name)
);
CREATE INDEX repository_readers_repository ON repository_readers (repository);
