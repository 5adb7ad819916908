//! Addresses of pages: the state of a list is its address, and only what differs from the default stands in it.

use std::collections::BTreeMap;

use model::catalog::{CatalogFilter, Field, Sort};
use model::docs::DocsEntry;
use model::repository::Standing;
use model::{EntityRef, Kind};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use portal::repositories::{RepositoryFilter, RepositorySort};

/// What is encoded in a segment of a path (WHATWG's path set, with `/`, `%` and `'`).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b'%')
    .add(b'\'');
/// What is encoded in a value of a query.
const VALUE: &AsciiSet = &SEGMENT.add(b'&').add(b'=').add(b'+').add(b';');
/// The most values of one field that are read.
const MOST_VALUES: usize = 50;
/// The longest text filter that is read, in characters.
const LONGEST_TEXT: usize = 200;

/// The address if it is one of this site, so that a form's way back cannot lead elsewhere.
pub fn own(address: &str) -> Option<&str> {
    let own = address.starts_with('/')
        && !address.starts_with("//")
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    own.then_some(address)
}

/// One segment of a path.
pub fn segment(text: &str) -> String {
    match text {
        // A browser would walk up or stay.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}

/// A value of a query.
pub fn value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// A path with `/` between its segments.
pub fn path(text: &str) -> String {
    text.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The page of an entity.
pub fn entity(reference: &EntityRef) -> String {
    format!("/catalog/{}/{}/{}", segment(&reference.namespace), segment(&reference.kind), segment(&reference.name))
}

/// The page of a repository.
pub fn repository(slug: &str) -> String {
    format!("/repositories/{}", segment(slug))
}

/// The page of a file in a repository, at a line where one is meant.
pub fn file(slug: &str, file: &str, line: Option<u32>) -> String {
    let mut address = format!("{}/files/{}", repository(slug), path(file));
    if let Some(line) = line {
        address.push_str(&format!("#L{line}"));
    }
    address
}

/// The documentation of an entity.
pub fn docs(reference: &EntityRef) -> String {
    format!("/docs/{}/{}/{}", segment(&reference.namespace), segment(&reference.kind), segment(&reference.name))
}

/// A documentation folder: as that of its entity, or by its place.
pub fn docs_entry(entry: &DocsEntry) -> String {
    match &entry.entity {
        Some(row) => docs(&row.reference),
        None if entry.folder.is_empty() => format!("{}/docs", repository(&entry.repository)),
        None => format!("{}/docs/{}", repository(&entry.repository), path(&entry.folder)),
    }
}

/// The list of all documentation.
pub fn docs_list(text: &str, page: usize) -> String {
    let mut query = Query::default();
    query.add_unless_empty("q", text);
    if page > 1 {
        query.add("page", &page.to_string());
    }
    with_query("/docs", &query.0)
}

/// The catalog narrowed to one value of one field.
pub fn catalog_with(field: Field, value: &str) -> String {
    format!("/catalog?{}={}", field.key(), utf8_percent_encode(value, VALUE))
}

/// The catalog narrowed to the components of one type.
pub fn components_of_type(value: &str) -> String {
    format!("/catalog?kind={}&type={}", Kind::Component.lower(), utf8_percent_encode(value, VALUE))
}

/// The pairs of a query, decoded, in their order.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// What a catalog address asks for. Unknown keys and values that cannot be are left out, never an error.
pub fn catalog_filter(query: &str) -> CatalogFilter {
    let mut filter = CatalogFilter::default();
    for (key, value) in pairs(query) {
        match key.as_str() {
            "q" => filter.text = value.trim().chars().take(LONGEST_TEXT).collect(),
            "sort" => (filter.sort, filter.descending) = sort(&value, Sort::parse).unwrap_or_default(),
            "page" => filter.page = value.parse().unwrap_or(1).max(1),
            "per_page" => {
                filter.per_page = value
                    .parse()
                    .ok()
                    .filter(|size| CatalogFilter::PAGE_SIZES.contains(size))
                    .unwrap_or(filter.per_page);
            }
            _ => {
                let Some(field) = Field::parse(&key).filter(|_| !value.is_empty()) else { continue };
                let values: &mut Vec<String> = filter.fields.entry(field).or_default();
                if values.len() < MOST_VALUES && !values.contains(&value) {
                    values.push(value);
                }
            }
        }
    }
    filter
}

/// The query of a catalog list, without `?`; empty for the whole catalog.
pub fn catalog_query(filter: &CatalogFilter) -> String {
    let mut query = Query::default();
    query.add_unless_empty("q", &filter.text);
    for (field, values) in &filter.fields {
        for value in values {
            query.add(field.key(), value);
        }
    }
    if filter.sort != Sort::default() || filter.descending {
        query.add("sort", &sort_value(filter.sort.key(), filter.descending));
    }
    if filter.per_page != CatalogFilter::default().per_page {
        query.add("per_page", &filter.per_page.to_string());
    }
    if filter.page > 1 {
        query.add("page", &filter.page.to_string());
    }
    query.0
}

/// The address of a catalog list.
pub fn catalog(filter: &CatalogFilter) -> String {
    with_query("/catalog", &catalog_query(filter))
}

/// The same list with a value of a field chosen, or no longer; from its first page.
pub fn toggled(filter: &CatalogFilter, field: Field, value: &str) -> CatalogFilter {
    let mut filter = CatalogFilter { page: 1, ..filter.clone() };
    let values = filter.fields.entry(field).or_default();
    match values.iter().position(|chosen| chosen == value) {
        Some(at) => {
            values.remove(at);
        }
        None => values.push(value.to_owned()),
    }
    filter.fields.retain(|_, values| !values.is_empty());
    filter
}

/// What an address of the list of repositories asks for.
pub fn repository_filter(query: &str) -> RepositoryFilter {
    let mut filter = RepositoryFilter::default();
    for (key, value) in pairs(query) {
        match key.as_str() {
            "q" => filter.text = value.trim().chars().take(LONGEST_TEXT).collect(),
            "standing" => filter.standings.extend(Standing::parse(&value)),
            "source" => filter.source = Some(value).filter(|source| !source.is_empty()),
            "out-of-sight" => filter.out_of_sight = value == "yes",
            "sort" => (filter.sort, filter.descending) = sort(&value, RepositorySort::parse).unwrap_or_default(),
            "page" => filter.page = value.parse().unwrap_or(1).max(1),
            _ => {}
        }
    }
    filter.standings.dedup();
    filter
}

/// The address of a list of repositories.
pub fn repositories(filter: &RepositoryFilter) -> String {
    let mut query = Query::default();
    query.add_unless_empty("q", &filter.text);
    for standing in &filter.standings {
        query.add("standing", standing.as_str());
    }
    query.add_unless_empty("source", filter.source.as_deref().unwrap_or_default());
    if filter.out_of_sight {
        query.add("out-of-sight", "yes");
    }
    if filter.sort != RepositorySort::default() || filter.descending {
        query.add("sort", &sort_value(filter.sort.key(), filter.descending));
    }
    if filter.page > 1 {
        query.add("page", &filter.page.to_string());
    }
    with_query("/repositories", &query.0)
}

/// An address with a query of these pairs.
pub fn of_pairs<'a>(path: &str, pairs: impl Iterator<Item = &'a (&'static str, String)>) -> String {
    let mut query = Query::default();
    for (key, value) in pairs {
        query.add(key, value);
    }
    with_query(path, &query.0)
}

/// The page of a template.
pub fn template(reference: &EntityRef) -> String {
    format!("/templates/{}/{}", segment(&reference.namespace), segment(&reference.name))
}

/// The page of a run.
pub fn run(id: &str) -> String {
    format!("/runs/{}", segment(id))
}

/// The page of a change.
pub fn change(id: &str) -> String {
    format!("/changes/{}", segment(id))
}

/// `name`, or `-name` from the end.
fn sort<T>(value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<(T, bool)> {
    match value.strip_prefix('-') {
        Some(value) => parse(value).map(|sort| (sort, true)),
        None => parse(value).map(|sort| (sort, false)),
    }
}

fn sort_value(key: &str, descending: bool) -> String {
    if descending { format!("-{key}") } else { key.to_owned() }
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[derive(Default)]
struct Query(String);

impl Query {
    fn add(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(key);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, VALUE));
    }

    fn add_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.add(key, value);
        }
    }
}

/// The first value of each key of a query.
pub fn first_values(query: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (key, value) in pairs(query) {
        values.entry(key).or_insert(value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_cannot_lead_away() {
        for ours in ["/", "/unsure?page=2", "/catalog?kind=api&q=a%20b"] {
            assert_eq!(own(ours), Some(ours));
        }
        for foreign in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nset-cookie: x=y", "/\0"]
        {
            assert_eq!(own(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn an_address_says_what_the_list_shows_and_nothing_else() {
        let table = [
            ("", ""),
            ("q=pay+ments", "q=pay%20ments"),
            ("kind=api&kind=component&kind=api", "kind=api&kind=component"),
            ("sort=-activity&page=3&per_page=50", "sort=-activity&per_page=50&page=3"),
            ("page=0&per_page=7&sort=colour&colour=red&owner=", ""),
            ("tag=c%2B%2B&tag=a%26b", "tag=c%2B%2B&tag=a%26b"),
        ];
        for (asked, kept) in table {
            assert_eq!(catalog_query(&catalog_filter(asked)), kept, "{asked}");
        }
    }

    #[test]
    fn choosing_twice_is_not_choosing() {
        let all = catalog_filter("page=4&q=x");
        let one = toggled(&all, Field::Kind, "api");
        assert_eq!(catalog(&one), "/catalog?q=x&kind=api");
        assert_eq!(catalog(&toggled(&one, Field::Kind, "api")), "/catalog?q=x");
    }

    #[test]
    fn repositories_keep_their_state_too() {
        let filter = repository_filter("q=ship&standing=failed&standing=nonsense&out-of-sight=yes&sort=-size&page=2");
        assert_eq!(repositories(&filter), "/repositories?q=ship&standing=failed&out-of-sight=yes&sort=-size&page=2");
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        let reference = EntityRef::new("component", "default", "../a b?c");
        assert_eq!(entity(&reference), "/catalog/default/component/..%2Fa%20b%3Fc");
        assert_eq!(file("shop-web", "docs/../x#y.md", Some(3)), "/repositories/shop-web/files/docs/%2E%2E/x%23y.md#L3");
    }
}
