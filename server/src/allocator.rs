//! Memory that a large sync used is given back to the system when it ends.
//!
//! The system's own allocator keeps it, and mimalloc returns it only when something else is allocated, and in whole huge
//! pages while it may use them (a feature of the crate turns them off). Measured with 500 repositories, resident after
//! the first sync: 185 MB as it comes, 67 MB so.

use std::time::Duration;

use portal::{Portal, jobs};
use tokio::time::timeout;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 3 (`mi_option_e` in `mimalloc.h`), milliseconds; the crate has no name for it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// What it is when nobody sets it: right for many small requests.
const USUAL_DELAY: std::ffi::c_long = 1000;

/// How long a thread that read repositories waits for more before it ends; until then it holds what it freed.
pub const IDLE_THREAD: Duration = Duration::from_millis(500);

/// No job has reported anything for so long: what they used is free.
const QUIET: Duration = Duration::from_millis(1000);

/// While jobs run, freed pages go back at once, since other threads than the one that cleans up here hold them; when all
/// are quiet, what is left goes back too. Lives as long as the process.
pub async fn give_back_after_jobs(portal: Portal) {
    let mut changes = jobs::watch(&portal);
    while changes.changed().await.is_ok() {
        set_purge_delay(0);
        while let Ok(Ok(())) = timeout(QUIET, changes.changed()).await {}
        collect();
        set_purge_delay(USUAL_DELAY);
    }
}

/// For a process that ends soon: all goes back then, at once.
pub fn give_nothing_back() {
    set_purge_delay(-1);
}

#[allow(unsafe_code)]
fn set_purge_delay(milliseconds: std::ffi::c_long) {
    // SAFETY: stores one number, which the allocator reads atomically, in an option that this version has.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) }
}

#[allow(unsafe_code)]
fn collect() {
    // SAFETY: may be called from any thread at any time; touches no live block.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

#[cfg(test)]
mod tests {
    /// Another version of the allocator may number its options differently.
    #[test]
    #[allow(unsafe_code)]
    fn the_option_is_the_purge_delay() {
        // SAFETY: reads one number.
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(super::PURGE_DELAY) }, super::USUAL_DELAY);
    }
}
