-- Who signs in, with what they stay signed in, and what they may read. Secrets are here as SHA-256 or argon2id only.

-- A person as a provider knows them: the pair of issuer and subject. One account is one person; it is never merged.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- The provider's name in the configuration: `local`, `demo`, `okta`.
    provider TEXT NOT NULL,
    -- As the provider said last.
    name TEXT NOT NULL,
    email TEXT,
    email_verified BOOLEAN NOT NULL,
    -- At the forge, lower-case, and the forge's host; none where no provider vouches for it.
    login TEXT,
    forge TEXT,
    -- JSON list: the groups that the provider says.
    groups TEXT NOT NULL,
    -- Of a local account: it is a platform administrator.
    administrator BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    -- When the provider last vouched for it.
    vouched_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject);

CREATE TABLE passwords (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- PHC string of argon2id.
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One-time links for the first administrator, or for one who has lost the password.
CREATE TABLE invitations (
    hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    -- Names it on pages; nothing can be done with it but ending it.
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    -- Written at most once a minute.
    seen_at BIGINT NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);

-- Sign-ins that are under way at a provider. What the browser's cookie and the provider's answer have to fit to follows from
-- the cookie alone, so that nothing in here helps anybody.
CREATE TABLE sign_ins (
    state_hash TEXT NOT NULL PRIMARY KEY,
    -- Its name in the configuration.
    provider TEXT NOT NULL,
    return_to TEXT NOT NULL,
    -- It only tests the connection, and signs nobody in.
    test BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);

-- What such a test has found, for the page that shows it.
CREATE TABLE sign_in_tests (
    id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    -- JSON, without tokens.
    outcome TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    -- Whose it is; none for a service's.
    account TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- Words with spaces between: `read`, `write`.
    scopes TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Written at most once a minute.
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX tokens_account ON tokens (account);

-- The repositories with visibility `readers` that an account may read, as its forge was last mirrored.
CREATE TABLE account_repositories (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    repository TEXT NOT NULL,
    PRIMARY KEY (account, repository)
);

-- From where, and as which account: the actor's name is for people.
ALTER TABLE audit ADD COLUMN account TEXT;
ALTER TABLE audit ADD COLUMN address TEXT;
CREATE INDEX audit_recorded_at ON audit (recorded_at, id);

-- What is older may be deleted; nothing else ever, and nothing is changed.
CREATE TABLE audit_floor (
    only_one BIGINT NOT NULL PRIMARY KEY CHECK (only_one = 1),
    floor_at BIGINT NOT NULL
);
INSERT INTO audit_floor (only_one, floor_at) VALUES (1, 0);
CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END;
$$;
CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.recorded_at >= (SELECT floor_at FROM audit_floor) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN OLD;
END;
$$;
CREATE FUNCTION audit_notes_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (id, recorded_at, actor, action, target, value_before, value_after)
    VALUES (upper(replace(gen_random_uuid()::text, '-', '')), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
            'database', 'audit.floor', 'audit', OLD.floor_at::text, NEW.floor_at::text);
    RETURN NULL;
END;
$$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keeps();
CREATE TRIGGER audit_floor_is_audited AFTER UPDATE ON audit_floor FOR EACH ROW EXECUTE FUNCTION audit_notes_floor();
CREATE TRIGGER audit_floor_stays BEFORE DELETE OR TRUNCATE ON audit_floor FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
