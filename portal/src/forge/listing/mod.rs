//! Listings: page after page, conditionally, and with a statement of how complete they are.
//!
//! Sources of the rules: GitHub's "Using pagination in the REST API" (the `Link` header is followed, never guessed) and
//! "Best practices for using the REST API", "Use conditional requests if appropriate".

mod cache;
pub mod coverage;
pub mod people;
pub mod repositories;

use http::header::{ETAG, LINK};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::parse;
use super::client::Forge;
use super::error::{Error, Result};
use cache::CachedPage;
pub use cache::{Cache, KeptPage};
use coverage::{Coverage, Narrowed, partial_results};

/// What was listed, in the forge's order.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    pub entries: Vec<T>,
    pub coverage: Coverage,
    /// Every page was answered with 304: nothing changed since the cache was filled.
    pub unchanged: bool,
}

/// How the entries lie in a body: bare, or beside a count ("List repositories accessible to the app installation").
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Bare(Vec<Value>),
    Counted { total_count: u64, repositories: Vec<Value> },
}

/// One page, read or remembered.
struct Page<T> {
    entries: Vec<T>,
    unreadable: usize,
    next: Option<String>,
    total: Option<u64>,
    narrowed: Option<Narrowed>,
    unchanged: bool,
    remember: Option<CachedPage>,
}

impl Forge {
    /// All pages from `path` on, which names the listing in the cache too. `Wire` is the documentation's shape of what the
    /// caller calls `T`.
    ///
    /// # Errors
    /// If the first page cannot be had. A later one that fails narrows the coverage, and what was read stays.
    pub(super) async fn list<Wire, T>(&self, path: &str, cache: &mut Cache) -> Result<Listing<T>>
    where
        Wire: DeserializeOwned,
        T: From<Wire> + Serialize + DeserializeOwned,
    {
        self.list_until::<Wire, T>(path, cache, |_| false).await
    }

    /// The same, and no further page once `enough` says so of an entry.
    async fn list_until<Wire, T>(
        &self,
        path: &str,
        cache: &mut Cache,
        enough: impl Fn(&T) -> bool,
    ) -> Result<Listing<T>>
    where
        Wire: DeserializeOwned,
        T: From<Wire> + Serialize + DeserializeOwned,
    {
        let before = cache.take(path);
        let mut after = Vec::new();
        let mut listing = Listing { entries: Vec::new(), coverage: Coverage::Complete, unchanged: true };
        let mut total = None;
        let mut unreadable = 0;
        let mut next = Some(path.to_owned());
        let limit = self.settings().largest_listing;
        for number in 1.. {
            let Some(address) = next.take() else { break };
            if number > limit {
                listing.coverage.narrow(Narrowed::TooLong { pages: limit });
                break;
            }
            let known = before.get(number as usize - 1).filter(|page| page.address == address && page.ends_visibly());
            let page = match self.page::<Wire, T>(&address, known).await {
                Ok(page) => page,
                Err(error) if number == 1 => {
                    cache.put_back(path, before);
                    return Err(error);
                }
                Err(error) => {
                    listing.coverage.narrow(Narrowed::PageFailed { page: number, error });
                    break;
                }
            };
            let ended = page.entries.iter().any(&enough);
            listing.entries.extend(page.entries);
            listing.unchanged &= page.unchanged;
            unreadable += page.unreadable;
            page.narrowed.into_iter().for_each(|why| listing.coverage.narrow(why));
            total = page.total.or(total);
            next = page.next.filter(|_| !ended);
            after.extend(page.remember);
        }
        if unreadable > 0 {
            listing.coverage.narrow(Narrowed::EntriesUnreadable { count: unreadable });
        }
        let found = listing.entries.len() as u64 + unreadable as u64;
        if let Some(expected) = total.filter(|expected| *expected != found) {
            listing.coverage.narrow(Narrowed::CountDiffers { expected, found });
        }
        listing.unchanged &= listing.coverage.is_complete();
        cache.replace(path, &before, after);
        Ok(listing)
    }

    /// An answer that breaks off in the middle is asked for once more.
    async fn page<Wire, T>(&self, address: &str, known: Option<&CachedPage>) -> Result<Page<T>>
    where
        Wire: DeserializeOwned,
        T: From<Wire> + Serialize + DeserializeOwned,
    {
        match self.try_page::<Wire, T>(address, known).await {
            Err(Error::Malformed { .. }) => self.try_page::<Wire, T>(address, known).await,
            result => result,
        }
    }

    async fn try_page<Wire, T>(&self, address: &str, known: Option<&CachedPage>) -> Result<Page<T>>
    where
        Wire: DeserializeOwned,
        T: From<Wire> + Serialize + DeserializeOwned,
    {
        let answer = self.get(address, known.map(|page| page.etag.as_str())).await?;
        let narrowed = partial_results(answer.headers());
        if answer.status() == StatusCode::NOT_MODIFIED {
            let known = known.ok_or_else(|| unasked(address))?;
            let entries: Vec<T> = known.entries.iter().filter_map(|entry| T::deserialize(entry).ok()).collect();
            return Ok(Page {
                unreadable: known.entries.len() - entries.len(),
                entries,
                next: known.next.clone(),
                total: known.total,
                narrowed,
                unchanged: true,
                remember: Some(known.clone()),
            });
        }
        let (values, total) = match parse(address, answer.body())? {
            Body::Bare(entries) => (entries, None),
            Body::Counted { total_count, repositories } => (repositories, Some(total_count)),
        };
        let count = values.len();
        let entries: Vec<T> =
            values.into_iter().filter_map(|entry| serde_json::from_value::<Wire>(entry).ok()).map(T::from).collect();
        let unreadable = count - entries.len();
        let next = next_page(answer.headers());
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        // A page with entries that could not be read is not remembered: it is told again each time.
        let remember = etag.filter(|_| unreadable == 0).map(|etag| CachedPage {
            address: address.to_owned(),
            etag: etag.to_owned(),
            entries: entries.iter().filter_map(|entry| serde_json::to_value(entry).ok()).collect(),
            next: next.clone(),
            total,
        });
        Ok(Page { entries, unreadable, next, total, narrowed, unchanged: false, remember })
    }
}

fn unasked(address: &str) -> Error {
    Error::Malformed { what: address.to_owned(), message: "304 although no validator was sent".to_owned() }
}

/// The address with `rel="next"`.
pub(super) fn next_page(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|header| header.to_str().ok()).find_map(|header| {
        header.split(',').find_map(|link| {
            let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters.split(';').any(|parameter| parameter.trim() == "rel=\"next\"");
            is_next.then(|| address.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn next(link: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, http::HeaderValue::from_str(link).ok()?);
        next_page(&headers)
    }

    #[test]
    fn the_next_page_is_the_one_that_is_named_so() {
        let table = [
            ("<https://a/x?page=2>; rel=\"next\", <https://a/x?page=5>; rel=\"last\"", Some("https://a/x?page=2")),
            ("<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=3>; rel=\"next\"", Some("https://a/x?page=3")),
            ("<https://a/x?page=1>; rel=\"prev\", <https://a/x?page=1>; rel=\"first\"", None),
            ("<https://a/x?after=Y3Vyc29y&rel=next>; rel=\"first\"", None),
            ("https://a/x; rel=\"next\"", None),
            ("<https://a/x", None),
            ("", None),
        ];
        for (link, expected) in table {
            assert_eq!(next(link).as_deref(), expected, "{link}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_link_makes_it_panic(link in ".{0,200}") {
            next(&link);
        }
    }
}
