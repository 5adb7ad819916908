//! An organisation that changes, a forge and a network that misbehave, and deliveries that come late, twice, in another
//! order or never: whatever happened, a round without faults reaches exactly what a fresh start reaches.

use fake_forge::{Fake, Fault, Visibility};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tempfile::TempDir;

use super::*;
use crate::git::testing::GitHost;
use crate::repositories::{self, RepositoryFilter};

/// Sequences that are tried on each database where `PROPTEST_CASES` does not say otherwise.
const CASES: u32 = 3;
/// More that vanish at once wait for a person.
const MOST_GONE: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    ForcePush(usize),
    Create,
    Rename(usize),
    Delete(usize),
    /// Deleted, and made again under the same name.
    Anew(usize),
    Transfer(usize),
    Turn(usize, Visibility),
    Archive(usize),
    /// The next request there meets it.
    Break(&'static str, Fault),
    /// The host does not accept our password until the next round is over.
    Revoke,
    /// One of the deliveries that are under way arrives; its place among them.
    Deliver(usize),
    /// One that arrived comes again.
    Again(usize),
    Forge,
    Round,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..20_usize;
    let visibility = prop_oneof![Just(Visibility::Public), Just(Visibility::Internal), Just(Visibility::Private)];
    let fault = prop_oneof![
        Just(Fault::ServerError),
        Just(Fault::TruncatedJson),
        Just(Fault::Reset),
        Just(Fault::MissingPage),
        Just(Fault::SingleSignOn),
        Just(Fault::BadCredentials),
        Just(Fault::StrangeEntry),
        Just(Fault::PartialResults { organisations: vec![1] }),
    ];
    let place = prop_oneof![Just("/orgs/acme/repos"), Just("/repositories/"), Just("/user")];
    let step = prop_oneof![
        4 => which.clone().prop_map(Step::Push),
        1 => which.clone().prop_map(Step::ForcePush),
        2 => Just(Step::Create),
        1 => which.clone().prop_map(Step::Rename),
        1 => which.clone().prop_map(Step::Delete),
        1 => which.clone().prop_map(Step::Anew),
        1 => which.clone().prop_map(Step::Transfer),
        1 => (which.clone(), visibility).prop_map(|(which, visibility)| Step::Turn(which, visibility)),
        1 => which.clone().prop_map(Step::Archive),
        3 => (place, fault).prop_map(|(place, fault)| Step::Break(place, fault)),
        1 => Just(Step::Revoke),
        5 => which.clone().prop_map(Step::Deliver),
        1 => which.prop_map(Step::Again),
        1 => Just(Step::Forge),
        4 => Just(Step::Round),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 10..24)
}

struct World {
    fake: Fake,
    host: GitHost,
    settings: Settings,
    portal: Option<Portal>,
    /// Ids of what the organisation has, with the names of their folders at the host.
    here: Vec<(u64, String)>,
    made: usize,
    gone: usize,
    /// Event and payload.
    under_way: Vec<(&'static str, Value)>,
    arrived: Vec<(String, &'static str, Value)>,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let (fake, host) = acme(&["r0", "r1", "r2"]).await;
        let here = ["r0", "r1", "r2"].map(|name| (id(&fake, name), name.to_owned())).to_vec();
        let portal = open(settings, vec![hooked(&fake)]).await;
        let (under_way, arrived) = Default::default();
        Self {
            fake,
            host,
            settings: settings.clone(),
            portal: Some(portal),
            here,
            made: 3,
            gone: 0,
            under_way,
            arrived,
        }
    }

    fn portal(&self) -> &Portal {
        self.portal.as_ref().unwrap()
    }

    fn at(&self, which: usize) -> Option<(u64, String)> {
        (!self.here.is_empty()).then(|| self.here[which % self.here.len()].clone())
    }

    fn happened(&mut self, action: &str, id: u64, name: &str) {
        let repository = json!({ "id": id, "full_name": format!("acme/{name}") });
        self.under_way.push(("repository", json!({ "action": action, "repository": repository })));
    }

    fn pushed(&mut self, id: u64, name: &str) {
        // Long ago, so that the next push within the same second is another one all the same.
        change(&self.fake, id, |repository| repository.pushed_at += 1);
        let after = git(&self.host.bare(name), &["rev-parse", "HEAD"]);
        let repository = json!({ "id": id, "full_name": format!("acme/{name}"), "default_branch": "main" });
        let payload = json!({ "ref": "refs/heads/main", "after": after, "deleted": false, "repository": repository });
        self.under_way.push(("push", payload));
    }

    fn create(&mut self, name: &str) {
        self.made += 1;
        let folder = format!("f{}", self.made);
        self.host.repository(&folder);
        let id = self.fake.state().add_repository("acme", name);
        let url = self.host.url(&folder);
        change(&self.fake, id, |repository| repository.clone_url = Some(url));
        self.here.push((id, folder));
        self.happened("created", id, name);
    }

    fn remove(&mut self, id: u64, action: &str) {
        self.gone += 1;
        self.here.retain(|(one, _)| *one != id);
        self.happened(action, id, "gone");
    }

    fn name(&self, id: u64) -> String {
        self.fake.state().repositories[&id].name.clone()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Push(which) | Step::ForcePush(which) => {
                let Some((id, folder)) = self.at(which) else { return };
                if matches!(step, Step::ForcePush(_)) {
                    self.host.git(&folder, &["commit", "-q", "--amend", "-m", "Begin again"]);
                }
                self.made += 1;
                self.host.commit(&folder, "main.py", &format!("print({})\n", self.made));
                self.pushed(id, &folder);
            }
            Step::Create => self.create(&format!("n{}", self.made)),
            Step::Rename(which) => {
                let Some((id, folder)) = self.at(which) else { return };
                self.made += 1;
                let new = format!("renamed{}", self.made);
                fs::rename(self.host.bare(&folder), self.host.bare(&new)).unwrap();
                // The work tree goes with it.
                self.host.follow(&folder, &new);
                self.fake.state().move_repository(id, "acme", &new);
                let url = self.host.url(&new);
                change(&self.fake, id, |repository| repository.clone_url = Some(url));
                self.here.iter_mut().filter(|(one, _)| *one == id).for_each(|(_, folder)| folder.clone_from(&new));
                self.happened("renamed", id, &new);
            }
            Step::Delete(which) | Step::Anew(which) | Step::Transfer(which) if self.gone < MOST_GONE => {
                let Some((id, _)) = self.at(which) else { return };
                let name = self.name(id);
                if matches!(step, Step::Transfer(_)) {
                    self.fake.state().move_repository(id, "elsewhere", &name);
                    return self.remove(id, "transferred");
                }
                self.fake.state().repositories.remove(&id);
                self.remove(id, "deleted");
                if matches!(step, Step::Anew(_)) {
                    self.create(&name);
                }
            }
            Step::Delete(_) | Step::Anew(_) | Step::Transfer(_) => {}
            Step::Turn(which, visibility) => {
                let Some((id, folder)) = self.at(which) else { return };
                change(&self.fake, id, |repository| repository.visibility = visibility);
                self.happened("edited", id, &folder);
            }
            Step::Archive(which) => {
                let Some((id, folder)) = self.at(which) else { return };
                change(&self.fake, id, |repository| repository.archived ^= true);
                self.happened("archived", id, &folder);
            }
            Step::Break(place, fault) => self.fake.break_next(place, fault, 1),
            Step::Revoke => self.host.require("x-access-token", "another"),
            Step::Deliver(which) if !self.under_way.is_empty() => {
                let (event, payload) = self.under_way.remove(which % self.under_way.len());
                let delivery = format!("d{}", self.arrived.len());
                assert_eq!(deliver(self.portal(), &delivery, event, &payload).await.unwrap(), Received::Taken);
                self.arrived.push((delivery, event, payload));
            }
            Step::Again(which) if !self.arrived.is_empty() => {
                let (delivery, event, payload) = &self.arrived[which % self.arrived.len()];
                assert_eq!(deliver(self.portal(), delivery, event, payload).await.unwrap(), Received::Repeated);
            }
            Step::Deliver(_) | Step::Again(_) => {}
            Step::Forge => {
                let body = push(&self.fake, &self.name(self.here[0].0), &"0".repeat(40)).to_string().into_bytes();
                let refused = receive(self.portal(), "acme", &headers("forged", "push", &body, "guess"), &body).await;
                assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
            }
            Step::Round => {
                round(self.portal()).await;
                self.host.require("x-access-token", "ghp_full");
            }
            Step::Restart => {
                self.portal().stop().await;
                // Lets go of the data folder.
                self.portal = None;
                self.portal = Some(open(&self.settings, vec![hooked(&self.fake)]).await);
            }
        }
    }

    /// Everything ends well from now on.
    async fn calm_down(&mut self) {
        self.fake.state().clear_faults();
        self.host.require("x-access-token", "ghp_full");
        round(self.portal()).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while !store::told(self.portal().db(), "acme", 1).await.unwrap().is_empty() {
            assert!(tokio::time::Instant::now() < deadline, "what was told is never answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        round(self.portal()).await;
    }
}

/// All that is seen of each repository, but for what is given once and kept: its id and slug. What is out of sight waits
/// for its 30 days where nothing proved that it is gone; it comes second, by its stable key.
async fn seen(portal: &Portal) -> (Vec<String>, Vec<String>) {
    let filter = RepositoryFilter { per_page: 500, ..RepositoryFilter::default() };
    let page = repositories::list(portal, &Actor::Operator, &filter).await.unwrap();
    let known = crate::sources::store::known(portal.db()).await.unwrap();
    let (mut seen, mut out_of_sight) = (Vec::new(), Vec::new());
    for row in page.rows {
        let of = known.iter().find(|known| known.id == row.id).unwrap();
        if row.out_of_sight.is_some() {
            out_of_sight.push(of.stable_key.clone());
            continue;
        }
        seen.push(format!(
            "{} {} {:?} {:?} archived {} fork {} {:?} entities {} read {:?}",
            of.stable_key,
            row.name,
            row.visibility,
            row.standing,
            of.archived,
            of.fork,
            row.languages,
            row.entities,
            of.fingerprint
        ));
    }
    seen.sort();
    (seen, out_of_sight)
}

db_test! {
    async fn after_any_faults_a_calm_round_reaches_what_a_fresh_start_reaches(settings: Settings) {
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
        let mut runner =
            TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let mut world = World::new(&settings).await;
        for _ in 0..cases {
            let steps = steps().new_tree(&mut runner).unwrap().current();
            for step in steps.clone() {
                world.take(step).await;
            }
            world.calm_down().await;
            world.gone = 0;
            let folder = TempDir::new().unwrap();
            let fresh = open(&Settings::new(folder.path()), vec![hooked(&world.fake)]).await;
            round(&fresh).await;
            let (seen, out_of_sight) = self::seen(world.portal()).await;
            let (expected, nothing) = self::seen(&fresh).await;
            assert_eq!((seen, nothing.len()), (expected, 0), "after {steps:#?}");
            for key in out_of_sight {
                let is_here = world.here.iter().any(|(id, _)| key.ends_with(&format!(":{id}")));
                assert!(!is_here, "{key} is there and out of sight, after {steps:#?}");
            }
            fresh.stop().await;
        }
        world.portal().stop().await;
    }
}
