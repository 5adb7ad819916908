//! Into an organisation at GitHub, with somebody who stands in for it.

use std::collections::BTreeMap;

use fake_forge::{Fake, Profile};

use super::*;
use crate::db_test;
use crate::git::Secret;
use crate::settings::{
    Collaborator, GitHubLogin, GitHubOwner, GitHubSettings, Password, PublishInput, PublishSettings, SourceKind,
    StepSettings,
};

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
        let crew = fake_forge::Team {
            id: 1,
            slug: "crew".to_owned(),
            name: "Crew".to_owned(),
            parent: None,
            secret: false,
            members: Vec::new(),
            repositories: BTreeMap::new(),
        };
        if let Some(organisation) = fake.state().organisations.get_mut("acme") {
            organisation.teams.push(crew);
        }
        let acme = acme(&fake);
        let SourceKind::GitHub(github) = &acme.kind else { panic!("{acme:?}") };
        let settings = Settings { steps: steps(&github.host()), publish: vec![besides()], ..settings.clone() };
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

/// What new repositories get besides.
fn besides() -> PublishSettings {
    let let_in = |user: Option<&str>, team: Option<&str>, access: &str| Collaborator {
        user: user.map(str::to_owned),
        team: team.map(str::to_owned),
        access: access.to_owned(),
    };
    let collaborators = vec![let_in(Some("jane"), None, "push"), let_in(None, Some("crew"), "maintain")];
    let input = PublishInput {
        protect_default_branch: true,
        required_approving_review_count: 1,
        required_status_check_contexts: vec!["build".to_owned()],
        collaborators,
        ..PublishInput::default()
    };
    PublishSettings { templates: vec![template()], input }
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
        let (made, crew) = {
            let state = acme.fake.state();
            let made = state.repositories.values().find(|found| found.name == "tides").unwrap().clone();
            let crew = state.organisations["acme"].teams.iter().find(|team| team.slug == "crew").unwrap();
            (made.clone(), crew.repositories.get(&made.id).cloned())
        };
        assert_eq!(made.collaborators.get("jane").map(String::as_str), Some("write"));
        assert_eq!(crew.as_deref(), Some("maintain"));
        let protection = made.protection.unwrap();
        assert_eq!(protection["required_pull_request_reviews"]["required_approving_review_count"], 1, "{protection}");
        assert_eq!(protection["required_status_checks"]["contexts"][0], "build", "{protection}");
        let said = "lets the team crew in (maintain); lets main be changed by pull requests alone, with 1 approving reviews";
        assert!(detail.steps[1].does.ends_with(said), "{detail:#?}");
        acme.world.portal.stop().await;
    }
}
