//! A page that follows what it shows. Without a script it is as it was when it was loaded.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::listen;

/// While somebody is at work in the page it is not fetched; then it is looked again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// What is exchanged.
const REGION: &str = "#content .content-inner";

/// Exchanges the page's content for what the server says now, whenever `events` say that it changed, and every `pause`
/// milliseconds at most.
#[island]
pub fn LivePage(events: String, pause: u64) -> impl IntoView {
    Effect::new(move |_| follow(&events, Duration::from_millis(pause)));
}

fn follow(events: &str, pause: Duration) {
    let Ok(events) = web_sys::EventSource::new(events) else { return };
    let page = Rc::new(Page { pause, ..Page::default() });
    listen(&events, "changed", move |_, _| page.is_old());
}

#[derive(Default)]
struct Page {
    pause: Duration,
    /// Something changed since it was fetched.
    old: Cell<bool>,
    /// Somebody will look at it.
    waiting: Cell<bool>,
    /// The text of the region as it was fetched last.
    shown: RefCell<Option<String>>,
}

impl Page {
    fn is_old(self: &Rc<Self>) {
        self.old.set(true);
        if !self.waiting.replace(true) {
            self.look();
        }
    }

    fn look(self: &Rc<Self>) {
        let page = Rc::clone(self);
        if is_busy() {
            set_timeout(move || page.look(), LOOK_AGAIN);
            return;
        }
        self.old.set(false);
        let pause = self.pause;
        spawn_local(async move {
            // A page that cannot be had now is fetched with the next change.
            let _ = page.exchange().await;
            set_timeout(
                move || {
                    page.waiting.set(false);
                    if page.old.get() {
                        page.is_old();
                    }
                },
                pause,
            );
        });
    }

    async fn exchange(&self) -> Result<(), JsValue> {
        let address = window().location().href()?;
        let answer: web_sys::Response = JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
        if !answer.ok() {
            return Ok(());
        }
        let text = JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default();
        let fresh = web_sys::DomParser::new()?.parse_from_string(&text, web_sys::SupportedType::TextHtml)?;
        let (Some(here), Some(there)) = (document().query_selector(REGION)?, fresh.query_selector(REGION)?) else {
            return Ok(());
        };
        let text = there.inner_html();
        if is_busy() || self.shown.borrow().as_ref() == Some(&text) {
            return Ok(());
        }
        let open = unfolded(&here)?;
        // The server says only once what came of a form.
        let flash = here.query_selector(".flash")?;
        here.set_inner_html(&text);
        if let Some(flash) = flash {
            here.prepend_with_node_1(&flash)?;
        }
        unfold(&here, &open)?;
        *self.shown.borrow_mut() = Some(text);
        Ok(())
    }
}

/// Nobody sees it, or somebody has something in hand there.
fn is_busy() -> bool {
    let within = format!("{REGION} :focus, {REGION} input[type=checkbox]:checked, {REGION} leptos-island");
    document().hidden() || document().query_selector(&within).is_ok_and(|found| found.is_some())
}

/// Which of its foldable parts are open, in their order.
fn unfolded(region: &web_sys::Element) -> Result<Vec<bool>, JsValue> {
    Ok(foldable(region)?.iter().map(|part| part.has_attribute("open")).collect())
}

fn unfold(region: &web_sys::Element, open: &[bool]) -> Result<(), JsValue> {
    let parts = foldable(region)?;
    if parts.len() != open.len() {
        return Ok(());
    }
    for (part, open) in parts.iter().zip(open) {
        if *open { part.set_attribute("open", "")? } else { part.remove_attribute("open")? }
    }
    Ok(())
}

fn foldable(region: &web_sys::Element) -> Result<Vec<web_sys::Element>, JsValue> {
    let parts = region.query_selector_all("details")?;
    Ok((0..parts.length()).filter_map(|index| parts.get(index)?.dyn_into().ok()).collect())
}
