//! "Issue comments" and "Checks": what is said of a pull request.

use serde_json::{Value, json};

use crate::changes::refusal;
use crate::reply::Said;
use crate::routes::Asked;
use crate::shapes;
use crate::state::{CheckRun, Comment, State, Token};

const NOT_FOUND: Said = Said::Refused(404, "Not Found");
/// "Create a check run": no more with one call.
const MOST_ANNOTATIONS: usize = 50;
/// The longest text of a comment, and of a check's summary.
const LONGEST: usize = 65_536;

/// What may be asked below `/repos/owner/name`; `rest` begins with `issues` or `check-runs`.
pub(crate) fn route(state: &mut State, asked: &Asked, id: u64, rest: &[&str], token: Option<&Token>) -> Said {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    if rest.first() == Some(&"check-runs") {
        return check_run(state, asked, id, rest.get(1).copied(), &body, token);
    }
    let has_pull = |number: &str| {
        state.pulls.get(&id).is_some_and(|pulls| pulls.iter().any(|pull| pull.number.to_string() == number))
    };
    match (asked.method.as_str(), rest) {
        ("GET", ["issues", number, "comments"]) if has_pull(number) => {
            let mine = state.comments.iter().filter(|one| one.repository == id && one.number.to_string() == **number);
            Said::Many(mine.map(|comment| shapes::comment(state, comment)).collect())
        }
        ("POST", ["issues", number, "comments"]) if has_pull(number) => match refusal(state, token, "pull_requests") {
            Some(refused) => refused,
            None => comment(state, id, number, &body, token),
        },
        ("PATCH", ["issues", "comments", comment]) => {
            if let Some(refused) = refusal(state, token, "pull_requests") {
                return refused;
            }
            let now = state.now();
            let found = state.comments.iter_mut().find(|one| one.repository == id && one.id.to_string() == *comment);
            let Some(found) = found else { return NOT_FOUND };
            if found.by != token.map_or("", |token| token.login.as_str()) {
                return Said::Refused(403, "Must have admin rights to Repository.");
            }
            let Some(text) = text(&body["body"]) else { return wrong("IssueComment", "body") };
            (found.body, found.updated_at) = (text, now);
            let found = found.clone();
            Said::One(shapes::comment(state, &found))
        }
        _ => NOT_FOUND,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty() && text.chars().count() <= LONGEST).map(str::to_owned)
}

fn wrong(resource: &str, field: &str) -> Said {
    Said::Invalid(json!([{"resource": resource, "field": field, "code": "invalid"}]))
}

fn comment(state: &mut State, id: u64, number: &str, body: &Value, token: Option<&Token>) -> Said {
    let Some(text) = text(&body["body"]) else { return wrong("IssueComment", "body") };
    let now = state.now();
    let comment = Comment {
        id: state.comments.last().map_or(1, |last| last.id + 1),
        repository: id,
        number: number.parse().unwrap_or_default(),
        by: token.map_or_else(|| "ghost".to_owned(), |token| token.login.clone()),
        body: text,
        created_at: now,
        updated_at: now,
    };
    state.comments.push(comment.clone());
    Said::Created(shapes::comment(state, &comment))
}

fn check_run(
    state: &mut State,
    asked: &Asked,
    id: u64,
    number: Option<&str>,
    body: &Value,
    token: Option<&Token>,
) -> Said {
    if token.is_none_or(|token| token.installation.is_none()) {
        return Said::Refused(403, "You must authenticate via a GitHub App.");
    }
    if let Some(refused) = refusal(state, token, "checks") {
        return refused;
    }
    let output = &body["output"];
    let annotations = output["annotations"].as_array().cloned().unwrap_or_default();
    let is_whole = |one: &Value| {
        ["path", "message", "annotation_level"].iter().all(|key| one[*key].is_string()) && one["start_line"].is_u64()
    };
    if annotations.len() > MOST_ANNOTATIONS || !annotations.iter().all(is_whole) {
        return wrong("CheckAnnotation", "annotations");
    }
    let (Some(title), Some(summary)) = (text(&output["title"]), text(&output["summary"])) else {
        return wrong("CheckRun", "output");
    };
    match (asked.method.as_str(), number) {
        ("POST", None) => {
            let (Some(name), Some(head)) = (text(&body["name"]), text(&body["head_sha"])) else {
                return wrong("CheckRun", "head_sha");
            };
            let run = CheckRun {
                id: state.check_runs.last().map_or(1, |last| last.id + 1),
                repository: id,
                name,
                head,
                conclusion: body["conclusion"].as_str().unwrap_or_default().to_owned(),
                details_url: body["details_url"].as_str().map(str::to_owned),
                title,
                summary,
                annotations,
                at: state.now(),
            };
            state.check_runs.push(run.clone());
            Said::Created(shapes::check_run(state, &run))
        }
        ("PATCH", Some(number)) => {
            let found = state.check_runs.iter_mut().find(|run| run.repository == id && run.id.to_string() == number);
            let Some(found) = found else { return NOT_FOUND };
            // They are added to those that are there.
            found.annotations.extend(annotations);
            (found.title, found.summary) = (title, summary);
            let found = found.clone();
            Said::One(shapes::check_run(state, &found))
        }
        _ => NOT_FOUND,
    }
}
