//! What stands at the beginning of a backup.

use serde::{Deserialize, Serialize};

/// The only format there is.
pub const FORMAT: u32 = 1;
pub const NAME: &str = "manifest.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that wrote it.
    pub slipway: String,
    /// The last step of the schema that its rows have.
    pub schema: i64,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// Milliseconds since 1970 in UTC.
    pub made_at: i64,
    /// Private keys are in it.
    pub with_keys: bool,
    /// In the order in which they are brought back.
    pub members: Vec<Member>,
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `tables/accounts.jsonl`, `keys/apps/github.com-1/key.pem`
    pub path: String,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
    /// Of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.members.iter().filter_map(|member| member.rows).sum()
    }
}

impl Member {
    /// The table whose rows it has.
    pub fn table(&self) -> Option<&str> {
        self.path.strip_prefix("tables/")?.strip_suffix(".jsonl")
    }

    /// Where it is in the data folder, of a private key.
    pub fn key(&self) -> Option<&str> {
        self.path.strip_prefix(KEYS)
    }
}

/// Below which private keys are.
pub const KEYS: &str = "keys/";

/// `slipway-2026-01-31T120000Z.tar.gz`
pub fn file_name(now: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    format!("slipway-{}.tar.gz", time.strftime("%Y-%m-%dT%H%M%SZ"))
}
