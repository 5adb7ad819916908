-- Of the changes since a manifest was settled: the commits (JSON; `null` where the history was not read), what the forge said of who
-- brought them (JSON), and why it could not be asked.
ALTER TABLE access_manifests ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE access_manifests ADD COLUMN brought TEXT;
ALTER TABLE access_manifests ADD COLUMN trouble TEXT;
