-- What the doctor found last: one row a source, and one with an empty name for Slipway itself.
CREATE TABLE doctor_reports (
    source TEXT NOT NULL PRIMARY KEY,
    checked_at BIGINT NOT NULL,
    -- JSON.
    body TEXT NOT NULL
);

-- GitHub Apps that somebody is about to register: the state that the forge sends back, until it does.
CREATE TABLE app_registrations (
    -- SHA-256 of the state, in hexadecimal; the state itself is known to one browser and the forge only.
    state_hash TEXT NOT NULL PRIMARY KEY,
    -- Of Enterprise Server; none for github.com.
    url TEXT,
    owner TEXT NOT NULL,
    organisation BOOLEAN NOT NULL,
    -- It may write, too.
    writes BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);

-- GitHub Apps that were registered from here. Their keys are files in the data folder.
CREATE TABLE registered_apps (
    -- Host and number, and the name of the folder.
    key TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    name TEXT NOT NULL,
    html_url TEXT NOT NULL,
    url TEXT,
    owner TEXT NOT NULL,
    organisation BOOLEAN NOT NULL,
    -- Whether there is a file with the secret of its webhook.
    webhook BOOLEAN NOT NULL,
    registered_at BIGINT NOT NULL
);
