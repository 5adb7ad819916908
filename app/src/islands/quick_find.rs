//! Find by name from every page: ⌘K or Ctrl-K, type, Enter. Without a script it is the catalog's text filter.

use std::time::Duration;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use model::catalog::Suggestion;

use crate::calls::catalog::suggest;

/// How long somebody pauses before the server is asked.
const PAUSE: Duration = Duration::from_millis(60);

/// What is typed, what was found, and which of it is chosen.
#[derive(Clone, Copy)]
struct Finder {
    input: NodeRef<Input>,
    found: RwSignal<Vec<Suggestion>>,
    chosen: RwSignal<Option<usize>>,
    open: RwSignal<bool>,
    /// What stands in place of the list: nothing found, or an error.
    note: RwSignal<Option<String>>,
    /// Grows with each key, so that a late answer does not replace a newer one.
    asked: StoredValue<u32>,
}

/// The search box: large and with focus on the home page, small in the top bar elsewhere.
#[island]
pub fn QuickFind(prominent: bool) -> impl IntoView {
    let finder = Finder {
        input: NodeRef::new(),
        found: RwSignal::new(Vec::new()),
        chosen: RwSignal::new(None),
        open: RwSignal::new(false),
        note: RwSignal::new(None),
        asked: StoredValue::new(0),
    };
    Effect::new(move |_| {
        let listening = window_event_listener(ev::keydown, move |event| {
            if (event.meta_key() || event.ctrl_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                if let Some(input) = finder.input.get_untracked() {
                    let _ = input.focus();
                    input.select();
                }
            }
        });
        on_cleanup(move || listening.remove());
    });
    let class = if prominent { "search search-prominent" } else { "search" };
    view! {
        <form class=class action="/catalog" method="get" role="search" on:focusout=move |event| finder.left(&event)>
            <div class="search-box">
                <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                    <path d="m21 21-4.34-4.34"/>
                    <circle cx="11" cy="11" r="8"/>
                </svg>
                <input
                    node_ref=finder.input
                    class="search-input"
                    type="search"
                    name="q"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="Find a service, API or team"
                    aria-label="Find a service, API or team"
                    autofocus=prominent
                    role="combobox"
                    aria-autocomplete="list"
                    aria-controls="quick-find"
                    aria-expanded=move || if finder.open.get() { "true" } else { "false" }
                    aria-activedescendant=move || finder.chosen.get().map(|at| format!("quick-find-{at}"))
                    on:input=move |event| finder.typed(event_target_value(&event))
                    on:keydown=move |event| finder.pressed(&event)
                />
                <kbd class="search-key key" aria-hidden="true">"Ctrl K"</kbd>
            </div>
            <div class="search-list" hidden=move || !finder.open.get()>
                <div id="quick-find" role="listbox" aria-label="Found">
                    {move || finder.options()}
                </div>
                <p class="search-note" role="status" hidden=move || finder.note.get().is_none()>
                    {move || finder.note.get()}
                </p>
            </div>
        </form>
    }
}

impl Finder {
    fn typed(self, text: String) {
        self.asked.update_value(|asked| *asked += 1);
        let asked = self.asked.get_value();
        if text.trim().is_empty() {
            self.close();
            return;
        }
        set_timeout(
            move || {
                if self.asked.get_value() == asked {
                    spawn_local(self.ask(text, asked));
                }
            },
            PAUSE,
        );
    }

    async fn ask(self, text: String, asked: u32) {
        let answer = suggest(text.clone()).await;
        if self.asked.get_value() != asked {
            return;
        }
        let (found, note) = match answer {
            Ok(found) if found.is_empty() => {
                (found, Some(format!("Nothing is called “{}”. Enter searches descriptions too.", text.trim())))
            }
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error.0)),
        };
        self.chosen.set(None);
        self.found.set(found);
        self.note.set(note);
        self.open.set(true);
    }

    fn pressed(self, event: &web_sys::KeyboardEvent) {
        let last = self.found.with_untracked(Vec::len).checked_sub(1);
        let chosen = self.chosen.get_untracked();
        match (event.key().as_str(), last) {
            ("ArrowDown", Some(last)) => {
                event.prevent_default();
                self.open.set(true);
                self.chosen.set(Some(chosen.map_or(0, |at| if at == last { 0 } else { at + 1 })));
            }
            ("ArrowUp", Some(last)) => {
                event.prevent_default();
                self.chosen.set(Some(chosen.map_or(last, |at| at.checked_sub(1).unwrap_or(last))));
            }
            ("Enter", Some(_)) => {
                let address = chosen
                    .and_then(|at| self.found.with_untracked(|found| found.get(at).map(|one| one.address.clone())));
                if let Some(address) = address {
                    event.prevent_default();
                    let _ = window().location().set_href(&address);
                }
            }
            ("Escape", _) => self.close(),
            _ => {}
        }
    }

    fn left(self, event: &web_sys::FocusEvent) {
        // A press on an option takes the focus away, too: that one closes by leaving the page.
        if event.related_target().is_none() {
            set_timeout(move || self.open.set(false), Duration::from_millis(150));
        } else {
            self.open.set(false);
        }
    }

    fn close(self) {
        self.open.set(false);
        self.chosen.set(None);
        self.found.set(Vec::new());
        self.note.set(None);
    }

    fn options(self) -> AnyView {
        let options = self.found.get().into_iter().enumerate().map(|(at, one)| {
            let address = one.address;
            view! {
                <div
                    class="search-option"
                    role="option"
                    id=format!("quick-find-{at}")
                    aria-selected=move || if self.chosen.get() == Some(at) { "true" } else { "false" }
                    on:mousemove=move |_| self.chosen.set(Some(at))
                    on:mousedown=move |event| {
                        event.prevent_default();
                        let _ = window().location().set_href(&address);
                    }
                >
                    <span class="search-option-name">{one.label}</span>
                    <span class="search-option-kind">{one.kind}</span>
                    {one.description.map(|text| view! { <span class="search-option-about">{text}</span> })}
                </div>
            }
        });
        options.collect_view().into_any()
    }
}
