//! What somebody wants to be changed, as an address or a form says it.

use model::EntityRef;
use model::catalog::CatalogFilter;
use portal::changes::{self, Wish};

use crate::RequestContext;
use crate::address;

/// The words of an address: `what=owner&to=payments&entity=component:default/shop`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `descriptor` or `owner`.
    pub what: String,
    /// The owner.
    pub to: String,
    pub entities: Vec<EntityRef>,
    /// All that a list shows instead.
    pub all: Option<CatalogFilter>,
    /// What was written before something went wrong.
    pub title: Option<String>,
    pub text: Option<String>,
}

impl Asked {
    pub fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (key, value) in address::pairs(query) {
            match key.as_str() {
                "what" => asked.what = value,
                "to" => asked.to = value.trim().to_owned(),
                "entity" => asked.entities.extend(value.parse::<EntityRef>().ok()),
                "all" => asked.all = Some(address::catalog_filter(query)),
                "title" => asked.title = Some(value),
                "text" => asked.text = Some(value),
                _ => {}
            }
        }
        asked
    }

    /// The page that shows it.
    pub fn address(&self) -> String {
        let mut pairs = vec![("what", self.what.clone()), ("to", self.to.clone())];
        pairs.extend(self.entities.iter().map(|reference| ("entity", reference.to_string())));
        pairs.extend(self.title.iter().map(|title| ("title", title.clone())));
        pairs.extend(self.text.iter().map(|text| ("text", text.clone())));
        address::of_pairs("/changes/new", pairs.iter().filter(|(_, value)| !value.is_empty()))
    }

    /// The entities that are meant.
    pub async fn entities(&self, context: &RequestContext) -> portal::Result<Vec<EntityRef>> {
        match &self.all {
            Some(filter) => changes::chosen(&context.portal, &context.actor, filter).await,
            None => Ok(self.entities.clone()),
        }
    }

    /// What is wished for; `None` where no owner was named yet.
    pub fn wish(&self, context: &RequestContext) -> portal::Result<Option<Wish>> {
        match self.what.as_str() {
            "owner" if self.to.is_empty() => Ok(None),
            "owner" => changes::owner(&context.portal, &context.actor, &self.to).map(|owner| Some(Wish::Owner(owner))),
            _ => Ok(Some(Wish::Descriptor)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back() {
        let asked = Asked::of("what=owner&to=+pay+&entity=component%3Adefault%2Fshop&entity=nonsense&page=2");
        assert_eq!((asked.to.as_str(), asked.entities.len(), asked.all.is_none()), ("pay", 1, true));
        assert_eq!(asked.address(), "/changes/new?what=owner&to=pay&entity=component:default%2Fshop");
        assert_eq!(Asked::of("what=owner&to=pay&entity=component:default/shop"), asked);
        let all = Asked::of("all=1&kind=api&owner=ops").all.unwrap_or_default();
        assert_eq!(address::catalog_query(&all), "kind=api&owner=ops");
    }
}
