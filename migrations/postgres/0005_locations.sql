-- What the descriptors of a source may declare, and the files that Locations of other repositories name.

ALTER TABLE sources ADD COLUMN trusted BOOLEAN NOT NULL DEFAULT FALSE;
-- As in references, separated by commas.
ALTER TABLE sources ADD COLUMN kinds TEXT NOT NULL DEFAULT '';

-- JSON lists of paths and patterns: those that the last linking asked for, and those with which the draft was made.
ALTER TABLE repositories ADD COLUMN wanted TEXT NOT NULL DEFAULT '[]';
ALTER TABLE repositories ADD COLUMN drafted_with TEXT NOT NULL DEFAULT '[]';
