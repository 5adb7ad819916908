//! The way through a documentation folder: sections fold without a script, and the one that is read is open.

use model::docs::NavigationItem;
use portal::docs::DocsView;

use crate::address;
use crate::components::Icon;
use crate::html::Html;

/// A navigation of more lines shows only what is around the page that is read; other sections are a link to their first.
const WHOLE: usize = 300;
/// Lines of one list, around the page that is read.
const WINDOW: usize = 200;

/// The list of everything.
pub fn tree(out: &mut Html, view: &DocsView) {
    let items = &view.site.navigation;
    Tree { view, whole: lines(items) <= WHOLE }.list(out, items);
}

/// Before and behind the page that is read.
pub fn steps(out: &mut Html, view: &DocsView) {
    let ordered = view.site.in_order();
    let Some(at) = ordered.iter().position(|(path, _)| *path == view.page) else { return };
    let before = at.checked_sub(1).and_then(|at| ordered.get(at));
    let after = ordered.get(at + 1);
    if before.is_none() && after.is_none() {
        return;
    }
    out.raw("<nav class=\"steps\" aria-label=\"Previous and next page\">");
    for (step, class, rel, label) in [(before, "step", "prev", "Previous"), (after, "step step-next", "next", "Next")] {
        let Some((path, title)) = step else { continue };
        out.raw("<a").attribute("class", class).attribute("rel", rel).attribute("href", &view.address(path));
        out.raw("><span class=\"step-label\">").raw(label).raw("</span><span class=\"step-title\">").text(title);
        out.raw("</span></a>");
    }
    out.raw("</nav>");
}

struct Tree<'a> {
    view: &'a DocsView,
    whole: bool,
}

impl Tree<'_> {
    fn list(&self, out: &mut Html, items: &[NavigationItem]) {
        let here = items.iter().position(|item| self.holds(item)).unwrap_or(0);
        let start = here.saturating_sub(WINDOW / 2);
        let shown = items.iter().skip(start).take(WINDOW);
        out.raw("<ul class=\"tree\">");
        left_out(out, start);
        for item in shown {
            out.raw("<li>");
            self.item(out, item);
            out.raw("</li>");
        }
        left_out(out, items.len().saturating_sub(start + WINDOW));
        out.raw("</ul>");
    }

    fn item(&self, out: &mut Html, item: &NavigationItem) {
        match item {
            NavigationItem::Page { title, path } => {
                out.raw("<a class=\"reader-link\"").attribute("href", &self.address(path));
                if *path == self.view.page {
                    out.raw(" aria-current=\"page\"");
                }
                out.raw(">").text(title).raw("</a>");
            }
            NavigationItem::Link { title, url } => {
                out.raw("<a class=\"reader-link\" rel=\"noopener nofollow\"").attribute("href", url).raw(">");
                out.text(title).raw(" ");
                Icon::Link.write(out);
                out.raw("</a>");
            }
            NavigationItem::Section { title, items } if self.whole || self.holds(item) => {
                out.raw(if self.holds(item) { "<details open>" } else { "<details>" })
                    .raw("<summary class=\"reader-link\">");
                out.text(title).raw("</summary>");
                self.list(out, items);
                out.raw("</details>");
            }
            NavigationItem::Section { title, items } => match first(items) {
                Some(path) => {
                    out.link(&self.address(path), "reader-link", title);
                }
                None => {
                    out.raw("<span class=\"reader-link\">").text(title).raw("</span>");
                }
            },
        }
    }

    /// A page here, or a file that is no page.
    fn address(&self, path: &str) -> String {
        let site = &self.view.site;
        if site.page(path).is_some() {
            return self.view.address(path);
        }
        let file = if site.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", site.folder) };
        address::file(&self.view.entry.repository, &file, None)
    }

    fn holds(&self, item: &NavigationItem) -> bool {
        match item {
            NavigationItem::Page { path, .. } => *path == self.view.page,
            NavigationItem::Section { items, .. } => items.iter().any(|item| self.holds(item)),
            NavigationItem::Link { .. } => false,
        }
    }
}

fn left_out(out: &mut Html, count: usize) {
    if count > 0 {
        out.raw("<li class=\"reader-folder\">").plain(count).raw(" more</li>");
    }
}

fn first(items: &[NavigationItem]) -> Option<&str> {
    items.iter().find_map(|item| match item {
        NavigationItem::Page { path, .. } => Some(path.as_str()),
        NavigationItem::Section { items, .. } => first(items),
        NavigationItem::Link { .. } => None,
    })
}

fn lines(items: &[NavigationItem]) -> usize {
    let inner = |item: &NavigationItem| if let NavigationItem::Section { items, .. } = item { lines(items) } else { 0 };
    items.iter().map(|item| 1 + inner(item)).sum()
}
