//! How access between services is handled.

use engine_access::terms::Approvers;
use engine_access::terms::{Decision, Match, Need, OnNoAnswer, Policy};
use engine_access::time::Span;
use jiff::tz::TimeZone;

/// What holds for all APIs and consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessSettings {
    /// The names that manifests may use, in the order in which they are shown.
    pub environments: Vec<String>,
    /// In which days end.
    pub zone: TimeZone,
    /// What holds where no policy of an API matches.
    pub default_policy: Policy,
    /// Slugs of repositories whose checks only report and never fail; `acme/*` means all of `acme`.
    pub report_only: Vec<String>,
    /// Whether people may ask for access here too, without a change of a manifest.
    pub from_portal: bool,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            environments: ["development", "staging", "production"].map(str::to_owned).into(),
            zone: TimeZone::UTC,
            default_policy: Policy {
                matching: Match::default(),
                decision: Decision::Approvals(vec![Need { from: Approvers::Owner, count: 1 }.into()]),
                deny: 1,
                justification: false,
                ticket: None,
                max_ttl: Span::days(365),
                review_every: None,
                on_no_answer: OnNoAnswer::Keep,
                pending_ttl: Span::days(14),
            },
            report_only: Vec::new(),
            from_portal: true,
        }
    }
}

impl AccessSettings {
    /// Whether checks of this repository only report.
    pub fn only_reports(&self, slug: &str) -> bool {
        self.report_only.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => slug.starts_with(start),
            None => slug == pattern,
        })
    }
}
