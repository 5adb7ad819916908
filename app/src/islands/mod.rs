//! The parts of pages that live in the browser. Each is useful HTML before it does.

mod live_page;
mod quick_find;
mod sync_progress;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

pub use live_page::LivePage;
pub use quick_find::QuickFind;
pub use sync_progress::SyncProgress;

/// Hears events of this name as long as the page is there; `handle` gets each one's data.
fn listen(events: &web_sys::EventSource, name: &str, handle: impl Fn(&web_sys::EventSource, String) + 'static) {
    let source = events.clone();
    let closure = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
        handle(&source, event.data().as_string().unwrap_or_default());
    });
    let _ = events.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    // Lives as long as the page does.
    closure.forget();
}
