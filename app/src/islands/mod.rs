//! The parts of pages that live in the browser. Each is useful HTML before it does.

mod quick_find;
mod sync_progress;

pub use quick_find::QuickFind;
pub use sync_progress::SyncProgress;
