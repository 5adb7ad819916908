-- A delivery names repositories by their stable keys, and is answered without reading all of them.
CREATE INDEX repositories_stable_key ON repositories (stable_key);
-- Those that have to be read for the sake of others are few.
CREATE INDEX repositories_asked ON repositories (id) WHERE wanted <> drafted_with;
-- When all of a source at a forge was listed, and a digest of what was wanted of it then: with `standing` and the rows of
-- `forge_answers` a restart goes on from there.
ALTER TABLE forge_accounts ADD COLUMN listed_at BIGINT;
ALTER TABLE forge_accounts ADD COLUMN wanted TEXT;
-- A digest of what was configured when the doctor looked: a report is old once it is another.
ALTER TABLE doctor_reports ADD COLUMN configuration TEXT;
