//! Access from a manifest in Git to a grant and back, on both databases.
#![allow(clippy::unwrap_used)]

mod authors;
mod imports;
mod people;
mod pulls;
mod stores;

use std::path::PathBuf;
use std::time::Duration;

use model::access::Standing;
use model::{EntityRef, Visibility};

use super::*;
use crate::db_test;
use crate::identity::Actor;
use crate::identity::Claims;
use crate::identity::tests::{claims, signed_in};
use crate::settings::{Settings, SourceSettings};
use crate::{Error, Portal, sources};

const PEOPLE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments-team}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: security}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: pat, annotations: {github.com/user-login: pat}}
spec: {profile: {email: pat@example.com}, memberOf: [payments-team]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: paul, annotations: {github.com/user-login: paul}}
spec: {profile: {email: paul@example.com}, memberOf: [payments-team, security]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: sam, annotations: {github.com/user-login: sam}}
spec: {profile: {email: sam@example.com}, memberOf: [shop]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: sue, annotations: {github.com/user-login: sue}}
spec: {profile: {email: sue@example.com}, memberOf: [security]}
";

const PAYMENTS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-service}
spec: {type: service, lifecycle: production, owner: payments-team, providesApis: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: payments}
spec: {type: openapi, lifecycle: production, owner: payments-team, definition: {$text: ./openapi.yaml}}
";

const OPENAPI: &str =
    "openapi: 3.1.0\ninfo: {title: Payments, version: 1.0.0}\npaths:\n  /charges:\n    get: {}\n    post: {}\n";

const OFFER: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: component:default/payments-service}
exposes:
  - api: api:default/payments
    scopes:
      - {name: payments.charge.read, sensitivity: internal, description: Read charges, operations: [GET /charges]}
      - {name: payments.charge.write, sensitivity: restricted, operations: [POST /charges]}
    policies:
      - {match: {sensitivity: [internal], environments: [development]}, decision: auto_approve, max_ttl: 365d}
      - match: {sensitivity: [restricted]}
        approvals: [{from: owner, count: 1}, {from: group:default/security, count: 1}]
        justification: required
        max_ttl: 90d
      - {match: {}, approvals: [{from: owner, count: 1}], max_ttl: 365d, review_every: 90d, on_no_answer: suspend}
";

const CHECKOUT: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: checkout}
spec: {type: service, lifecycle: production, owner: shop, consumesApis: [payments]}
";

const REQUIRES: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: component:default/checkout}
requires:
  - api: api:default/payments
    scopes: [payments.charge.read]
    environments: [development, production]
    justification: Show what was paid.
";

const DAY: i64 = 24 * 60 * 60 * 1_000;

fn person(name: &str) -> Claims {
    Claims { email: Some(format!("{name}@example.com")), email_verified: true, ..claims(name) }
}

fn checkout() -> EntityRef {
    EntityRef::new("component", "default", "checkout")
}

fn payments() -> EntityRef {
    EntityRef::new("api", "default", "payments")
}

/// An organisation with a provider, a consumer and people.
pub(super) struct World {
    pub portal: Portal,
    repositories: PathBuf,
    people: PathBuf,
    pat: Actor,
    paul: Actor,
    sam: Actor,
    sue: Actor,
}

impl World {
    pub async fn new(settings: &Settings) -> Self {
        let (people, repositories) = (settings.data.join("people"), settings.data.join("repositories"));
        crate::git::testing::commit_files(&people.join("people"), &[("catalog-info.yaml", PEOPLE)]);
        let provider = [("catalog-info.yaml", PAYMENTS), ("openapi.yaml", OPENAPI), ("access.yaml", OFFER)];
        crate::git::testing::commit_files(&repositories.join("payments"), &provider);
        let consumer = [("catalog-info.yaml", CHECKOUT), ("access.yaml", REQUIRES)];
        crate::git::testing::commit_files(&repositories.join("checkout"), &consumer);
        let sources = vec![
            SourceSettings::folder("people", &people, Visibility::Public).trusted(),
            SourceSettings::folder("repositories", &repositories, Visibility::Public).trusted(),
        ];
        let settings = Settings { sources, poll_interval: Duration::ZERO, ..settings.clone() };
        let portal = Portal::open(settings).await.unwrap();
        tokio::spawn(crate::jobs::do_others(portal.clone(), "none"));
        tokio::spawn(crate::catalog::follow(portal.clone()));
        for name in ["pat", "paul", "sam", "sue"] {
            signed_in(&portal, &person(name)).await;
        }
        sync(&portal).await;
        let [pat, paul, sam, sue] = ["pat", "paul", "sam", "sue"].map(person);
        Self {
            pat: signed_in(&portal, &pat).await,
            paul: signed_in(&portal, &paul).await,
            sam: signed_in(&portal, &sam).await,
            sue: signed_in(&portal, &sue).await,
            portal,
            repositories,
            people: people.join("people"),
        }
    }

    /// Commits and lets the portal read it.
    async fn push(&self, repository: &str, files: &[(&str, &str)]) {
        crate::git::testing::commit_files(&self.repositories.join(repository), files);
        sync(&self.portal).await;
    }

    /// `payments.charge.read in production: active`, …
    async fn states(&self) -> Vec<String> {
        let (atoms, _) = list(&self.portal, &Actor::Operator, &AccessFilter::default(), 1, 100).await.unwrap();
        let word = |atom: &model::access::AccessAtom| {
            let waits = if atom.waiting.is_some() && atom.state != Standing::Pending { ", waits" } else { "" };
            format!("{} {} {}{waits}", atom.scope, atom.environment, atom.state.as_str())
        };
        atoms.iter().map(word).collect()
    }

    /// The one request that waits.
    async fn waiting(&self) -> model::access::AccessRequest {
        let mut waiting = waiting(&self.portal, &self.pat).await.unwrap();
        assert_eq!(waiting.len(), 1, "{waiting:#?}");
        waiting.remove(0)
    }

    async fn decide(&self, actor: &Actor, request: &str, approves: bool, reason: &str) -> crate::Result<()> {
        let decided = Decided { approves, reason: reason.to_owned(), until: String::new() };
        decide(&self.portal, actor, request, &[], &decided).await.map(drop)
    }

    async fn audited(&self, action: &str) -> usize {
        let filter = crate::audit::AuditFilter { action: action.to_owned(), ..Default::default() };
        crate::audit::list(&self.portal, &Actor::Operator, &filter, None, 1_000).await.unwrap().len()
    }

    async fn titles(&self, actor: &Actor) -> Vec<String> {
        let told = crate::inbox::list(&self.portal, actor, false, None, 50).await.unwrap();
        told.into_iter().filter(|one| one.address.starts_with("/access/")).map(|one| one.title).collect()
    }
}

async fn sync(portal: &Portal) {
    let job = sources::sync(portal, &Actor::Operator, None).await.unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while std::time::Instant::now() < end {
        let found = crate::jobs::get(portal, &Actor::Operator, &job).await.unwrap();
        if found.state.is_over() {
            assert_eq!(found.state, model::job::JobState::Succeeded, "{found:#?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the round does not end");
}

db_test! {
    async fn a_manifest_asks_owners_decide_and_a_check_says_so(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        assert_eq!(world.states().await, ["payments.charge.read development active", "payments.charge.read production pending"]);
        let verdict = check(portal, &Actor::Operator, "access.yaml", REQUIRES, None).await.unwrap().verdict;
        assert_eq!(verdict.outcome, engine_access::check::Outcome::NeedsApproval, "{verdict:#?}");
        let development = check(portal, &Actor::Operator, "access.yaml", REQUIRES, Some("development")).await.unwrap();
        assert_eq!(development.verdict.outcome, engine_access::check::Outcome::Granted, "{development:#?}");

        let request = world.waiting().await;
        assert!(request.may_decide && request.owner.as_ref().is_some_and(|owner| owner.name == "payments-team"), "{request:#?}");
        assert_eq!(world.titles(&world.pat).await, ["checkout asks for access to payments"]);
        assert_eq!(world.titles(&world.sam).await, Vec::<String>::new());
        for actor in [&world.sam, &world.sue, &Actor::Operator] {
            assert!(matches!(world.decide(actor, &request.id, true, "").await, Err(Error::Forbidden(_))));
        }
        assert!(matches!(world.decide(&world.pat, &request.id, false, " ").await, Err(Error::Invalid(_))), "a denial needs a reason");
        world.decide(&world.pat, &request.id, true, "On the roadmap").await.unwrap();
        assert_eq!(world.states().await, ["payments.charge.read development active", "payments.charge.read production active"]);
        let verdict = check(portal, &Actor::Operator, "access.yaml", REQUIRES, None).await.unwrap().verdict;
        assert_eq!(verdict.outcome, engine_access::check::Outcome::Granted, "{verdict:#?}");
        assert!(matches!(world.decide(&world.paul, &request.id, true, "").await, Err(Error::Conflict(_))), "it waits no more");

        // Reading the same again changes nothing.
        let before = feed(portal, &Actor::Operator, 0).await.unwrap();
        world.push("checkout", &[("README.md", "# Checkout\n")]).await;
        assert_eq!(feed(portal, &Actor::Operator, 0).await.unwrap(), before);

        let (atoms, total) = list(portal, &Actor::Operator, &AccessFilter { environment: Some("production".to_owned()), ..Default::default() }, 1, 10).await.unwrap();
        assert_eq!((total, atoms[0].approved_by.as_slice()), (1, ["user:default/pat".to_owned()].as_slice()));
        let id = atoms[0].id.clone();
        assert!(matches!(act(portal, &world.sam, std::slice::from_ref(&id), Deed::Revoke, "No").await, Err(Error::Forbidden(_))));
        assert!(matches!(act(portal, &world.pat, std::slice::from_ref(&id), Deed::Revoke, "").await, Err(Error::Invalid(_))));
        act(portal, &world.pat, std::slice::from_ref(&id), Deed::Revoke, "It leaked").await.unwrap();
        let verdict = check(portal, &Actor::Operator, "access.yaml", REQUIRES, None).await.unwrap().verdict;
        assert_eq!(verdict.outcome, engine_access::check::Outcome::Refused, "{verdict:#?}");
        let history = history(portal, &world.pat, &id).await.unwrap();
        let said: Vec<(&str, &str)> = history.steps.iter().map(|step| (step.what.as_str(), step.by.as_str())).collect();
        assert_eq!(said, [("revoked", "user:default/pat"), ("approved", "user:default/pat"), ("requested", "slipway")]);
        assert_eq!((world.audited("access.request").await, world.audited("access.approve").await, world.audited("access.revoke").await), (2, 1, 1));
        assert_eq!(epoch(portal, &Actor::Visitor, &checkout()).await.unwrap(), 1);
        world.portal.stop().await;
    }

    async fn two_groups_decide_and_a_person_counts_once(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let wider = REQUIRES.replace("[payments.charge.read]", "[payments.charge.write]").replace("[development, production]", "[production]");
        world.push("checkout", &[("access.yaml", &wider)]).await;
        // What waited for read is withdrawn, what was granted stays.
        assert_eq!(world.states().await, [
            "payments.charge.read development active",
            "payments.charge.read production missing",
            "payments.charge.write production pending",
        ]);
        let request = world.waiting().await;
        // Paul is of both groups, and still one person.
        let all = [&world.paul, &world.paul, &world.paul].map(|actor| world.decide(actor, &request.id, true, ""));
        let counted = futures::future::join_all(all).await;
        assert!(counted.iter().any(Result::is_ok), "{counted:?}");
        let waits = world.waiting().await;
        assert_eq!(waits.atoms[0].waiting.as_ref().map(|waiting| (waiting.have, waiting.need)), Some((1, 2)), "{waits:#?}");
        let both = [&world.pat, &world.sue].map(|actor| world.decide(actor, &request.id, true, ""));
        let decided = futures::future::join_all(both).await;
        assert!(decided.iter().any(Result::is_ok), "{decided:?}");
        assert_eq!(world.states().await[2], "payments.charge.write production active");

        // The provider takes the scope back: it ends at once.
        let less = OFFER.lines().filter(|line| !line.contains("charge.write")).collect::<Vec<_>>().join("\n");
        world.push("payments", &[("access.yaml", &less)]).await;
        assert_eq!(world.states().await[2], "payments.charge.write production revoked");
        assert_eq!(world.audited("access.provider-withdraw").await, 1);
        // A broken file changes nothing, and says so.
        world.push("payments", &[("access.yaml", "kind: [")]).await;
        assert_eq!(world.states().await[0], "payments.charge.read development active");
        let view = manifest(portal, &Actor::Operator, &EntityRef::new("component", "default", "payments-service")).await.unwrap().unwrap();
        assert_eq!(view.findings[0].rule, "ACC001", "{view:#?}");
        world.portal.stop().await;
    }

    async fn who_has_left_the_team_meanwhile_does_not_decide(settings: Settings) {
        let world = World::new(&settings).await;
        let portal = &world.portal;
        let request = world.waiting().await;
        assert_eq!(offered_by(portal, &world.pat, &EntityRef::new("component", "default", "payments-service")).await.unwrap(), [payments()]);
        let left = PEOPLE.replace("pat@example.com}, memberOf: [payments-team]", "pat@example.com}, memberOf: [shop]");
        crate::git::testing::commit_files(&world.people, &[("catalog-info.yaml", &left)]);
        sync(portal).await;
        let pat = signed_in(portal, &person("pat")).await;
        assert!(matches!(world.decide(&pat, &request.id, true, "").await, Err(Error::Forbidden(_))));
        world.decide(&world.paul, &request.id, true, "").await.unwrap();
        assert_eq!(world.states().await[1], "payments.charge.read production active");
        world.portal.stop().await;
    }

    async fn time_ends_what_nobody_decides_and_what_was_granted(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings }).await;
        let portal = &world.portal;
        let request = world.waiting().await;
        clock.advance(15 * DAY);
        assert!(matches!(world.decide(&world.pat, &request.id, true, "").await, Err(Error::Conflict(_))), "it lapsed");
        assert_eq!(world.states().await[1], "payments.charge.read production missing");
        clock.advance(340 * DAY);
        run_job(portal).await;
        let (ending, total) = list(portal, &Actor::Operator, &AccessFilter { ends_within: Some(14), ..Default::default() }, 1, 10).await.unwrap();
        assert!(total == 1 && ending[0].flags.expiring, "{ending:#?}");
        assert_eq!(world.titles(&world.sam).await.len(), 1, "the consumer's team is told, once");
        run_job(portal).await;
        assert_eq!(world.titles(&world.sam).await.len(), 1);
        clock.advance(20 * DAY);
        assert_eq!(world.states().await[0], "payments.charge.read development expired");
        run_job(portal).await;
        assert!(store::due(portal.db(), clock.now(), 10).await.unwrap().is_empty());
        assert_eq!(world.states().await[0], "payments.charge.read development expired");
        world.portal.stop().await;
    }

    async fn owners_say_from_time_to_time_what_is_still_needed(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings }).await;
        let portal = &world.portal;
        let request = world.waiting().await;
        let id = request.atoms[0].id.clone();
        world.decide(&world.pat, &request.id, true, "").await.unwrap();
        let due = async || {
            let filter = AccessFilter { review_due: true, ..Default::default() };
            list(portal, &Actor::Operator, &filter, 1, 10).await.unwrap().1
        };
        clock.advance(91 * DAY);
        assert_eq!(due().await, 1);
        run_job(portal).await;
        run_job(portal).await;
        let asked = |titles: Vec<String>| titles.iter().filter(|title| title.starts_with("Does checkout still need")).count();
        assert_eq!((asked(world.titles(&world.pat).await), asked(world.titles(&world.sam).await)), (1, 0));
        act(portal, &world.paul, std::slice::from_ref(&id), Deed::Recertify, "").await.unwrap();
        assert_eq!(due().await, 0);
        clock.advance(91 * DAY);
        run_job(portal).await;
        assert_eq!(asked(world.titles(&world.pat).await), 2);
        // Nobody answers: the policy suspends it.
        clock.advance(15 * DAY);
        run_job(portal).await;
        assert_eq!(world.states().await[1], "payments.charge.read production suspended");
        world.portal.stop().await;
    }

    async fn what_is_offered_no_more_ends_after_a_day(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings }).await;
        let portal = &world.portal;
        crate::git::testing::git(&world.repositories.join("payments"), &["rm", "-q", "access.yaml"]);
        world.push("payments", &[("README.md", "# Payments\n")]).await;
        let shown = offer(portal, &world.pat, &payments()).await.unwrap().unwrap();
        assert_eq!((shown.gone_at, shown.scopes.len()), (Some(clock.now()), 2));
        assert_eq!(world.states().await[0], "payments.charge.read development active");
        clock.advance(settle::GRACE);
        settle(portal).await.unwrap();
        assert_eq!(world.states().await[0], "payments.charge.read development revoked");
        assert!(offer(portal, &world.pat, &payments()).await.unwrap().is_none());
        // A consumer whose manifest is gone asks for nothing any more.
        world.push("payments", &[("access.yaml", OFFER)]).await;
        let words = REQUIRES.replace("Show what was paid.", "Show what was paid, again.");
        world.push("checkout", &[("access.yaml", &words)]).await;
        let waiting = world.waiting().await;
        crate::git::testing::git(&world.repositories.join("checkout"), &["rm", "-q", "access.yaml"]);
        world.push("checkout", &[("README.md", "# Checkout\n")]).await;
        assert!(super::waiting(portal, &world.pat).await.unwrap().is_empty());
        assert!(matches!(world.decide(&world.pat, &waiting.id, true, "").await, Err(Error::Conflict(_))));
        world.portal.stop().await;
    }
}

async fn run_job(portal: &Portal) {
    let mut tx = portal.db().begin().await.unwrap();
    enqueue_due(&mut tx, portal).await.unwrap();
    tx.commit().await.unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while std::time::Instant::now() < end {
        let jobs = crate::jobs::list(portal, &Actor::Operator, 50).await.unwrap();
        if jobs.iter().filter(|job| job.kind == JOB).all(|job| job.state.is_over()) {
            return;
        }
        portal.jobs().wake();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job does not end");
}
