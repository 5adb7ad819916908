//! Into a folder of bare repositories.

use model::catalog::CatalogFilter;
use model::run::StepState;

use super::*;
use crate::db_test;
use crate::templates;

db_test! {
    async fn a_template_becomes_a_repository_that_is_in_the_catalog(settings: Settings) {
        let world = World::new(&settings).await;
        let rows = templates::list(&world.portal, &Actor::Operator).await.unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0].reference.clone(), rows[0].dialect.as_deref()), (template(), Some("cookiecutter")));
        let start = std::time::Instant::now();
        let owner = EntityRef::new("group", "default", "harbour");
        let wish = Launch { owner: Some(owner.clone()), lifecycle: Some("experimental".to_owned()), ..world.wish("tides") };
        let detail = world.launch(wish).await;
        eprintln!("from the click to the entity: {:?}", start.elapsed());
        assert_eq!(detail.run.state, RunState::Done, "{detail:#?}");
        assert!(detail.steps.iter().all(|step| step.state == StepState::Done && step.attempts == 1), "{detail:#?}");
        assert_eq!(world.file("tides", "README.md"), "# Tides\n\nUnder MIT.");
        assert!(world.file("tides", ".slipway/lineage.yml").contains("dialect: cookiecutter"));
        assert_eq!(world.all(), ["tides.git"]);
        let page = crate::catalog::list(&world.portal, &Actor::Operator, &CatalogFilter::default()).await.unwrap();
        let row = page.rows.iter().find(|row| Some(&row.reference) == detail.run.entity.as_ref()).expect("it is there");
        assert_eq!((row.owner.as_ref(), row.lifecycle.as_deref()), (Some(&owner), Some("experimental")));
        let made_by = of_project(&world.portal, &Actor::Operator, detail.run.project.as_deref().unwrap()).await.unwrap();
        assert_eq!(made_by.map(|run| run.id), Some(detail.run.id.clone()));
        let known = templates::get(&world.portal, &Actor::Operator, &template(), None).await.unwrap();
        assert_eq!(known.projects.iter().map(|project| project.repository.as_str()).collect::<Vec<_>>(), ["tides"]);
        assert_eq!(templates::list(&world.portal, &Actor::Operator).await.unwrap()[0].projects, 1);
        assert!(log(&world.portal, &Actor::Operator, &detail.run.id, 0).await.unwrap().len() >= 5);
        assert!(!settings.data.join("runs").join(&detail.run.id).exists());
        world.portal.stop().await;
    }
}
