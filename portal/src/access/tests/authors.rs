//! Who wrote a change: Git's authors are whoever the commit says, GitHub's are who was signed in.

use fake_forge::{Activity, Fault, Pull};
use model::access::AccessRequest;

use super::super::authors;
use super::pulls::{ALL, Acme, WIDER};
use super::*;

const PAUL: &str = "Paul <paul@example.com>";
const NOT_TOLD: &str = "GitHub does not tell who brought it";

impl Acme {
    /// Somebody pushes a manifest to a branch, under whatever name.
    fn push(&self, login: &str, author: &str, branch: &str, manifest: &str) {
        self.fake.state().push(self.checkout, login, author, branch, &[("access.yaml", manifest)]).unwrap();
    }

    /// Somebody proposes that branch, and somebody merges it.
    fn merge(&self, opened_by: &str, merged_by: &str, branch: &str, squash: bool) {
        let mut state = self.fake.state();
        let pulls = state.pulls.entry(self.checkout).or_default();
        let number = pulls.len() as u64 + 1;
        pulls.push(Pull {
            number,
            title: "More".to_owned(),
            body: None,
            branch: branch.to_owned(),
            head: String::new(),
            base: "main".to_owned(),
            fork: None,
            by: opened_by.to_owned(),
            created_at: 0,
            updated_at: 0,
            closed_at: None,
            merged_at: None,
            merged: None,
        });
        state.merge(self.checkout, number, merged_by, squash).unwrap();
    }

    /// What waits for `payments.charge.write`.
    async fn asked(&self) -> Option<AccessRequest> {
        let waiting = super::super::waiting(&self.portal, &Actor::Operator).await.unwrap();
        waiting.into_iter().find(|request| request.atoms.iter().any(|atom| atom.scope == "payments.charge.write"))
    }

    /// Who wrote what was asked last, and why that is not certain.
    async fn wrote(&self) -> (Vec<String>, Option<String>) {
        let request = self.asked().await.unwrap();
        let waiting = request.atoms[0].waiting.clone().unwrap();
        (waiting.authors.iter().map(|author| author.name.clone()).collect(), waiting.doubt)
    }

    async fn may_decide(&self, name: &str) -> bool {
        let actor = signed_in(&self.portal, &person(name)).await;
        let request = self.asked().await.unwrap();
        let decided = Decided { approves: true, ..Decided::default() };
        let shown = super::super::request(&self.portal, &actor, &request.id).await.unwrap().may_decide;
        let done = decide(&self.portal, &actor, &request.id, &[], &decided).await;
        assert_eq!(shown, done.is_ok(), "{done:?}");
        assert!(shown || matches!(done, Err(Error::Forbidden(_))), "{done:?}");
        shown
    }
}

db_test! {
    async fn whoever_pushes_under_another_name_decides_nothing(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        // What was there before anybody looked.
        let waiting = super::super::waiting(&acme.portal, &Actor::Operator).await.unwrap().remove(0);
        let doubt = waiting.atoms.iter().find_map(|atom| atom.waiting.clone()).unwrap().doubt.unwrap();
        assert_eq!(doubt, "GitHub has no record of who pushed to main.");

        acme.push("pat", PAUL, "more", WIDER);
        acme.merge("pat", "sam", "more", false);
        acme.sync().await;
        assert_eq!(acme.wrote().await, (vec!["pat".to_owned(), "paul".to_owned()], None));
        // The one did, the other is said to have done it. Who only merges it wrote nothing.
        assert!(!acme.may_decide("pat").await && !acme.may_decide("paul").await);
        acme.portal.stop().await;
    }

    async fn whoever_pushes_to_the_branch_of_somebody_else_decides_nothing(settings: Settings) {
        pushed_to_the_branch_of_sam(&settings, false).await;
    }

    async fn a_squash_does_not_hide_who_pushed(settings: Settings) {
        pushed_to_the_branch_of_sam(&settings, true).await;
    }

    async fn whoever_pushes_to_the_default_branch_decides_nothing(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        acme.push("pat", "Nobody <nobody@example.org>", "main", WIDER);
        acme.fake.state().push(acme.checkout, "paul", PAUL, "main", &[("README.md", "# Checkout\n")]).unwrap();
        acme.sync().await;
        assert_eq!(acme.wrote().await, (vec!["pat".to_owned()], None), "who pushed something else wrote nothing of it");
        assert!(!acme.may_decide("pat").await);
        // Taken back and asked for again with the same words, it still is hers.
        let sam = signed_in(&acme.portal, &person("sam")).await;
        let atom = acme.asked().await.unwrap().atoms[0].id.clone();
        act(&acme.portal, &sam, &[atom], Deed::Withdraw, "").await.unwrap();
        acme.push("sam", "Sam <sam@example.com>", "main", &format!("# Ours\n{WIDER}"));
        acme.sync().await;
        assert_eq!(acme.wrote().await.0, ["pat", "sam"]);
        assert!(!acme.may_decide("pat").await && acme.may_decide("paul").await);
        acme.portal.stop().await;
    }

    async fn what_people_approve_waits_for_github(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        acme.fake.break_next("/activity", Fault::BadCredentials, 1_000);
        let staging = WIDER.replace("environments: [development, production]", "environments: [development, staging]");
        acme.push("pat", PAUL, "main", &staging);
        acme.sync().await;
        let states = states(&acme.portal).await;
        assert!(states.iter().any(|state| state == "payments.charge.read development active"), "{states:?}");
        let withdrawn = states.iter().all(|state| !state.contains("production pending"));
        assert!(acme.asked().await.is_none() && withdrawn, "less needs nobody, and is not held up: {states:?}");
        let waits = manifest(&acme.portal, &Actor::Operator, &checkout()).await.unwrap().unwrap().waits.unwrap();
        assert!(waits.contains("until GitHub has said") && waits.contains("does not accept the credentials"), "{waits}");
        let job = acme.over(authors::JOB).await.remove(0);
        assert!(job.error.is_some_and(|error| error.contains("credentials")), "{}", job.title);

        acme.fake.state().clear_faults();
        acme.sync().await;
        assert_eq!(acme.wrote().await, (vec!["pat".to_owned(), "paul".to_owned()], None));
        assert_eq!(manifest(&acme.portal, &Actor::Operator, &checkout()).await.unwrap().unwrap().waits, None);
        // What changes nothing asks for nothing.
        let asked = |acme: &Acme| acme.fake.requests().iter().filter(|one| one.contains("/activity")).count();
        let before = asked(&acme);
        acme.fake.state().push(acme.checkout, "pat", PAUL, "main", &[("README.md", "# Checkout\n")]).unwrap();
        acme.sync().await;
        assert_eq!(asked(&acme), before);
        acme.portal.stop().await;
    }

    async fn what_github_refuses_to_tell_is_said(settings: Settings) {
        let acme = Acme::new(&settings, &ALL[..3], false).await;
        acme.push("pat", PAUL, "more", WIDER);
        acme.merge("pat", "sam", "more", false);
        acme.sync().await;
        let (wrote, doubt) = acme.wrote().await;
        assert!(wrote == ["paul"] && doubt.as_ref().is_some_and(|doubt| doubt.starts_with(NOT_TOLD)), "{wrote:?} {doubt:?}");
        acme.portal.stop().await;
    }

    async fn a_login_that_is_no_user_may_be_anybody(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        acme.push("pat-at-home", PAUL, "main", WIDER);
        acme.sync().await;
        let doubt = "pat-at-home at GitHub pushed or proposed it, and is no user of the catalog.";
        assert_eq!(acme.wrote().await, (vec!["paul".to_owned()], Some(doubt.to_owned())));
        acme.portal.stop().await;
    }

    async fn whoever_proposes_from_a_fork_wrote_it(settings: Settings) {
        let acme = Acme::new(&settings, &ALL, false).await;
        {
            let mut state = acme.fake.state();
            let number = state.propose_from_fork(acme.checkout, &[("access.yaml", WIDER)]).unwrap();
            state.merge(acme.checkout, number, "sam", false).unwrap();
        }
        acme.sync().await;
        let doubt = "stranger at GitHub pushed or proposed it, and is no user of the catalog.";
        assert_eq!(acme.wrote().await, (Vec::new(), Some(doubt.to_owned())));
        acme.portal.stop().await;
    }
}

async fn states(portal: &Portal) -> Vec<String> {
    let (atoms, _) = list(portal, &Actor::Operator, &AccessFilter::default(), 1, 100).await.unwrap();
    atoms.iter().map(|atom| format!("{} {} {}", atom.scope, atom.environment, atom.state.as_str())).collect()
}

async fn pushed_to_the_branch_of_sam(settings: &Settings, squash: bool) {
    let acme = Acme::new(settings, &ALL, false).await;
    acme.push("sam", "Sam <sam@example.com>", "more", &REQUIRES.replace("Show", "Tell"));
    acme.push("pat", "Sam <sam@example.com>", "more", WIDER);
    acme.merge("sam", "paul", "more", squash);
    {
        // The branch goes away, and comes back.
        let mut state = acme.fake.state();
        let last = state.activities.iter().rfind(|one| one.reference == "refs/heads/more").unwrap().clone();
        let nothing = "0".repeat(40);
        let paul =
            Activity { kind: "branch_deletion".to_owned(), before: last.after.clone(), by: "paul".to_owned(), ..last };
        state.activities.push(Activity { after: nothing.clone(), ..paul.clone() });
        state.activities.push(Activity { kind: "branch_creation".to_owned(), before: nothing, ..paul });
    }
    acme.sync().await;
    assert_eq!(acme.wrote().await, (vec!["pat".to_owned(), "sam".to_owned()], None));
    assert!(!acme.may_decide("pat").await && acme.may_decide("paul").await);
    acme.portal.stop().await;
}
