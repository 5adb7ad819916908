//! Pull requests at GitHub: what is said to them, and kept up to date.

use engine_access::comment::MARKER;
use fake_forge::{APP_ID, APP_KEY, Fake, Fault, Profile, Pull};
use http::HeaderMap;
use model::job::{Job, JobState};
use ring::hmac;
use serde_json::json;

use super::super::pulls::{JOB, store};
use super::*;
use crate::git::Secret;
use crate::jobs;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password, SourceKind};
use crate::sources::Received;

const SECRET: &str = "It's a Secret to Everybody";
pub(super) const ALL: [(&str, &str); 5] =
    [("metadata", "read"), ("contents", "write"), ("members", "read"), ("pull_requests", "write"), ("checks", "write")];
pub(super) const WIDER: &str = "\
apiVersion: slipway.dev/v1
kind: AccessManifest
metadata: {component: component:default/checkout}
requires:
  - api: api:default/payments
    scopes: [payments.charge.read]
    environments: [development, production]
    justification: Show what was paid.
  - api: api:default/payments
    scopes: [payments.charge.write]
    environments: [production]
    justification: Charge customers.
";

/// The organisation of [`World`] at GitHub.
pub(super) struct Acme {
    pub fake: Fake,
    pub portal: Portal,
    pub checkout: u64,
    deliveries: std::cell::Cell<u32>,
    _key: tempfile::TempDir,
}

impl Acme {
    /// With an App of these permissions, or a token where there are none.
    pub async fn new(settings: &Settings, permissions: &[(&str, &str)], is_hidden: bool) -> Self {
        let people = settings.data.join("people");
        crate::git::testing::commit_files(&people.join("people"), &[("catalog-info.yaml", PEOPLE)]);
        let fake = Fake::start(Profile::Enterprise).await.unwrap();
        let key = tempfile::tempdir().unwrap();
        std::fs::write(key.path().join("key.pem"), APP_KEY).unwrap();
        let (payments, checkout) = {
            let mut state = fake.state();
            state.add_token("ghp_full", "slipway-bot", &["repo", "read:org"]);
            let payments = state.add_repository("acme", "payments");
            let provider = [("catalog-info.yaml", PAYMENTS), ("openapi.yaml", OPENAPI), ("access.yaml", OFFER)];
            state.add_git(payments, &provider).unwrap();
            let checkout = state.add_repository("acme", "checkout");
            state.add_git(checkout, &[("catalog-info.yaml", CHECKOUT), ("access.yaml", REQUIRES)]).unwrap();
            state.add_installation(77, "acme", permissions);
            (payments, checkout)
        };
        if is_hidden {
            fake.state().repositories.get_mut(&payments).unwrap().visibility = fake_forge::Visibility::Private;
        }
        let login = match permissions {
            [] => GitHubLogin::Token(Password::Known(Secret::new("ghp_full"))),
            _ => GitHubLogin::App { id: APP_ID.to_owned(), key: key.path().join("key.pem") },
        };
        let owner = GitHubOwner::Organisation("acme".to_owned());
        let webhook_secret = Some(Password::Known(Secret::new(SECRET)));
        let url = Some(fake.origin().to_owned());
        let github = GitHubSettings { url, login, webhook_secret, ..GitHubSettings::new(owner) };
        let sources = vec![
            SourceSettings::folder("people", &people, Visibility::Public).trusted(),
            SourceSettings::new("acme", SourceKind::GitHub(github), Visibility::Public).trusted(),
        ];
        let public_url = Some("https://slipway.example".to_owned());
        let settings = Settings { sources, poll_interval: Duration::ZERO, public_url, ..settings.clone() };
        let portal = Portal::open(settings).await.unwrap();
        portal.start();
        let acme = Self { fake, portal, checkout, deliveries: std::cell::Cell::new(0), _key: key };
        acme.sync().await;
        acme
    }

    /// Reads what was pushed, and asks who did.
    pub async fn sync(&self) {
        sync(&self.portal).await;
        self.over(super::super::authors::JOB).await;
    }

    /// Somebody proposes this manifest, or pushes it to what they propose; and GitHub tells of it.
    async fn propose(&self, manifest: &str) -> Job {
        let commit = self.fake.state().commit(self.checkout, "more", &[("access.yaml", manifest)]).unwrap();
        let is_new = {
            let mut state = self.fake.state();
            let pulls = state.pulls.entry(self.checkout).or_default();
            let is_new = pulls.is_empty();
            if is_new {
                pulls.push(Pull {
                    number: 1,
                    title: "More".to_owned(),
                    body: None,
                    branch: "more".to_owned(),
                    head: commit,
                    base: "main".to_owned(),
                    fork: None,
                    by: "sam".to_owned(),
                    created_at: 0,
                    updated_at: 0,
                    closed_at: None,
                    merged_at: None,
                    merged: None,
                });
            }
            is_new
        };
        self.tell(if is_new { "opened" } else { "synchronize" }, 1).await
    }

    /// GitHub tells of a pull request; the job that looked at it.
    async fn tell(&self, action: &str, number: u64) -> Job {
        self.deliveries.set(self.deliveries.get() + 1);
        let received = self.deliver(&self.deliveries.get().to_string(), action, number).await;
        assert_eq!(received, Received::Taken);
        self.settled().await
    }

    async fn deliver(&self, id: &str, action: &str, number: u64) -> Received {
        let told = json!({
            "action": action, "number": number, "pull_request": {"merged": false, "head": {"ref": "more"}},
            "repository": {"id": self.checkout, "full_name": "acme/checkout"},
        });
        let body = told.to_string().into_bytes();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), &body);
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert("x-github-delivery", id.parse().unwrap());
        headers.insert("x-github-event", "pull_request".parse().unwrap());
        headers.insert("x-hub-signature-256", format!("sha256={tag}").parse().unwrap());
        sources::receive(&self.portal, "acme", &headers, &body).await.unwrap()
    }

    async fn settled(&self) -> Job {
        self.over(JOB).await.remove(0)
    }

    /// The jobs of a kind, once none of them is under way: those that wait for their next attempt are not.
    pub async fn over(&self, kind: &str) -> Vec<Job> {
        let end = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            let mut jobs = jobs::list(&self.portal, &Actor::Operator, 50).await.unwrap();
            jobs.retain(|job| job.kind == kind);
            let is_over = |job: &Job| job.state.is_over() || job.state == JobState::Queued && job.error.is_some();
            if !jobs.is_empty() && jobs.iter().all(is_over) {
                return jobs;
            }
            assert!(std::time::Instant::now() < end, "{jobs:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn comments(&self) -> Vec<String> {
        self.fake.state().comments.iter().map(|comment| comment.body.clone()).collect()
    }

    /// What the checks came to, and for which commit, in their order.
    fn checks(&self) -> Vec<(String, String)> {
        self.fake.state().check_runs.iter().map(|run| (run.conclusion.clone(), run.head.clone())).collect()
    }

    fn conclusion(&self) -> String {
        self.checks().pop().unwrap().0
    }
}

db_test! {
    async fn a_pull_request_is_answered_and_kept_up_to_date(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        let portal = &acme.portal;
        let [pat, sam, sue] = [person("pat"), person("sam"), person("sue")];
        let (pat, sam, sue) = (signed_in(portal, &pat).await, signed_in(portal, &sam).await, signed_in(portal, &sue).await);
        assert_eq!(acme.propose(WIDER).await.state, JobState::Succeeded);
        let comments = acme.comments();
        assert_eq!(comments.len(), 1);
        assert!(comments[0].starts_with(MARKER) && comments[0].contains("1 needs an approval"), "{}", comments[0]);
        assert!(comments[0].contains("1 of [`group:default/security`](https://slipway.example/catalog/default/group/security)"), "{}", comments[0]);
        let run = acme.fake.state().check_runs[0].clone();
        let head = acme.fake.state().pulls[&acme.checkout][0].head.clone();
        assert_eq!((run.name.as_str(), run.conclusion.as_str(), &run.head), ("Slipway access", "action_required", &head));
        assert_eq!(run.details_url.as_deref(), Some("https://slipway.example/catalog/default/component/checkout/access"));
        assert!(run.annotations.iter().any(|one| one["path"] == "access.yaml" && one["start_line"] == 10), "{:#?}", run.annotations);
        assert!(!run.summary.contains(MARKER));

        // The same again changes nothing, and what comes twice is not looked at.
        acme.tell("edited", 1).await;
        assert_eq!(acme.deliver("1", "opened", 1).await, Received::Repeated);
        acme.tell("labeled", 1).await;
        assert_eq!((acme.comments(), acme.checks().len()), (comments.clone(), 1));

        // Somebody pushes, and somebody removes the comment.
        acme.propose(&WIDER.replace("[production]", "[staging, production]")).await;
        let after = acme.comments();
        assert!(after.len() == 1 && after[0] != comments[0] && after[0].contains("2 need approvals"), "{after:?}");
        assert!(acme.checks().len() == 2 && acme.checks()[1].1 != head, "{:?}", acme.checks());
        acme.fake.state().comments.clear();
        acme.propose(WIDER).await;
        assert_eq!(acme.comments(), comments);

        // What waits is decided, and what is asked for here too.
        let wish = Ask {
            consumer: Some(checkout()),
            api: Some(payments()),
            scopes: vec!["payments.charge.write".to_owned()],
            environments: vec!["production".to_owned()],
            justification: "Charge customers.".to_owned(),
            ..Ask::default()
        };
        let asked = ask(portal, &sam, &wish).await.unwrap();
        let waiting = super::super::waiting(portal, &pat).await.unwrap();
        assert_eq!(waiting.len(), 2);
        let decided = Decided { approves: true, reason: String::new(), until: String::new() };
        for request in &waiting {
            decide(portal, &pat, &request.id, &[], &decided).await.unwrap();
        }
        acme.settled().await;
        assert_eq!(acme.conclusion(), "action_required", "security has not spoken");
        decide(portal, &sue, &asked, &[], &decided).await.unwrap();
        acme.settled().await;
        assert_eq!(acme.conclusion(), "success");
        assert!(!acme.comments()[0].contains("Not granted yet"), "{:?}", acme.comments());

        // The change goes away; then the pull request.
        acme.propose(REQUIRES).await;
        assert!(acme.comments().len() == 1 && acme.comments()[0].contains("Nothing of it changes."), "{:?}", acme.comments());
        acme.fake.state().pulls.get_mut(&acme.checkout).unwrap()[0].closed_at = Some(1);
        let repository = super::super::manifests::store::manifests(portal.db()).await.unwrap().remove(0).repository;
        assert!(store::get(portal.db(), &repository, 1).await.unwrap().is_some());
        acme.tell("closed", 1).await;
        assert!(store::get(portal.db(), &repository, 1).await.unwrap().is_none());
        // Opened again, the same comment goes on.
        acme.fake.state().pulls.get_mut(&acme.checkout).unwrap()[0].closed_at = None;
        acme.propose(WIDER).await;
        assert_eq!(acme.comments().len(), 1);
        acme.portal.stop().await;
    }

    async fn what_others_merged_meanwhile_is_not_its_doing(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        acme.propose(WIDER).await;
        let before = acme.comments();
        let staging = REQUIRES.replace("development, production", "development, staging");
        acme.fake.state().push(acme.checkout, "sam", "Sam <sam@example.com>", "main", &[("access.yaml", &staging)]).unwrap();
        acme.sync().await;
        acme.tell("synchronize", 1).await;
        assert!(!acme.comments()[0].contains("staging") && acme.comments()[0].contains("1 needs an approval"), "{:?}", acme.comments());
        assert_eq!(acme.comments().len(), before.len());
        acme.portal.stop().await;
    }

    async fn what_the_clock_ends_is_said_too(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let acme = Acme::new(&Settings { clock: clock.clone(), ..settings }, &ALL, false).await;
        let pat = signed_in(&acme.portal, &person("pat")).await;
        let request = super::super::waiting(&acme.portal, &pat).await.unwrap().remove(0).id;
        acme.propose(&format!("# Ours\n{REQUIRES}")).await;
        let decided = Decided { approves: true, ..Decided::default() };
        decide(&acme.portal, &pat, &request, &[], &decided).await.unwrap();
        acme.settled().await;
        assert_eq!(acme.conclusion(), "success");
        // Its review is due, and nobody answers it; then all ends.
        clock.advance(91 * DAY);
        run_job(&acme.portal).await;
        acme.settled().await;
        assert_eq!(acme.conclusion(), "success");
        clock.advance(15 * DAY);
        run_job(&acme.portal).await;
        acme.settled().await;
        assert_eq!(acme.conclusion(), "neutral");
        let suspended = acme.checks().len();
        clock.advance(300 * DAY);
        run_job(&acme.portal).await;
        acme.settled().await;
        assert!(acme.checks().len() > suspended && acme.fake.state().check_runs.last().unwrap().title.starts_with("2 of 2"));
        acme.portal.stop().await;
    }

    async fn whoever_changes_nothing_of_access_is_left_alone(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        // Somebody else writes our marker.
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("README.md", "# Checkout\n")]).unwrap();
        let foreign = fake_forge::Comment {
            id: 1,
            repository: acme.checkout,
            number,
            by: "stranger".to_owned(),
            body: format!("{MARKER} mine"),
            created_at: 0,
            updated_at: 0,
        };
        acme.fake.state().comments.push(foreign);
        acme.tell("opened", number).await;
        assert_eq!(acme.comments(), [format!("{MARKER} mine")]);
        assert_eq!(acme.conclusion(), "neutral", "production waits, but not for this");
        acme.portal.stop().await;
    }

    async fn what_is_wrong_is_said_whoever_proposes_it(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        // A fork speaks for another repository's component: what that has is not told.
        let others = WIDER.replace("default/checkout", "default/payments-service");
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", &others)]).unwrap();
        assert_eq!(acme.tell("opened", number).await.state, JobState::Succeeded);
        assert_eq!(acme.conclusion(), "failure");
        assert!(acme.comments()[0].contains("ACC003"), "{:?}", acme.comments());
        // Broken, and with more errors than one call takes.
        let mut broken = REQUIRES.to_owned();
        for number in 0..120 {
            broken += &format!("unknown{number}: [x]\n");
        }
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", &broken)]).unwrap();
        acme.tell("opened", number).await;
        let run = acme.fake.state().check_runs.last().cloned().unwrap();
        assert_eq!((run.conclusion.as_str(), run.title.as_str()), ("failure", "The manifest cannot be read"));
        assert!(run.annotations.len() > 50, "{}", run.annotations.len());
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", "a: &a [*a, *a]\n[")]).unwrap();
        acme.tell("opened", number).await;
        assert!(acme.comments().last().unwrap().contains("cannot be read"), "{:?}", acme.comments());
        // Ten thousand lines, and too many bytes.
        let long = format!("{WIDER}{}", "  # more\n".repeat(10_000));
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", &long)]).unwrap();
        acme.tell("opened", number).await;
        assert_eq!(acme.conclusion(), "action_required");
        let huge = format!("{WIDER}{}", "# more\n".repeat(400_000));
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", &huge)]).unwrap();
        acme.tell("opened", number).await;
        assert_eq!(acme.conclusion(), "failure");
        acme.portal.stop().await;
    }

    async fn the_largest_manifest_costs_no_more_than_it_may(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        let scopes: Vec<String> = (0..10_000).map(|number| format!("nothing.{number}.read")).collect();
        let large = REQUIRES.replace("[payments.charge.read]", &format!("[{}]", scopes.join(", ")));
        let large = large.replace("[development, production]", "[development]");
        let number = acme.fake.state().propose_from_fork(acme.checkout, &[("access.yaml", &large)]).unwrap();
        // A limit in the middle of it is waited for, and nothing is written twice.
        acme.fake.break_next("PATCH /repos/acme/checkout/check-runs", Fault::SecondaryLimit { retry_after: Some(1) }, 1);
        assert_eq!(acme.tell("opened", number).await.state, JobState::Succeeded);
        let writes = |acme: &Acme| {
            let requests = acme.fake.requests();
            requests.iter().filter(|request| request.contains("/check-runs") || request.starts_with("POST /repos")).count()
        };
        assert_eq!(writes(&acme), 10 + 1 + 1, "ten calls, one of them again, and the comment");
        let run = acme.fake.state().check_runs.last().cloned().unwrap();
        assert_eq!((acme.checks().len(), run.conclusion.as_str(), run.annotations.len()), (1, "failure", 500));
        assert!(run.summary.contains("The worst 500 of 20001 findings"), "{}", &run.summary[run.summary.len() - 200..]);
        assert!(acme.comments().len() == 1 && acme.comments()[0].contains("more lines are left out here"));
        // Somebody closes it before it is looked at again.
        acme.fake.state().pulls.get_mut(&acme.checkout).unwrap()[0].closed_at = Some(1);
        acme.tell("synchronize", number).await;
        assert_eq!(writes(&acme), 12);
        acme.portal.stop().await;
    }

    async fn without_permission_it_is_left_out_and_the_log_says_so(settings: Settings) {
        let acme = Acme::new(&settings, &ALL[..3], false).await;
        let job = acme.propose(WIDER).await;
        assert_eq!(job.state, JobState::Succeeded);
        let log = jobs::log(&acme.portal, &Actor::Operator, &job.id, 0).await.unwrap();
        let said: Vec<&str> = log.iter().map(|line| line.line.as_str()).collect();
        assert!(said.iter().any(|line| line.contains("No check")) && said.iter().any(|line| line.contains("The comment is left out")), "{said:?}");
        assert_eq!((acme.comments().len(), acme.checks().len()), (0, 0));
        acme.portal.stop().await;
    }

    async fn a_token_comments_and_the_public_learns_nothing_of_what_is_hidden(settings: Settings) {
        let acme = Acme::new(&settings, &[], true).await;
        acme.propose(WIDER).await;
        let comments = acme.comments();
        assert!(comments.len() == 1 && acme.checks().is_empty(), "{comments:?}");
        assert!(comments[0].contains("ACC004") && !comments[0].contains("payments-team"), "{}", comments[0]);
        acme.portal.stop().await;
    }

    async fn statements_of_pull_requests(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let manifest = super::super::manifests::store::manifests(db).await.unwrap().remove(0);
        let id = manifest.repository;
        assert_eq!(store::place(db, &id).await.unwrap(), Some(("checkout".to_owned(), "public".to_owned())));
        let row = store::Row { component: Some("component:default/checkout".to_owned()), comment_id: Some(1 << 40), ..Default::default() };
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::repository_of_key(&mut tx, "elsewhere").await.unwrap(), None);
        store::write(&mut tx, &id, 7, &store::Row::default()).await.unwrap();
        store::write(&mut tx, &id, 7, &row).await.unwrap();
        let found = store::of_components(&mut tx, &["component:default/checkout".to_owned(), "x".to_owned()]).await.unwrap();
        assert_eq!(found, [(id.clone(), 7)]);
        tx.commit().await.unwrap();
        assert_eq!(store::get(db, &id, 7).await.unwrap(), Some(row));
        let mut tx = db.begin().await.unwrap();
        store::forget(&mut tx, &id, 7).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::get(db, &id, 7).await.unwrap(), None);
        world.portal.stop().await;
    }
}
