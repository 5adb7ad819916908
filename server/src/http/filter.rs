//! Queries of the API: the grammar of the pages' addresses, but strict.

use axum::http::StatusCode;
use model::catalog::{CatalogFilter, Field, Sort};
use model::{Finding, Findings, Level};

use super::Problem;

/// What a query asks of the catalog; pages forgive what is unknown, the API does not.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn catalog(query: Option<&str>) -> Result<CatalogFilter, Problem> {
    let query = query.unwrap_or_default();
    let findings: Vec<Finding> =
        app::address::pairs(query).iter().filter_map(|(key, value)| mistake(key, value)).collect();
    if findings.is_empty() {
        return Ok(app::address::catalog_filter(query));
    }
    Err(portal::Error::Invalid(Findings::from(findings)).into())
}

fn mistake(key: &str, value: &str) -> Option<Finding> {
    let wrong = |message: String, help: String| Some(Finding::new("query.value", Level::Error, message, help));
    match key {
        "q" => None,
        "sort" if Sort::parse(value.strip_prefix('-').unwrap_or(value)).is_some() => None,
        "sort" => {
            let known: Vec<&str> = Sort::ALL.iter().map(|sort| sort.key()).collect();
            wrong(
                format!("there is no sort {value:?}"),
                format!("One of {}, with \"-\" before it for descending.", known.join(", ")),
            )
        }
        "page" if value.parse::<usize>().is_ok_and(|page| page > 0) => None,
        "page" => wrong(format!("{value:?} is no page"), "A whole number from 1.".to_owned()),
        "per_page" if value.parse().is_ok_and(|size| CatalogFilter::PAGE_SIZES.contains(&size)) => None,
        "per_page" => wrong(format!("{value:?} is no page size"), "20, 50 or 100.".to_owned()),
        _ if Field::parse(key).is_some() => None,
        _ => {
            let known: Vec<&str> = Field::ALL.iter().map(|field| field.key()).collect();
            wrong(format!("there is no key {key:?}"), format!("q, sort, page, per_page, {}.", known.join(", ")))
        }
    }
}

/// A problem with one sentence.
pub fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "urn:slipway:invalid", detail)
}
