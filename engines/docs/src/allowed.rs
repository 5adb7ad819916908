//! What may stand in a rendered document. ammonia has the last word, with the lists below.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use crate::{ID_PREFIX, address, highlight};

/// No landmarks (`nav`, `header`, …): those are the page's. No `style`, no forms, no media, nothing foreign.
const TAGS: [&str; 67] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
];

const GENERIC: [&str; 6] = ["align", "class", "dir", "id", "lang", "title"];

const ATTRIBUTES: [(&str, &[&str]); 20] = [
    ("a", &["aria-label", "href"]),
    ("blockquote", &["cite"]),
    ("col", &["span", "width"]),
    ("colgroup", &["span", "width"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    ("img", &["alt", "height", "loading", "sizes", "src", "srcset", "width"]),
    ("input", &["aria-label", "checked", "disabled"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["reversed", "start", "type"]),
    ("q", &["cite"]),
    ("source", &["media", "sizes", "srcset", "type"]),
    ("table", &["width"]),
    ("td", &["colspan", "rowspan", "valign", "width"]),
    ("th", &["colspan", "rowspan", "scope", "valign", "width"]),
    ("time", &["datetime"]),
    ("tr", &["valign"]),
    ("pre", &[]),
    ("div", &[]),
];

/// Attributes that may have one value only.
const VALUES: [(&str, &str, &str); 3] =
    [("input", "type", "checkbox"), ("pre", "tabindex", "0"), ("div", "tabindex", "0")];

const CLASSES: [&str; 14] = [
    "footnote-backref",
    "footnote-reference",
    "footnotes",
    "markdown-alert",
    "markdown-alert-caution",
    "markdown-alert-important",
    "markdown-alert-note",
    "markdown-alert-tip",
    "markdown-alert-title",
    "markdown-alert-warning",
    "missing-link",
    "outside-image",
    "table-scroll",
    "task-list-item",
];

static TAG_SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| TAGS.into_iter().collect());

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let attributes: HashMap<_, HashSet<_>> =
        ATTRIBUTES.into_iter().map(|(tag, names)| (tag, names.iter().copied().collect())).collect();
    let values =
        VALUES.into_iter().map(|(tag, name, value)| (tag, HashMap::from([(name, HashSet::from([value]))]))).collect();
    let mut builder = Builder::empty();
    builder
        .tags(TAG_SET.clone())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .generic_attributes(HashSet::from(GENERIC))
        .tag_attributes(attributes)
        .tag_attribute_values(values)
        .url_schemes(HashSet::from(address::SCHEMES))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("nofollow noopener noreferrer"))
        .id_prefix(Some(ID_PREFIX))
        .attribute_filter(attribute);
    builder
});

/// Whether an element of this name may stand in a document.
pub fn tag(name: &str) -> bool {
    TAG_SET.contains(name)
}

/// Takes out everything that is not in the lists.
pub fn clean(html: &str) -> String {
    SANITISER.clean(html).to_string()
}

/// What ammonia does not look at by itself: classes, and addresses in `cite` and `srcset`.
fn attribute<'v>(_tag: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    match name {
        "class" => {
            let kept: Vec<_> = value.split_ascii_whitespace().filter(|class| is_class(class)).collect();
            (!kept.is_empty()).then(|| kept.join(" ").into())
        }
        "cite" => address::is_web(value).then_some(value.into()),
        "srcset" => address::is_harmless_set(value).then_some(value.into()),
        _ => Some(value.into()),
    }
}

fn is_class(class: &str) -> bool {
    class.starts_with("language-") || CLASSES.contains(&class) || highlight::CLASSES.contains(&class)
}
