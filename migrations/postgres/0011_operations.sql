-- What running a portal for years needs: tokens of services, and people who want to be known no longer.

-- Of a service's token, in whose name nobody acts; none for a person's. What it may read: `public`, `signed-in`, `everything`.
ALTER TABLE tokens ADD COLUMN reads TEXT;
-- Who answers for it: a group of the catalog, or words.
ALTER TABLE tokens ADD COLUMN owner TEXT;

-- People whose names were taken out of the log. A row is open while that happens, and in that time alone an entry may be
-- changed: where it then holds the pseudonym, or no address any more.
CREATE TABLE audit_pseudonyms (
    pseudonym TEXT NOT NULL PRIMARY KEY,
    account TEXT,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE FUNCTION audit_notes_pseudonym() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit (id, recorded_at, actor, action, target, account)
    VALUES (upper(replace(gen_random_uuid()::text, '-', '')), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
            'database', 'audit.pseudonymise', NEW.pseudonym, NEW.account);
    RETURN NULL;
END;
$$;
CREATE FUNCTION audit_pseudonym_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was done to the audit log cannot be taken back';
END;
$$;
CREATE TRIGGER audit_pseudonym_is_audited AFTER INSERT ON audit_pseudonyms FOR EACH ROW EXECUTE FUNCTION audit_notes_pseudonym();
CREATE TRIGGER audit_pseudonym_stays BEFORE DELETE OR TRUNCATE ON audit_pseudonyms
    FOR EACH STATEMENT EXECUTE FUNCTION audit_pseudonym_refuses();
CREATE TRIGGER audit_pseudonym_closes_once BEFORE UPDATE ON audit_pseudonyms FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR NEW.pseudonym <> OLD.pseudonym
          OR NEW.opened_at <> OLD.opened_at OR NEW.account IS DISTINCT FROM OLD.account)
    EXECUTE FUNCTION audit_pseudonym_refuses();

CREATE FUNCTION audit_allows_pseudonyms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.recorded_at <> OLD.recorded_at OR NEW.action <> OLD.action
       OR NEW.request IS DISTINCT FROM OLD.request OR NEW.account IS DISTINCT FROM OLD.account
       OR NOT EXISTS (
          SELECT 1 FROM audit_pseudonyms p WHERE p.closed_at IS NULL
             AND (NEW.actor = OLD.actor OR strpos(NEW.actor, p.pseudonym) > 0)
             AND (NEW.target = OLD.target OR strpos(NEW.target, p.pseudonym) > 0)
             AND (NEW.value_before IS NOT DISTINCT FROM OLD.value_before OR strpos(COALESCE(NEW.value_before, ''), p.pseudonym) > 0)
             AND (NEW.value_after IS NOT DISTINCT FROM OLD.value_after OR strpos(COALESCE(NEW.value_after, ''), p.pseudonym) > 0)
             AND (NEW.address IS NOT DISTINCT FROM OLD.address OR NEW.address IS NULL AND OLD.account = p.account)) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN NEW;
END;
$$;
DROP TRIGGER audit_is_not_changed ON audit;
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses();
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_allows_pseudonyms();
