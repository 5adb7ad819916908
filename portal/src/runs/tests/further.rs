//! What the operator wants done besides: with what came before, once, and taken back where that can be.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::run::{EffectState, StepState};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::github::Acme;
use super::*;
use crate::db_test;
use crate::git::testing::git;
use crate::settings::{Password, StepSettings};

/// A step as a configuration has it.
fn step(id: &str, action: &str, input: Value) -> StepSettings {
    StepSettings {
        id: id.to_owned(),
        name: format!("Do {id}"),
        action: action.to_owned(),
        templates: Vec::new(),
        input,
        token: None,
    }
}

/// As the configuration takes them.
fn checked(steps: Vec<StepSettings>) -> Vec<StepSettings> {
    for (at, step) in steps.iter().enumerate() {
        assert_eq!(check_step(step, &steps[..at]), Ok(()));
    }
    steps
}

/// Somebody who is told things over HTTP: requests as they came, each answered with the next answer, then with 200.
struct Listener {
    address: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    async fn new(answers: &[&str]) -> Self {
        Self::saying(answers, r#"{"id": 7, "said": "s3cret-token"}"#).await
    }

    /// The same with another body in each answer.
    async fn saying(answers: &[&str], body: &str) -> Self {
        let body = body.to_owned();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let got: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut answers: Vec<String> = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        let kept = got.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut part = [0; 4096];
                while let Ok(read) = stream.read(&mut part).await {
                    request.extend_from_slice(&part[..read]);
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let length = text.to_lowercase().split_once("content-length: ").map(|(_, rest)| {
                        rest.split("\r\n").next().unwrap_or_default().parse::<usize>().unwrap_or_default()
                    });
                    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                    if read == 0 || body.is_some_and(|body| body >= length.unwrap_or_default()) {
                        break;
                    }
                }
                kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                let status = answers.pop().unwrap_or_else(|| "200 OK".to_owned());
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, got }
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    fn step(&self, id: &str, method: &str) -> StepSettings {
        let path = format!("{}/projects/${{{{ parameters.name }}}}", self.address);
        let body = json!({ "entity": "${{ steps.register.output.entityRef }}", "commit": "at ${{ steps.publish.output.commitHash }}" });
        step(id, "http:backstage:request", json!({ "method": method, "path": path, "body": body }))
    }
}

/// What a step gave.
async fn output(world: &World, id: &str, step: &str) -> Value {
    let steps = store::steps(world.portal.db(), id).await.unwrap();
    let found = steps.into_iter().find(|one| one.id == step).unwrap();
    serde_json::from_str(found.output.as_deref().unwrap_or("null")).unwrap()
}

db_test! {
    async fn a_further_step_is_told_what_came_before_and_shows_no_secret(settings: Settings) {
        let listener = Listener::new(&["201 Created"]).await;
        let file = settings.data.join("token");
        std::fs::write(&file, "s3cret-token\n").unwrap();
        let told = StepSettings { token: Some(Password::File(file)), ..listener.step("billing", "POST") };
        let known = step("known", "catalog:fetch", json!({ "entityRef": "${{ steps.register.output.entityRef }}" }));
        let again = json!({ "path": format!("{}/x", listener.address), "params": { "id": "${{ steps.billing.output.body.id }}" } });
        let again = step("again", "http:backstage:request", again);
        let other = StepSettings { templates: vec![EntityRef::new("template", "default", "other")], ..listener.step("other", "PUT") };
        let world = World::new(&Settings { steps: checked(vec![told, known, again, other]), ..settings.clone() }).await;
        let detail = world.launch(Launch { answers: form(&[("name", "Tides & co")]), ..world.wish("tides") }).await;
        assert_eq!(detail.run.state, RunState::Done, "{detail:#?}");
        let ids: Vec<&str> = detail.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, ["fetch", "publish", "register", "billing", "known", "again"]);
        let does = format!("sends POST {}/projects/Tides & co", listener.address);
        assert_eq!((detail.steps[3].name.as_str(), &detail.steps[3].does), ("Do billing", &does));
        let got = listener.got();
        assert_eq!(got.len(), 2, "{got:#?}");
        let entity = detail.run.entity.as_ref().unwrap().to_string();
        assert!(got[0].starts_with("POST /projects/Tides%20%26%20co HTTP/1.1\r\n"), "{}", got[0]);
        let header = format!("idempotency-key: {}-billing", detail.run.id.to_lowercase());
        assert!(got[0].to_lowercase().contains(&header) && got[0].contains("authorization: Bearer s3cret-token"), "{}", got[0]);
        let body: Value = serde_json::from_str(got[0].split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body, json!({ "entity": entity, "commit": format!("at {}", detail.outputs["commitHash"]) }));
        assert!(got[1].starts_with("GET /x?id=7 "), "{}", got[1]);
        let given = output(&world, &detail.run.id, "billing").await;
        assert_eq!((&given["code"], &given["body"]["said"]), (&json!(201), &json!("***")));
        assert_eq!(output(&world, &detail.run.id, "known").await["entity"]["metadata"]["name"], "tides");
        let lines = log(&world.portal, &Actor::Operator, &detail.run.id, 0).await.unwrap();
        assert!(!format!("{lines:?} {detail:?}").contains("s3cret"), "{lines:#?}");
        assert_eq!(detail.effects.len(), 2, "what is only asked for is no effect: {detail:#?}");
        world.portal.stop().await;
    }

    async fn a_further_step_that_cannot_know_what_it_wants_is_refused_before_anything_is(settings: Settings) {
        let step = step("x", "catalog:fetch", json!({ "entityRef": "${{ parameters.owner }}" }));
        let world = World::new(&Settings { steps: vec![step], ..settings.clone() }).await;
        match launch(&world.portal, &Actor::Operator, world.wish("tides")).await {
            Err(Error::Invalid(found)) => {
                assert!(found.findings[0].message.contains("does not ask for parameters.owner"), "{found:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(list(&world.portal, &Actor::Operator, &RunFilter::default()).await.unwrap().total, 0);
        world.portal.stop().await;
    }

    async fn what_an_earlier_step_did_not_give_fails_the_step_and_may_be_taken_back(settings: Settings) {
        let step = step("x", "catalog:fetch", json!({ "entityRef": "${{ steps.publish.output.repoContentsUrl }}" }));
        let world = World::new(&Settings { steps: vec![step], ..settings.clone() }).await;
        let detail = world.launch(world.wish("tides")).await;
        assert_eq!((detail.run.state, detail.steps[3].state), (RunState::Failed, StepState::Failed), "{detail:#?}");
        let reason = detail.run.reason.unwrap_or_default();
        assert!(reason.contains("the step publish gave no repoContentsUrl"), "{reason}");
        clean(&world.portal, &Actor::Operator, &detail.run.id).await.unwrap();
        assert_eq!(world.settled(&detail.run.id).await.run.state, RunState::Cleaned);
        assert_eq!(world.all(), Vec::<String>::new());
        world.portal.stop().await;
    }

    async fn a_request_is_never_sent_twice_unless_somebody_says_so(settings: Settings) {
        for (method, is_again) in [("POST", false), ("PUT", true)] {
            let listener = Listener::new(&[]).await;
            let data = settings.data.join(method);
            std::fs::create_dir_all(&data).unwrap();
            let steps = vec![listener.step("billing", method)];
            let world = World::new(&Settings { steps, data, database: settings.database.clone(), ..settings.clone() }).await;
            let (mut at, mut unknown) = (0, 0);
            loop {
                at += 1;
                let id = world.queue(world.wish(&format!("{}-{at}", method.to_lowercase()))).await;
                let before = listener.got().len();
                let died = world.die(&id, at).await;
                let mut detail = world.settled(&id).await;
                let sent = listener.got().len() - before;
                if detail.run.state == RunState::Failed {
                    // It died between the intention and the answer.
                    assert!(!is_again && sent <= 1 && detail.run.reason.as_deref().unwrap().contains("nobody knows"), "{at}: {detail:#?}");
                    unknown += 1;
                    retry(&world.portal, &Actor::Operator, &id).await.unwrap();
                    detail = world.settled(&id).await;
                } else {
                    assert!(sent == 1 || is_again && sent == 2, "{at}: {sent}");
                }
                assert_eq!(detail.run.state, RunState::Done, "{at}: {detail:#?}");
                if !died {
                    break;
                }
            }
            eprintln!("{method}: {} boundaries, {unknown} of them unknown", at - 1);
            assert_eq!((unknown > 0, at > 15), (!is_again, true), "{method}: {at}");
            world.portal.stop().await;
        }
    }

    async fn who_answers_with_an_error_is_asked_again_or_not(settings: Settings) {
        let listener = Listener::new(&["503 Service Unavailable", "422 Unprocessable Content"]).await;
        let world = World::new(&Settings { steps: vec![listener.step("billing", "POST")], ..settings.clone() }).await;
        let id = world.queue(world.wish("tides")).await;
        let detail = world.settled(&id).await;
        assert_eq!((detail.run.state, detail.steps[3].state), (RunState::Waiting, StepState::Pending), "{detail:#?}");
        retry(&world.portal, &Actor::Operator, &id).await.unwrap();
        let detail = world.settled(&id).await;
        assert_eq!(detail.run.state, RunState::Failed, "{detail:#?}");
        assert!(detail.run.reason.as_deref().is_some_and(|why| why.contains("422")), "{detail:#?}");
        retry(&world.portal, &Actor::Operator, &id).await.unwrap();
        let detail = world.settled(&id).await;
        assert_eq!((detail.run.state, listener.got().len()), (RunState::Done, 3), "{detail:#?}");
        world.portal.stop().await;
    }

    async fn pull_requests_and_workflows_at_github_are_made_once_wherever_it_was_killed(settings: Settings) {
        let shop = "github.com?owner=acme&repo=shop";
        let steps = |host: &str| {
            let shop = shop.replace("github.com", host);
            let proposed = json!({
                "repoUrl": shop, "branchName": "add-${{ parameters.name }}", "title": "Run ${{ parameters.name }}",
                "sourcePath": "pyproject.toml", "targetPath": "apps/${{ parameters.name }}",
            });
            let started = json!({
                "repoUrl": shop, "workflowId": "build.yml", "branchOrTagName": "main",
                "workflowInputs": { "pull": "${{ steps.propose.output.pullRequestNumber }}" },
            });
            checked(vec![
                step("propose", "publish:github:pull-request", proposed),
                step("own", "publish:github:pull-request", json!({ "branchName": "more", "title": "More", "sourcePath": "README.md", "targetPath": "more" })),
                step("start", "github:actions:dispatch", started),
            ])
        };
        let acme = Acme::with_steps(&settings, steps).await;
        let shop = acme.fake.state().repositories.values().find(|found| found.name == "shop").unwrap().id;
        acme.fake.state().commit(shop, "main", &[(".github/workflows/build.yml", "on: workflow_dispatch\n")]).unwrap();
        let branches = || git(&acme.bare("shop"), &["for-each-ref", "--format=%(refname:short)", "refs/heads/add-*"]);
        // What comes before is tried where there are no further steps.
        let first = 18;
        let (mut at, mut unknown) = (first - 1, 0);
        loop {
            at += 1;
            let name = format!("tides{at}");
            let wish = Launch { answers: form(&[("name", &name)]), ..acme.wish(&name) };
            let id = acme.world.queue(wish).await;
            let before = acme.fake.state().dispatched.len();
            let died = acme.world.die(&id, at).await;
            let mut detail = acme.world.settled(&id).await;
            let started = acme.fake.state().dispatched.len() - before;
            if detail.run.state == RunState::Failed {
                assert!(started <= 1 && detail.run.reason.as_deref().unwrap().contains("nobody knows"), "{at}: {detail:#?}");
                unknown += 1;
                retry(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
                detail = acme.world.settled(&id).await;
            } else {
                assert_eq!(started, 1, "{at}");
            }
            assert_eq!(detail.run.state, RunState::Done, "{at}: {detail:#?}");
            let pulls = acme.fake.state().pulls.get(&shop).map_or(0, Vec::len);
            let made = at - first + 1;
            assert_eq!((pulls, branches().lines().count()), (made, made), "killed at {at}");
            assert!(git(&acme.bare("shop"), &["show", &format!("add-{name}:apps/{name}/pyproject.toml")]).contains("fastapi"));
            assert_eq!(git(&acme.bare(&name), &["show", "more:more/README.md"]), format!("# {name}\n\nUnder MIT."));
            assert_eq!(acme.fake.state().dispatched.last().unwrap().3, json!({ "pull": made.to_string() }));
            if !died {
                assert!(detail.steps[3].does.contains("proposes pyproject.toml of the project to acme/shop"), "{detail:#?}");
                break;
            }
        }
        eprintln!("pull requests and workflows: {} boundaries, {unknown} of them unknown", at - 1);
        assert!(at > 30 && unknown == 2, "{at} {unknown}");
        // And back again from each.
        let (branches_before, all) = (branches(), acme.all().len());
        for forth in (first..at).step_by(2) {
            let name = format!("back{forth}");
            let wish = Launch { answers: form(&[("name", &name)]), ..acme.wish(&name) };
            let id = acme.world.queue(wish).await;
            assert!(acme.world.die(&id, forth).await);
            cancel(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
            acme.world.die(&id, 1 + forth % 4).await;
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Cancelled, "{forth}: {detail:#?}");
            assert_eq!((branches(), acme.all().len()), (branches_before.clone(), all), "killed at {forth}: {detail:#?}");
            let kept: Vec<&str> = detail.effects.iter().filter(|one| one.state == EffectState::Kept).map(|one| one.target.as_str()).collect();
            assert!(kept.is_empty() || kept == ["the start of the workflow build.yml of acme/shop"], "{kept:?}");
        }
        let open = acme.fake.state().pulls[&shop].iter().filter(|pull| pull.closed_at.is_none()).count();
        assert_eq!(open, at - first + 1);
        acme.world.portal.stop().await;
    }

    async fn a_branch_of_somebody_else_is_left_alone(settings: Settings) {
        let steps = |host: &str| {
            let input = json!({ "repoUrl": format!("{host}?owner=acme&repo=shop"), "branchName": "theirs", "title": "Run it" });
            vec![step("propose", "publish:github:pull-request", input)]
        };
        let acme = Acme::with_steps(&settings, steps).await;
        let shop = acme.fake.state().repositories.values().find(|found| found.name == "shop").unwrap().id;
        let theirs = acme.fake.state().commit(shop, "theirs", &[("mine", "x")]).unwrap();
        let detail = acme.world.launch(acme.wish("tides")).await;
        assert_eq!(detail.run.state, RunState::Failed, "{detail:#?}");
        assert!(detail.run.reason.as_deref().is_some_and(|why| why.contains("somebody else's")), "{detail:#?}");
        clean(&acme.world.portal, &Actor::Operator, &detail.run.id).await.unwrap();
        assert_eq!(acme.world.settled(&detail.run.id).await.run.state, RunState::Cleaned);
        assert_eq!(git(&acme.bare("shop"), &["rev-parse", "theirs"]), theirs);
        acme.world.portal.stop().await;
    }

    async fn a_secret_answer_is_in_its_file_and_nowhere_else(settings: Settings) {
        let secret = "s3cret of the harbour";
        let encoded = STANDARD.encode(secret);
        let listener = Listener::saying(&["422 Unprocessable Content"], &json!({ "echo": encoded, "plain": secret }).to_string()).await;
        let told = step("billing", "http:backstage:request", json!({ "method": "POST", "path": format!("{}/x", listener.address) }));
        let world = World::new(&Settings { steps: vec![told], ..settings.clone() }).await;
        let (portal, db) = (&world.portal, world.portal.db());
        // No dialect that there is has secret questions yet: what one of them makes of a launch is put into its row.
        let plain = world.queue(world.wish("tides")).await;
        let steps = store::steps(db, &plain).await.unwrap();
        let row = store::row(db, &plain).await.unwrap().unwrap();
        cancel(portal, &Actor::Operator, &plain).await.unwrap();
        world.settled(&plain).await;
        let mut input: launch::Input = serde_json::from_str(&row.input).unwrap();
        input.answers.remove("name");
        input.secrets.push("name".to_owned());
        let id = crate::db::new_id(row.created_at + 1);
        let answers = json!({ launch::answer_key("name"): secret }).to_string();
        let sealed = portal.sealing().seal(&id, launch::SEALED_AS, &crate::secret::Secret::new(answers)).unwrap();
        let input = serde_json::to_string(&input).unwrap();
        let row = store::Row { id: id.clone(), input, secrets: Some(sealed), state: "running".to_owned(), ..row };
        let mut tx = db.begin().await.unwrap();
        assert!(store::insert(&mut tx, &row, "secret").await.unwrap());
        for step in &steps {
            store::add_step(&mut tx, &id, step).await.unwrap();
        }
        queue::enqueue(&mut tx, portal, &id, "tides").await.unwrap();
        tx.commit().await.unwrap();
        let kept = store::row(db, &id).await.unwrap().unwrap();
        assert!(kept.secrets.as_deref().is_some_and(|sealed| !sealed.contains("harbour")), "it is sealed");

        let failed = world.settled(&id).await;
        let reason = failed.run.reason.clone().unwrap_or_default();
        assert!(failed.run.state == RunState::Failed && reason.contains("\"echo\":\"***\""), "{failed:#?}");
        retry(portal, &Actor::Operator, &id).await.unwrap();
        let detail = world.settled(&id).await;
        assert_eq!((detail.run.state, &detail.answers["name"]), (RunState::Done, &json!("***")), "{detail:#?}");
        assert_eq!(output(&world, &id, "billing").await["body"], json!({ "echo": "***", "plain": "***" }));
        assert_eq!(world.file("tides", "README.md"), format!("# {secret}\n\nUnder MIT."));
        let lineage = world.file("tides", ".slipway/lineage.yml");
        assert!(!lineage.contains("harbour") && lineage.contains("name"), "{lineage}");
        let row = store::row(db, &id).await.unwrap().unwrap();
        assert_eq!(row.secrets, None, "it is gone");
        let lines = log(portal, &Actor::Operator, &id, 0).await.unwrap();
        let steps = store::steps(db, &id).await.unwrap();
        let effects = store::effects(db, &id).await.unwrap();
        let audit = crate::audit::list(portal, &Actor::Operator, &Default::default(), None, 1_000).await.unwrap();
        let everything = format!("{failed:?} {detail:?} {lines:?} {row:?} {steps:?} {effects:?} {audit:?}");
        assert!(!everything.contains("harbour") && !everything.contains(&encoded[..20]), "{everything}");
        portal.stop().await;
    }
}
