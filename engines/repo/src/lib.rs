//! Reads one Git repository at the head of its default branch: finds repositories, walks the tree, says which files may
//! speak, and gathers what Git already knows.
//!
//! Invariant: everything that is read is untrusted. Nothing is executed, no configuration but what the repository's
//! format needs is heeded, no link is followed, and every read is bounded.

pub mod address;
mod authors;
pub mod classify;
pub mod codeowners;
mod error;
mod facts;
mod find;
mod head;
mod memory;
mod objects;
mod repository;
mod revision;
mod scan;
mod snapshot;
mod tree;
mod walk;

pub use address::address;
pub use authors::{Author, Changes};
pub use error::{OpenError, ReadError};
pub use facts::{Bots, FactOptions, facts, plain_text, release_licences};
pub use find::{FindError, FindLimits, Found, FoundRepository, find};
pub use memory::MemoryTree;
pub use repository::{HeadEntry, HeadFile, Repository};
pub use revision::{LogEntry, RevisionFile};
pub use scan::ScanCache;
pub use snapshot::{Snapshot, SnapshotLimits, SnapshotOptions};
pub use tree::{Blob, File, FileKind, Tree};
