//! The comment on a pull request that changes a manifest: what becomes wider and narrower, who must approve it, and what
//! is still waiting. It is found again by its [`MARKER`], and written anew instead of added to.
//!
//! Whatever comes out of a repository stands in a code span: nothing in it mentions anybody, leads anywhere, or is markup.

use std::collections::BTreeSet;

use model::{EntityRef, Finding, Level};

use crate::atom::Atom;
use crate::check::{AtomVerdict, Verdict};
use crate::diff::{Approval, Change, Effect, What};
use crate::facts::Facts;
use crate::review::Missing;
use crate::standing::Standing;
use crate::terms::Approvers;

/// Begins the comment, and is not shown.
pub const MARKER: &str = "<!-- slipway-access -->";

/// The longest comment, in characters; GitHub takes 65 536.
pub const MOST_CHARACTERS: usize = 60_000;
/// For what is said at the end, which is never left out.
const TAIL: usize = 500;

/// What a comment can lead to.
#[derive(Debug, Clone, Copy)]
pub enum Thing<'a> {
    /// The page on which this component's access is shown.
    Consumer(&'a EntityRef),
    Api(&'a EntityRef),
    Group(&'a EntityRef),
    /// A request, by its id.
    Request(&'a str),
}

/// What a comment is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What the pull request changes of the manifest.
    pub changes: &'a [Change],
    /// How what it requires stands.
    pub verdict: &'a Verdict,
    pub facts: &'a Facts,
    /// The whole address of a thing, where there is a page of it.
    pub address: &'a dyn Fn(Thing<'_>) -> Option<String>,
}

/// The comment in GitHub's Markdown; of the same it is the same.
pub fn comment(subject: &Subject<'_>) -> String {
    let Subject { changes, verdict, .. } = *subject;
    let mut out = Out { text: format!("{MARKER}\n"), left_out: 0, pending: String::new() };
    let component = subject.link(Thing::Consumer(&verdict.component), &verdict.component.to_string());
    out.text += &format!("### Access of {component}\n\n{}\n", subject.headline());

    out.section("#### More access\n\n| what | who must approve |\n|---|---|\n");
    for change in changes.iter().filter(|change| change.effect == Effect::Widens) {
        out.row(&format!("| {} | {} |\n", subject.what(&change.what), subject.approval(change)));
    }
    out.section("#### Not granted yet\n\n| what | state | missing |\n|---|---|---|\n");
    let added: BTreeSet<(&EntityRef, &str, &str)> = changes.iter().filter_map(added).collect();
    for atom in verdict.atoms.iter().filter(|atom| atom.state != Standing::Active) {
        // It stands above, and is asked for when this is merged.
        let is_new = added.contains(&(&atom.api, &atom.scope, &atom.environment));
        if !(is_new && atom.state == Standing::Missing) {
            out.row(&subject.waiting(atom));
        }
    }
    out.section("#### Less access\n\n");
    for change in changes.iter().filter(|change| change.effect == Effect::Narrows) {
        out.row(&format!("- {}\n", subject.what(&change.what)));
    }
    out.section("#### Otherwise changed\n\n");
    for change in changes.iter().filter(|change| change.effect == Effect::Neither) {
        out.row(&format!("- {}\n", subject.what(&change.what)));
    }
    out.section("#### Wrong in the manifest\n\n");
    // What an atom lacks was said above.
    let wrong =
        verdict.findings.iter().filter(|finding| finding.level == Level::Error && !finding.rule.starts_with("ACC1"));
    for finding in wrong {
        out.wrong(finding);
    }
    if out.left_out > 0 {
        let all = (subject.address)(Thing::Consumer(&verdict.component));
        let all = all.map(|address| format!(" [All of it]({})", target(&address))).unwrap_or_default();
        out.text += &format!("\n{} more lines are left out here.{all}\n", out.left_out);
    }
    out.text
}

/// What is wrong with a manifest, of which nothing else can be said then.
pub fn unreadable(path: &str, findings: &[Finding]) -> String {
    let mut out = Out {
        text: format!("{MARKER}\n### Access\n\n{} cannot be read.\n", code(path)),
        left_out: 0,
        pending: String::new(),
    };
    out.pending = "\n".to_owned();
    for finding in findings.iter().filter(|finding| finding.level == Level::Error) {
        out.wrong(finding);
    }
    if out.left_out > 0 {
        out.text += &format!("\n{} more lines are left out here.\n", out.left_out);
    }
    out.text
}

/// The manifest is removed; `component` is that for which it speaks, where that can be read.
pub fn removed(path: &str, component: Option<&EntityRef>) -> String {
    let of = component.map(|component| format!(" of {}", code(&component.to_string()))).unwrap_or_default();
    format!(
        "{MARKER}\n### Access{of}\n\n{} is removed: what waits is withdrawn, and what is granted stays until it ends or is \
         revoked.\n",
        code(path)
    )
}

fn added(change: &Change) -> Option<(&EntityRef, &str, &str)> {
    let What::AtomAdded { atom } = &change.what else { return None };
    Some((&atom.api, &atom.scope, &atom.environment))
}

impl Subject<'_> {
    fn headline(&self) -> String {
        let widening = self.changes.iter().filter(|change| change.effect == Effect::Widens);
        let (mut asks, mut automatic, mut refused) = (0, 0, 0);
        for change in widening {
            match &change.approval {
                Some(Approval::From { .. }) => asks += 1,
                Some(Approval::Automatic) => automatic += 1,
                Some(Approval::Blocked { .. } | Approval::Unknown) => refused += 1,
                None => {}
            }
        }
        let mut said = Vec::new();
        for (count, one, more) in [
            (asks, "needs an approval", "need approvals"),
            (automatic, "is granted by itself", "are granted by themselves"),
            (refused, "cannot be granted", "cannot be granted"),
        ] {
            if count > 0 {
                said.push(format!("{count} {}", if count == 1 { one } else { more }));
            }
        }
        if !said.is_empty() {
            return format!("Of what is asked for anew, {}.", said.join(", "));
        }
        match self.changes.is_empty() {
            true => "Nothing of it changes.".to_owned(),
            false => "Nobody has to approve anything.".to_owned(),
        }
    }

    fn link(&self, thing: Thing<'_>, text: &str) -> String {
        match (self.address)(thing) {
            Some(address) => format!("[{}]({})", code(text), target(&address)),
            None => code(text),
        }
    }

    fn atom(&self, atom: &Atom) -> String {
        self.scope_in(&atom.api, &atom.scope, &atom.environment)
    }

    fn scope_in(&self, api: &EntityRef, scope: &str, environment: &str) -> String {
        format!("{} in {}", self.scope(api, scope), code(environment))
    }

    fn scope(&self, api: &EntityRef, scope: &str) -> String {
        format!("{} of {}", code(scope), self.api(api))
    }

    fn api(&self, api: &EntityRef) -> String {
        self.link(Thing::Api(api), &api.to_string())
    }

    fn what(&self, what: &What) -> String {
        match what {
            What::AtomAdded { atom } => self.atom(atom),
            What::AtomRemoved { atom } => format!("{} is no longer required", self.atom(atom)),
            What::Longer { atom } => format!("{}, for longer", self.atom(atom)),
            What::Shorter { atom } => format!("{}, for less time", self.atom(atom)),
            What::Words { atom } => format!("{}, in other words", self.atom(atom)),
            What::ApiAdded { api } => format!("{} is exposed", self.api(api)),
            What::ApiRemoved { api } => format!("{} is no longer exposed", self.api(api)),
            What::ScopeAdded { api, scope } => format!("{} is offered", self.scope(api, scope)),
            What::ScopeRemoved { api, scope } => {
                format!("{} is no longer offered: who has it loses it", self.scope(api, scope))
            }
            What::ScopeOpens { api, scope } => format!("{} opens more, to all who have it", self.scope(api, scope)),
            What::ScopeCloses { api, scope } => format!("{} opens less", self.scope(api, scope)),
            What::ScopeWords { api, scope } => format!("{} is described otherwise", self.scope(api, scope)),
            What::PoliciesChanged { api } => format!("the policies of {} are others", self.api(api)),
            What::ConsumerLetIn { api, consumer } => {
                format!("{} lets {} in without being asked", self.api(api), code(&consumer.to_string()))
            }
            What::ConsumerKeptOut { api, consumer } => {
                format!("{} keeps {} out", self.api(api), code(&consumer.to_string()))
            }
            What::ConsumerForgotten { api, consumer } => {
                format!("{} no longer has that rule for {}", self.api(api), code(&consumer.to_string()))
            }
        }
    }

    fn approval(&self, change: &Change) -> String {
        let api = match &change.what {
            What::AtomAdded { atom } | What::Longer { atom } => &atom.api,
            // The provider's own change, whose reviewers approve it.
            _ => return "whoever reviews this change".to_owned(),
        };
        match &change.approval {
            Some(Approval::Automatic) => "nobody: the policy grants it".to_owned(),
            Some(Approval::From { needs }) => self.people(api, needs),
            Some(Approval::Blocked { reason }) => format!("nobody can: the provider says {}", code(reason)),
            Some(Approval::Unknown) | None => "nobody can: there is no such scope, or not so".to_owned(),
        }
    }

    fn people(&self, api: &EntityRef, needs: &[Missing]) -> String {
        let owner = self.facts.apis.get(api).and_then(|api| api.owner.as_ref());
        let group = |from: &Approvers| match (from, owner) {
            (Approvers::Group(group), _) | (Approvers::Owner, Some(group)) => {
                self.link(Thing::Group(group), &group.to_string())
            }
            (Approvers::Owner, None) => "the API's owner, who is not known".to_owned(),
        };
        needs.iter().map(|need| format!("{} of {}", need.count, group(&need.from))).collect::<Vec<_>>().join(" and ")
    }

    fn waiting(&self, atom: &AtomVerdict) -> String {
        let what = self.scope_in(&atom.api, &atom.scope, &atom.environment);
        let optional = if atom.optional { ", optional" } else { "" };
        let state = match &atom.request {
            Some(request) => match (self.address)(Thing::Request(request)) {
                Some(address) => format!("[{}]({})", atom.state.as_str(), target(&address)),
                None => atom.state.as_str().to_owned(),
            },
            None => atom.state.as_str().to_owned(),
        };
        format!("| {what} | {state}{optional} | {} |\n", self.people(&atom.api, &atom.approvals.missing))
    }
}

struct Out {
    text: String,
    left_out: usize,
    /// A heading that is written with its first row.
    pending: String,
}

impl Out {
    fn section(&mut self, heading: &str) {
        self.pending = format!("\n{heading}");
    }

    fn wrong(&mut self, finding: &Finding) {
        let Finding { line, rule, message, help, .. } = finding;
        self.row(&format!("- line {line}, {rule}: {} {}\n", code(message), code(help)));
    }

    fn row(&mut self, row: &str) {
        let more = self.pending.chars().count() + row.chars().count();
        if self.left_out > 0 || self.text.chars().count() + more > MOST_CHARACTERS - TAIL {
            self.left_out += 1;
            return;
        }
        self.text += &std::mem::take(&mut self.pending);
        self.text += row;
    }
}

/// A code span (CommonMark, section 6.1): its fence is longer than any within, and no cell of a table ends in it.
fn code(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect();
    let longest = plain.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if plain.starts_with('`') || plain.ends_with('`') || plain.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", plain.replace('|', "\\|"))
}

/// An address that ends neither its link nor its cell.
fn target(address: &str) -> String {
    let letter = |letter: char| match letter {
        '(' => "%28".to_owned(),
        ')' => "%29".to_owned(),
        '<' => "%3C".to_owned(),
        '>' => "%3E".to_owned(),
        '|' => "%7C".to_owned(),
        letter if letter.is_whitespace() || letter.is_control() => "%20".to_owned(),
        letter => letter.to_string(),
    };
    address.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::check::{Question, check};
    use crate::diff::diff;
    use crate::manifest::{FILE_NAME, Manifest, parse};
    use crate::rules::Decider;
    use crate::standing::Known;

    fn facts() -> Facts {
        serde_json::from_value(json!({
            "environments": ["production", "staging"],
            "components": { "component:default/checkout": "here" },
            "apis": {
                "api:default/payments": {
                    "providers": [], "owner": "group:default/payments-team",
                    "terms": {
                        "scopes": [
                            { "name": "charge.write", "sensitivity": "restricted" },
                            { "name": "charge.read", "sensitivity": "internal" },
                            { "name": "a`|b<img>@all", "sensitivity": "internal" },
                        ],
                        "policies": [
                            { "match": { "environments": ["staging"] }, "decision": "auto_approve", "max_ttl": "1d", "pending_ttl": "1d" },
                            {
                                "match": { "sensitivity": ["restricted"] }, "max_ttl": "90d", "pending_ttl": "1d",
                                "decision": { "approvals": [{ "from": "owner", "count": 1 }, { "from": "group:default/security", "count": 2 }] },
                            },
                        ],
                    },
                },
            },
            "groups": { "group:default/payments-team": ["user:default/a", "user:default/b", "user:default/c"], "group:default/security": ["user:default/a", "user:default/b", "user:default/c"] },
            "default_policy": { "decision": { "approvals": [{ "from": "owner", "count": 1 }] }, "max_ttl": "365d", "pending_ttl": "14d" },
        }))
        .unwrap()
    }

    fn manifest(requires: &str) -> Manifest {
        parse(
            FILE_NAME,
            &format!("apiVersion: slipway.dev/v1\nkind: AccessManifest\nmetadata: {{component: checkout}}\n{requires}"),
        )
        .unwrap()
    }

    fn said(base: Option<&Manifest>, head: &Manifest, known: &BTreeMap<Atom, Known>) -> String {
        let (facts, now) = (facts(), "2026-11-26T12:00:00Z".parse::<Timestamp>().unwrap());
        let zone = &TimeZone::UTC;
        let changes = diff(base, head, Some(&facts), now, zone);
        let decider = Decider::Portal;
        let question =
            Question { file: FILE_NAME, manifest: head, facts: &facts, known, environment: None, decider, now, zone };
        let address = |thing: Thing<'_>| {
            let at = "https://portal.example";
            match thing {
                Thing::Consumer(component) => Some(format!("{at}/access{}", component.path())),
                Thing::Api(api) => Some(format!("{at}{}", api.path())),
                Thing::Request(request) => Some(format!("{at}/access/requests/{request}")),
                Thing::Group(_) => None,
            }
        };
        comment(&Subject { changes: &changes, verdict: &check(&question), facts: &facts, address: &address })
    }

    #[test]
    fn it_says_who_must_approve_what() {
        let base =
            manifest("requires:\n  - {api: payments, scopes: [charge.read], environments: [production, staging]}\n");
        let head = manifest(
            "requires:\n  - {api: payments, scopes: [charge.read, charge.write], environments: [production]}\n  - {api: payments, scopes: [charge.write, \"a`|b<img>@all\"], environments: [staging]}\n  - {api: nothing, scopes: [x], environments: [production]}\n",
        );
        let atom = Atom {
            consumer: "component:default/checkout".parse().unwrap(),
            api: "api:default/payments".parse().unwrap(),
            scope: "charge.read".to_owned(),
            environment: "production".to_owned(),
        };
        let known: Known = serde_json::from_value(json!({
            "state": "pending", "request": "r1", "approvals": { "have": 0, "need": 1, "missing": [{ "from": "owner", "count": 1 }] },
        }))
        .unwrap();
        let text = said(Some(&base), &head, &[(atom, known)].into());
        assert!(text.starts_with(MARKER));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_change_that_changes_nothing_says_so() {
        let same = manifest("");
        insta::assert_snapshot!(said(Some(&same), &same, &BTreeMap::new()));
    }

    #[test]
    fn it_is_never_too_long_and_says_what_it_left_out() {
        let scopes: Vec<String> = (0..5000).map(|at| format!("\"é{at}\"").replace('é', "`")).collect();
        let head = manifest(&format!(
            "requires:\n  - {{api: payments, scopes: [{}], environments: [production, staging]}}\n",
            scopes.join(", ")
        ));
        let text = said(None, &head, &BTreeMap::new());
        assert!(text.chars().count() <= MOST_CHARACTERS, "{}", text.chars().count());
        let rows = text.lines().filter(|line| line.starts_with("| ``")).count();
        // Each atom, and each scope that does not exist.
        let left_out = 10_000 + 5_000 - rows;
        assert!(text.ends_with(&format!("{left_out} more lines are left out here. [All of it](https://portal.example/access/catalog/default/component/checkout)\n")), "{rows} {}", &text[text.len() - 200..]);
    }

    #[test]
    fn what_cannot_be_read_and_what_is_gone_is_said() {
        let findings = parse(FILE_NAME, "kind: [\n").unwrap_err().findings;
        let text = unreadable(FILE_NAME, &findings);
        assert!(text.starts_with(MARKER) && text.contains("`access.yaml` cannot be read."), "{text}");
        assert!(text.contains("ACC001: `"), "{text}");
        let many: Vec<Finding> =
            (1..=10_000).map(|line| Finding::new("ACC002", Level::Error, "x", "y").at("a", line, 1)).collect();
        let text = unreadable(FILE_NAME, &many);
        assert!(text.chars().count() <= MOST_CHARACTERS && text.ends_with(" more lines are left out here.\n"));
        let component = EntityRef::new("component", "default", "checkout");
        let text = removed(FILE_NAME, Some(&component));
        assert!(
            text.contains("### Access of `component:default/checkout`") && text.contains("`access.yaml` is removed"),
            "{text}"
        );
    }

    #[test]
    fn nothing_leaves_its_code_span() {
        let table = [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("a``b`", "``` a``b` ```"),
            ("a|b", "`a\\|b`"),
            ("a\n\n# b", "`a  # b`"),
            ("", "`  `"),
        ];
        for (text, expected) in table {
            assert_eq!(code(text), expected, "{text:?}");
        }
        assert_eq!(target("https://a/(b) <c>|"), "https://a/%28b%29%20%3Cc%3E%7C");
    }
}
