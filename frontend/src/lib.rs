//! Starts the islands in the browser; everything else is HTML from the server.

// Without this the linker drops the islands' exports (leptos #2083).
#[allow(unused_imports)]
use app::*;

/// Called by `slipway.js` once the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
