//! What a forge says of a repository beyond Git, bounded: it is stored with each one and shown.

use model::repository::ForgeFacts;

use crate::forge::{ForgeRepository, ForgeVisibility};

/// Characters of one text.
const LONGEST_TEXT: usize = 1_000;
/// GitHub allows 20 topics and 100 custom properties; a forge that allows more is cut.
const MOST_TOPICS: usize = 50;
const MOST_PROPERTIES: usize = 100;
/// Of one property.
const MOST_VALUES: usize = 50;

/// The facts of one repository.
pub fn facts(repository: &ForgeRepository) -> ForgeFacts {
    let text = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(cut);
    ForgeFacts {
        full_name: cut(&repository.full_name),
        html_url: if is_web(&repository.html_url) { cut(&repository.html_url) } else { String::new() },
        homepage: text(&repository.homepage).filter(|homepage| is_web(homepage)),
        description: text(&repository.description),
        default_branch: text(&repository.default_branch),
        visibility: match repository.visibility {
            ForgeVisibility::Public => "public",
            ForgeVisibility::Internal => "internal",
            ForgeVisibility::Private => "private",
        }
        .to_owned(),
        archived: repository.archived,
        template: repository.template,
        topics: repository.topics.iter().take(MOST_TOPICS).map(|topic| cut(topic)).collect(),
        language: text(&repository.language),
        custom_properties: repository
            .custom_properties
            .iter()
            .take(MOST_PROPERTIES)
            .map(|(name, values)| (cut(name), values.iter().take(MOST_VALUES).map(|value| cut(value)).collect()))
            .collect(),
        pushed_at: None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// Only such addresses become links.
fn is_web(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
