//! How long it takes; the bounds are far above what is promised, since tests share their machine.

use std::time::Instant;

use super::*;
use crate::db_test;
use crate::settings::RunSettings;
use crate::templates;

db_test! {
    async fn fifty_at_once_and_forms_meanwhile(settings: Settings) {
        let runs = RunSettings { at_once: 8, per_person: 50, ..RunSettings::default() };
        let world = World::new(&Settings { runs, ..settings.clone() }).await;
        let names: Vec<String> = (0..200).map(|number| format!("{{{{cookiecutter.slug}}}}/src/file-{number}.py")).collect();
        let text = "# {{ cookiecutter.name }} {% for at in range(20) %}\nprint({{ at }})\n{% endfor %}";
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), text)).collect();
        crate::git::testing::commit_files(&world.templates.join("service"), &files);
        let answers = form(&[("name", "Tides"), ("docker", "no")]);
        let mut took = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let start = Instant::now();
            templates::form(&world.portal, &Actor::Operator, &template(), None, &answers).await.unwrap();
            took.0.push(start.elapsed());
            let start = Instant::now();
            templates::preview(&world.portal, &Actor::Operator, &template(), None, &answers, "k").await.unwrap();
            took.1.push(start.elapsed());
        }
        took.0.sort();
        took.1.sort();
        eprintln!("form: median {:?}, longest {:?}; preview of 204 files: median {:?}, longest {:?}", took.0[10], took.0[19], took.1[10], took.1[19]);
        assert!(took.1[10] < Duration::from_secs(3), "{took:?}");
        world.portal.start();
        let start = Instant::now();
        let mut ids = Vec::new();
        for number in 0..50 {
            ids.push(world.queue(world.wish(&format!("tides-{number}"))).await);
        }
        eprintln!("50 wishes: {:?}", start.elapsed());
        for id in &ids {
            wait(&world.portal, async || !world.get(id).await.run.state.is_under_way()).await;
            let detail = world.get(id).await;
            assert_eq!(detail.run.state, RunState::Done, "{detail:#?}");
        }
        eprintln!("50 runs: {:?}", start.elapsed());
        let start = Instant::now();
        let id = world.queue(world.wish("alone")).await;
        wait(&world.portal, async || !world.get(&id).await.run.state.is_under_way()).await;
        eprintln!("from the click to the entity, beside 50 others: {:?}", start.elapsed());
        assert_eq!(world.all().len(), 51);
        world.portal.stop().await;
    }
}
