//! The values of `[access]`.

use std::collections::BTreeSet;

use engine_access::terms::{Approvers, Decision, Need};
use engine_access::time::Span;
use jiff::tz::TimeZone;

use super::value::Value;

const MOST_APPROVALS: usize = 20;
/// Ten years.
const MOST_DAYS: usize = 3_660;

/// Names as manifests may write them, each once.
pub fn environments(value: &Value<'_>) -> Result<Vec<String>, String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = |name: &String| (1..=63).contains(&name.len()) && name.bytes().all(letter);
    let names = value.words().ok().filter(|names| names.iter().all(is_name));
    let names = names.filter(|names| names.iter().collect::<BTreeSet<_>>().len() == names.len());
    names.ok_or_else(|| {
        "a list of 1 to 100 different names of letters, digits, \"-\", \"_\" and \".\": [\"staging\", \"production\"]".to_owned()
    })
}

/// Of the IANA database.
pub fn zone(value: &Value<'_>) -> Result<TimeZone, String> {
    let zone = value.text().ok().and_then(|name| TimeZone::get(&name).ok());
    zone.ok_or_else(|| "a time zone, such as \"Europe/Berlin\" or \"UTC\"".to_owned())
}

/// So many people of the API's owner; nobody is asked where it is 0.
pub fn approvals(value: &Value<'_>) -> Result<Decision, String> {
    match value.count(MOST_APPROVALS)? {
        0 => Ok(Decision::AutoApprove),
        count => {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Ok(Decision::Approvals(vec![Need { from: Approvers::Owner, count }.into()]))
        }
    }
}

pub fn longest(value: &Value<'_>) -> Result<Span, String> {
    days(value)?.ok_or_else(|| format!("a whole number of days from 1 to {MOST_DAYS}"))
}

/// `None` for 0, which is never.
pub fn days(value: &Value<'_>) -> Result<Option<Span>, String> {
    let days = value.count(MOST_DAYS)?;
    Ok(u32::try_from(days).ok().filter(|days| *days > 0).map(Span::days))
}

/// Repositories, or all of an owner: `acme/*`.
pub fn slugs(value: &Value<'_>) -> Result<Vec<String>, String> {
    let expected = || "a list of repositories (\"acme/shop\"), or of all of an owner (\"acme/*\")".to_owned();
    if matches!(value, Value::List(none) if none.is_empty()) {
        return Ok(Vec::new());
    }
    let fits = |slug: &String| {
        let name = slug.strip_suffix("/*").unwrap_or(slug);
        slug == "*" || !name.is_empty() && !name.contains(['*', ' '])
    };
    value.words().ok().filter(|slugs| slugs.iter().all(fits)).ok_or_else(expected)
}
