//! Into an organisation at GitHub, with somebody who stands in for it.

use fake_forge::{Fake, Profile};

use super::*;
use crate::db_test;
use crate::git::Secret;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password, SourceKind, StepSettings};

/// An organisation at GitHub, into which projects are launched.
pub(super) struct Acme {
    pub fake: Fake,
    pub world: World,
}

impl Acme {
    pub async fn new(settings: &Settings) -> Self {
        Self::with_steps(settings, |_| Vec::new()).await
    }

    /// The same with what the operator wants besides, told the forge's host.
    pub async fn with_steps(settings: &Settings, steps: impl Fn(&str) -> Vec<StepSettings>) -> Self {
        let fake = Fake::start(Profile::Enterprise).await.unwrap();
        fake.state().add_token("ghp_full", "slipway-bot", &["repo", "read:org", "delete_repo"]);
        let id = fake.state().add_repository("acme", "shop");
        fake.state().add_git(id, &[("README.md", "# Shop\n")]).unwrap();
        let acme = acme(&fake);
        let SourceKind::GitHub(github) = &acme.kind else { panic!("{acme:?}") };
        let settings = Settings { steps: steps(&github.host()), ..settings.clone() };
        let world = World::with(&settings, vec![acme]).await;
        Self { fake, world }
    }

    pub fn wish(&self, name: &str) -> Launch {
        let description = "Tells the tides".to_owned();
        let (destination, topics) = ("acme".to_owned(), vec!["tides".to_owned()]);
        Launch { destination, description, topics, ..self.world.wish(name) }
    }

    /// Names and descriptions of the repositories at the forge, without the one that was there before.
    pub fn all(&self) -> Vec<(String, Option<String>)> {
        let state = self.fake.state();
        let made = state.repositories.values().filter(|found| found.name != "shop");
        made.map(|found| (found.name.clone(), found.description.clone())).collect()
    }

    pub fn bare(&self, name: &str) -> PathBuf {
        self.fake.state().repositories.values().find(|found| found.name == name).unwrap().git.clone().unwrap()
    }
}

pub(super) fn acme(fake: &Fake) -> SourceSettings {
    let owner = GitHubOwner::Organisation("acme".to_owned());
    let login = GitHubLogin::Token(Password::Known(Secret::new("ghp_full")));
    let github = GitHubSettings { url: Some(fake.origin().to_owned()), login, ..GitHubSettings::new(owner) };
    SourceSettings::new("acme", SourceKind::GitHub(github), Visibility::Public).launching()
}

db_test! {
    async fn a_template_becomes_a_repository_at_github(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let wish = Launch { visibility: RepositoryVisibility::Public, ..acme.wish("tides") };
        let detail = acme.world.launch(wish).await;
        assert_eq!(detail.run.state, RunState::Done, "{detail:#?}\n{:#?}", acme.fake.requests());
        assert_eq!(acme.all(), [("tides".to_owned(), Some("Tells the tides".to_owned()))]);
        assert_eq!(crate::git::testing::git(&acme.bare("tides"), &["show", "main:README.md"]), "# Tides\n\nUnder MIT.");
        let head = crate::git::testing::git(&acme.bare("tides"), &["rev-parse", "main"]);
        assert_eq!(detail.outputs.get("commitHash"), Some(&head));
        assert!(detail.run.entity.is_some(), "{detail:#?}");
        let topics = acme.fake.state().repositories.values().find(|found| found.name == "tides").unwrap().topics.clone();
        assert_eq!(topics, ["tides"]);
        acme.world.portal.stop().await;
    }
}
