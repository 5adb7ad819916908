//! What is asked of the index: one description of a question for lists, counts, facets, suggestions and exports.

use std::collections::BTreeMap;
use std::ops::Bound;

use model::Visibility;
use model::catalog::{CatalogFilter, Field, Sort};
use tantivy::collector::sort_key::{SortByStaticFastValue, SortByString};
use tantivy::collector::{Collector, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, InvertedIndexRangeQuery, Occur, Query, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Order, Searcher, Term};

use super::document::{self, Fields};
use super::row::normal;
use crate::identity::{Actor, Readable};

/// More words than a person writes; the rest is not looked at.
const WORDS: usize = 12;
/// Values of one field that are looked at.
const VALUES: usize = 200;

/// A question to the catalog: which entities. There is no way to ask without saying who may read what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CatalogQuery {
    readable: Readable,
    /// Sorted; each must occur as the beginning of a word. `None`: the text held no word at all, so nothing matches.
    words: Option<Vec<String>>,
    fields: BTreeMap<Field, Vec<String>>,
    without: Vec<(Field, &'static str)>,
    unsure: bool,
}

impl CatalogQuery {
    /// Everything that `actor` may read.
    pub fn all(actor: &Actor) -> Self {
        Self {
            readable: actor.readable().clone(),
            words: Some(Vec::new()),
            fields: BTreeMap::new(),
            without: Vec::new(),
            unsure: false,
        }
    }

    /// What `filter` lets through of that.
    pub fn new(actor: &Actor, filter: &CatalogFilter) -> Self {
        let fields = filter.fields.iter().filter(|(_, values)| !values.is_empty()).map(|(field, values)| {
            let mut values: Vec<String> = values.iter().take(VALUES).map(|value| normal(*field, value)).collect();
            values.sort_unstable();
            values.dedup();
            (*field, values)
        });
        Self { words: words(&filter.text), fields: fields.collect(), ..Self::all(actor) }
    }

    pub fn with_text(self, text: &str) -> Self {
        Self { words: words(text), ..self }
    }

    pub fn with(mut self, field: Field, value: &str) -> Self {
        self.fields.entry(field).or_default().push(value.to_owned());
        self
    }

    pub fn without(mut self, field: Field, value: &'static str) -> Self {
        self.without.push((field, value));
        self
    }

    /// Only those of which a value waits for somebody's word.
    pub fn unsure(self) -> Self {
        Self { unsure: true, ..self }
    }

    pub fn selected(&self, field: Field) -> &[String] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// The same question without its filter on `field`.
    pub fn widened(&self, field: Field) -> Self {
        let mut query = self.clone();
        query.fields.remove(&field);
        query
    }

    pub fn to_tantivy(&self, fields: &Fields) -> Box<dyn Query> {
        let Some(words) = &self.words else {
            return Box::new(EmptyQuery);
        };
        let mut clauses = Vec::new();
        if let Some(visible) = visible(fields, &self.readable) {
            clauses.push((Occur::Must, visible));
        }
        for (field, values) in &self.fields {
            clauses.push((Occur::Must, any_of(fields.by(*field), values.iter().map(String::as_str))));
        }
        clauses.extend(words.iter().map(|word| (Occur::Must, starts_with(fields.words, word))));
        if self.unsure {
            clauses.push((Occur::Must, any_of(fields.unsure, ["yes"])));
        }
        for (field, value) in &self.without {
            clauses.push((Occur::MustNot, any_of(fields.by(*field), [*value])));
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        match clauses.len() {
            1 => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        }
    }
}

fn words(text: &str) -> Option<Vec<String>> {
    let mut words = document::words(text);
    if words.is_empty() && !text.trim().is_empty() {
        return None;
    }
    words.truncate(WORDS);
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// `None` where everything may be seen: every document has one of the three visibilities.
pub fn visible(fields: &Fields, readable: &Readable) -> Option<Box<dyn Query>> {
    if readable.is_everything() {
        return None;
    }
    let visible = any_of(fields.visibility, readable.visibilities().iter().map(|visibility| visibility.as_str()));
    let repository = fields.by(Field::Repository);
    let slugs: Vec<Term> = readable.slugs().map(|slug| Term::from_field_text(repository, slug)).collect();
    if slugs.is_empty() {
        return Some(visible);
    }
    let closed = any_of(fields.visibility, [Visibility::Readers.as_str()]);
    let own: Box<dyn Query> = Box::new(TermSetQuery::new(slugs));
    let own = BooleanQuery::new(vec![(Occur::Must, closed), (Occur::Must, own)]);
    Some(Box::new(BooleanQuery::union(vec![visible, Box::new(own)])))
}

/// Documents that hold one of `values` in `field`; none for no values.
pub fn any_of<'a>(field: tantivy::schema::Field, values: impl IntoIterator<Item = &'a str>) -> Box<dyn Query> {
    let mut terms: Vec<Box<dyn Query>> = values
        .into_iter()
        .map(|value| {
            let term = Term::from_field_text(field, value);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>
        })
        .collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => terms.remove(0),
        _ => Box::new(BooleanQuery::union(terms)),
    }
}

/// Documents with a term in `field` that begins with `prefix`.
pub fn starts_with(field: tantivy::schema::Field, prefix: &str) -> Box<dyn Query> {
    let from = Term::from_field_text(field, prefix);
    let to = Term::from_field_text(field, &format!("{prefix}{}", char::MAX));
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(from), Bound::Excluded(to)))
}

/// The documents from `offset` on, at most `limit`, in the order that is asked for; then by name, then by reference, so
/// that pages do not overlap.
///
/// What an order knows nothing of (no owner, no commit) comes last in both directions.
pub fn ordered(
    searcher: &Searcher,
    query: &dyn Query,
    (sort, descending): (Sort, bool),
    (offset, limit): (usize, usize),
) -> tantivy::Result<Vec<DocAddress>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let top = TopDocs::with_limit(limit).and_offset(offset);
    let direction = if descending { Order::Desc } else { Order::Asc };
    let by_name = || (SortByString::for_field(document::ORDER), Order::Asc);
    let by_text = |column: &str| ((SortByString::for_field(column), direction), by_name());
    let by_number = |column: &str| ((SortByStaticFastValue::<u64>::for_field(column), direction), by_name());
    match sort {
        Sort::Name => {
            let by_name = (SortByString::for_field(document::ORDER), direction);
            addresses(searcher, query, &top.order_by(by_name))
        }
        Sort::Kind => addresses(searcher, query, &top.order_by(by_number(document::KIND_ORDER))),
        Sort::Owner => addresses(searcher, query, &top.order_by(by_text(document::OWNER_ORDER))),
        Sort::Activity => addresses(searcher, query, &top.order_by(by_text(document::ACTIVITY_ORDER))),
        Sort::Size => addresses(searcher, query, &top.order_by(by_number(document::SIZE_ORDER))),
        Sort::Findings => addresses(searcher, query, &top.order_by(by_number(document::FINDINGS_ORDER))),
    }
}

fn addresses<K>(
    searcher: &Searcher,
    query: &dyn Query,
    top: &impl Collector<Fruit = Vec<(K, DocAddress)>>,
) -> tantivy::Result<Vec<DocAddress>> {
    Ok(searcher.search(query, top)?.into_iter().map(|(_, address)| address).collect())
}
