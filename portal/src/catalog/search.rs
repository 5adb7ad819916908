//! Answers from the index: pages with their facets, counts, single rows, suggestions.
//!
//! Everything here takes microseconds, so that it runs where it is called, and the answers of the moment are remembered:
//! most people look at the same few pages.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use model::EntityRef;
use model::catalog::{CatalogFilter, CatalogPage, CatalogRow, Facet, FacetValue, Field, Sort};
use tantivy::collector::Count;
use tantivy::index::SegmentId;
use tantivy::query::{BooleanQuery, Occur, Query};
use tantivy::schema::Value;
use tantivy::{DocAddress, DocId, Searcher, TantivyDocument};

use super::document::fold;
use super::facets::{Counting, Counts};
use super::index::{CatalogIndex, State};
use super::query::{CatalogQuery, any_of, ordered, starts_with, visible};
use crate::identity::Readable;
use crate::{Error, Result};

const PAGES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
const FACETS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);
const ROWS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
/// Values of one facet that are shown.
const FACET_VALUES: usize = 50;
const LARGEST_PAGE: usize = 100;

/// What was answered since the index last changed.
#[derive(Default)]
pub struct Remembered(Mutex<Option<Answers>>);

struct Answers {
    /// Epoch of the state, generation of its reader.
    of: (u64, u64),
    pages: LruCache<PageKey, Arc<CatalogPage>>,
    facets: LruCache<CatalogQuery, Arc<FacetPage>>,
    /// A document never changes, so rows outlive generations.
    rows: LruCache<(SegmentId, DocId), Arc<CatalogRow>>,
}

type PageKey = (CatalogQuery, &'static str, bool, usize, usize);

struct FacetPage {
    total: usize,
    facets: Vec<Facet>,
}

/// The index at one moment.
pub struct Reading<'a> {
    index: &'a CatalogIndex,
    state: Arc<State>,
    searcher: Searcher,
    of: (u64, u64),
}

impl Remembered {
    /// Runs `look` on the answers that belong to `of`; older ones are forgotten. `None` when they have moved on.
    fn at<T>(&self, of: (u64, u64), look: impl FnOnce(&mut Answers) -> Option<T>) -> Option<T> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.get_or_insert_with(|| Answers {
            of,
            pages: LruCache::new(PAGES),
            facets: LruCache::new(FACETS),
            rows: LruCache::new(ROWS),
        });
        if of < answers.of {
            return None;
        }
        if of > answers.of {
            answers.of = of;
            answers.pages.clear();
            answers.facets.clear();
        }
        look(answers)
    }
}

impl CatalogIndex {
    pub fn read(&self) -> Reading<'_> {
        let (state, searcher) = self.reading();
        let of = (state.epoch, searcher.generation().generation_id());
        Reading { index: self, state, searcher, of }
    }
}

impl Reading<'_> {
    /// One page with its total and its facets.
    pub fn page(&self, query: CatalogQuery, filter: &CatalogFilter) -> Result<Arc<CatalogPage>> {
        let (page, per_page) = (filter.page.max(1), filter.per_page.clamp(1, LARGEST_PAGE));
        let key = (query, filter.sort.key(), filter.descending, page, per_page);
        if let Some(page) = self.index.remembered.at(self.of, |answers| answers.pages.get(&key).cloned()) {
            return Ok(page);
        }
        let query = &key.0;
        let facets = self.facets(query)?;
        let offset = page.saturating_sub(1).saturating_mul(per_page).min(facets.total);
        let limit = per_page.min(facets.total - offset);
        let rows = self.rows(query, (filter.sort, filter.descending), (offset, limit))?;
        let found = Arc::new(CatalogPage {
            rows: rows.iter().map(|row| CatalogRow::clone(row)).collect(),
            total: facets.total,
            facets: facets.facets.clone(),
        });
        self.index.remembered.at(self.of, |answers| answers.pages.put(key, found.clone()));
        Ok(found)
    }

    /// All rows, in order.
    pub fn all(&self, query: &CatalogQuery, order: (Sort, bool)) -> Result<Vec<Arc<CatalogRow>>> {
        let total = self.count(query)?;
        self.rows(query, order, (0, total))
    }

    pub fn count(&self, query: &CatalogQuery) -> Result<usize> {
        let query = query.to_tantivy(&self.state.fields);
        self.searcher.search(&*query, &Count).map_err(|error| self.index.broken(&error))
    }

    /// How many documents have each value of `field`.
    pub fn counts(&self, query: &CatalogQuery, field: Field) -> Result<HashMap<String, usize>> {
        let mut counts = self.counted(query, vec![field])?;
        Ok(counts.values.pop().unwrap_or_default())
    }

    /// The rows of those of `references` that exist and may be read.
    pub fn named(&self, references: &[EntityRef], readable: &Readable) -> Result<HashMap<EntityRef, Arc<CatalogRow>>> {
        let texts: HashSet<String> = references.iter().map(ToString::to_string).collect();
        let named = any_of(self.state.fields.reference, texts.iter().map(String::as_str));
        let rows = self.top(&*self.seen(named, readable), (Sort::Name, false), (0, texts.len()))?;
        Ok(rows.into_iter().map(|row| (row.reference.clone(), row)).collect())
    }

    /// Rows for what somebody has typed so far: those that are called so, those whose name begins so, the rest.
    pub fn suggest(
        &self,
        query: &CatalogQuery,
        text: &str,
        limit: usize,
        readable: &Readable,
    ) -> Result<Vec<Arc<CatalogRow>>> {
        let whole = fold(text.trim());
        if whole.is_empty() {
            return Ok(Vec::new());
        }
        let fields = &self.state.fields;
        let steps = [
            self.seen(any_of(fields.whole, [whole.as_str()]), readable),
            self.seen(starts_with(fields.whole, &whole), readable),
            query.to_tantivy(fields),
        ];
        let mut found: Vec<Arc<CatalogRow>> = Vec::new();
        let mut known = HashSet::new();
        for step in steps {
            for row in self.top(&*step, (Sort::Kind, false), (0, limit))? {
                if found.len() < limit && known.insert(row.reference.clone()) {
                    found.push(row);
                }
            }
        }
        Ok(found)
    }

    fn seen(&self, query: Box<dyn Query>, readable: &Readable) -> Box<dyn Query> {
        match visible(&self.state.fields, readable) {
            None => query,
            Some(visible) => Box::new(BooleanQuery::new(vec![(Occur::Must, visible), (Occur::Must, query)])),
        }
    }

    /// The facets of a field that is filtered by are counted without that filter, so that a second choice widens.
    fn facets(&self, query: &CatalogQuery) -> Result<Arc<FacetPage>> {
        if let Some(facets) = self.index.remembered.at(self.of, |answers| answers.facets.get(query).cloned()) {
            return Ok(facets);
        }
        let (chosen, free): (Vec<Field>, Vec<Field>) =
            Field::ALL.into_iter().partition(|field| !query.selected(*field).is_empty());
        let counts = self.counted(query, free.clone())?;
        let total = counts.total;
        let mut facets: HashMap<Field, Facet> =
            free.into_iter().zip(counts.values).map(|(field, counts)| (field, facet(field, counts, &[]))).collect();
        for field in chosen {
            let counts = self.counts(&query.widened(field), field)?;
            facets.insert(field, facet(field, counts, query.selected(field)));
        }
        let facets = Field::ALL.iter().filter_map(|field| facets.remove(field)).collect();
        let found = Arc::new(FacetPage { total, facets });
        self.index.remembered.at(self.of, |answers| answers.facets.put(query.clone(), found.clone()));
        Ok(found)
    }

    fn counted(&self, query: &CatalogQuery, fields: Vec<Field>) -> Result<Counts> {
        let query = query.to_tantivy(&self.state.fields);
        self.searcher.search(&*query, &Counting(fields)).map_err(|error| self.index.broken(&error))
    }

    fn rows(&self, query: &CatalogQuery, order: (Sort, bool), part: (usize, usize)) -> Result<Vec<Arc<CatalogRow>>> {
        self.top(&*query.to_tantivy(&self.state.fields), order, part)
    }

    fn top(&self, query: &dyn Query, order: (Sort, bool), part: (usize, usize)) -> Result<Vec<Arc<CatalogRow>>> {
        let addresses = ordered(&self.searcher, query, order, part).map_err(|error| self.index.broken(&error))?;
        addresses.into_iter().map(|address| self.row(address)).collect()
    }

    fn row(&self, address: DocAddress) -> Result<Arc<CatalogRow>> {
        let segment = self.searcher.segment_reader(address.segment_ord).segment_id();
        let key = (segment, address.doc_id);
        if let Some(row) = self.index.remembered.at(self.of, |answers| answers.rows.get(&key).cloned()) {
            return Ok(row);
        }
        let document: TantivyDocument = self.searcher.doc(address).map_err(|error| self.index.broken(&error))?;
        let json = document.get_first(self.state.fields.row).and_then(|value| value.as_str()).unwrap_or_default();
        let row: Arc<CatalogRow> = Arc::new(serde_json::from_str(json).map_err(Error::internal)?);
        self.index.remembered.at(self.of, |answers| answers.rows.put(key, row.clone()));
        Ok(row)
    }
}

/// The values with the most first; what is chosen is among them, even where nothing has it.
fn facet(field: Field, counts: HashMap<String, usize>, selected: &[String]) -> Facet {
    let mut values: Vec<FacetValue> = counts
        .into_iter()
        .map(|(value, count)| FacetValue { selected: selected.contains(&value), value, count })
        .collect();
    for value in selected {
        if !values.iter().any(|known| known.value == *value) {
            values.push(FacetValue { value: value.clone(), count: 0, selected: true });
        }
    }
    let by_count =
        |one: &FacetValue, other: &FacetValue| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value));
    values.sort_by(|one, other| other.selected.cmp(&one.selected).then_with(|| by_count(one, other)));
    values.truncate(FACET_VALUES);
    values.sort_by(by_count);
    Facet { field, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_value_is_always_shown() {
        let counts = (0..80).map(|number| (format!("tag-{number:02}"), 100 - number)).collect();
        let facet = facet(Field::Tag, counts, &["tag-79".to_owned(), "gone".to_owned()]);
        assert_eq!(facet.values.len(), FACET_VALUES);
        assert_eq!(facet.values[0].value, "tag-00");
        let chosen: Vec<_> =
            facet.values.iter().filter(|value| value.selected).map(|value| value.value.as_str()).collect();
        assert_eq!(chosen, ["tag-79", "gone"]);
    }
}
