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
CREATE TRIGGER audit_pseudonym_is_audited AFTER INSERT ON audit_pseudonyms
BEGIN
    INSERT INTO audit (id, recorded_at, actor, action, target, account)
    VALUES (hex(randomblob(16)), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), 'database', 'audit.pseudonymise',
            NEW.pseudonym, NEW.account);
END;
CREATE TRIGGER audit_pseudonym_stays BEFORE DELETE ON audit_pseudonyms
BEGIN
    SELECT RAISE(ABORT, 'what was done to the audit log cannot be taken back');
END;
CREATE TRIGGER audit_pseudonym_closes_once BEFORE UPDATE ON audit_pseudonyms
WHEN OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR NEW.pseudonym <> OLD.pseudonym
     OR NEW.opened_at <> OLD.opened_at OR NEW.account IS NOT OLD.account
BEGIN
    SELECT RAISE(ABORT, 'what was done to the audit log cannot be taken back');
END;

DROP TRIGGER audit_is_not_changed;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
WHEN NEW.id <> OLD.id OR NEW.recorded_at <> OLD.recorded_at OR NEW.action <> OLD.action OR NEW.request IS NOT OLD.request
     OR NEW.account IS NOT OLD.account
     OR NOT EXISTS (
        SELECT 1 FROM audit_pseudonyms p WHERE p.closed_at IS NULL
           AND (NEW.actor = OLD.actor OR instr(NEW.actor, p.pseudonym) > 0)
           AND (NEW.target = OLD.target OR instr(NEW.target, p.pseudonym) > 0)
           AND (NEW.value_before IS OLD.value_before OR instr(COALESCE(NEW.value_before, ''), p.pseudonym) > 0)
           AND (NEW.value_after IS OLD.value_after OR instr(COALESCE(NEW.value_after, ''), p.pseudonym) > 0)
           AND (NEW.address IS OLD.address OR NEW.address IS NULL AND OLD.account = p.account))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
