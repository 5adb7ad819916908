//! GitHub's JSON, by the names of its OpenAPI schemas. URL templates that nothing reads are made from one list.

use serde_json::{Map, Value, json};

use crate::changes;
use crate::state::{
    Activity, App, CheckRun, Comment, Delivery, Installation, Member, Pull, Repository, State, Team, Token, Visibility,
};

/// The parts of a repository's address for which `minimal-repository` has a URL each: field, what follows the address.
const URLS: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// `minimal-repository`; `role` is what the asking team or person may do.
pub(crate) fn repository(state: &State, repository: &Repository, role: Option<&str>) -> Value {
    let full_name = format!("{}/{}", repository.owner, repository.name);
    let html = format!("{}/{full_name}", web(state));
    let url = format!("{}{}/repos/{full_name}", state.origin, state.profile.api_path());
    let mut shape = json!({
        "id": repository.id,
        "node_id": format!("R_{}", repository.id),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.visibility != Visibility::Public,
        "owner": user(state, &repository.owner, owner_id(state, &repository.owner), owner_type(state, &repository.owner)),
        "html_url": html,
        "description": repository.description,
        "fork": repository.fork,
        "url": url,
        "git_url": format!("{}.git", html.replacen("https://", "git://", 1)),
        "ssh_url": format!("git@{}:{full_name}.git", host(state)),
        "clone_url": repository.clone_url.clone().unwrap_or_else(|| format!("{html}.git")),
        "svn_url": html,
        "mirror_url": null,
        "homepage": repository.homepage,
        "size": 108,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": repository.language,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": 0,
        "archived": repository.archived,
        "disabled": false,
        "open_issues_count": 0,
        "license": null,
        "allow_forking": true,
        "is_template": repository.template,
        "web_commit_signoff_required": false,
        "topics": repository.topics,
        "visibility": visibility(repository.visibility),
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "default_branch": repository.default_branch,
        "created_at": "2017-10-10T16:00:00Z",
        "updated_at": time(repository.pushed_at),
        "pushed_at": time(repository.pushed_at),
        "custom_properties": repository.properties,
    });
    let permissions = permissions(role.unwrap_or("read"));
    if let Value::Object(fields) = &mut shape {
        fields.extend(URLS.iter().map(|(field, rest)| ((*field).to_owned(), json!(format!("{url}{rest}")))));
        fields.insert("permissions".to_owned(), permissions);
        if let Some(role) = role {
            fields.insert("role_name".to_owned(), json!(role));
        }
    }
    shape
}

/// `simple-user`
pub(crate) fn user(state: &State, login: &str, id: u64, kind: &str) -> Value {
    let url = format!("{}{}/users/{login}", state.origin, state.profile.api_path());
    let mut fields = Map::new();
    for (name, rest) in [
        ("url", ""),
        ("followers_url", "/followers"),
        ("following_url", "/following{/other_user}"),
        ("gists_url", "/gists{/gist_id}"),
        ("starred_url", "/starred{/owner}{/repo}"),
        ("subscriptions_url", "/subscriptions"),
        ("organizations_url", "/orgs"),
        ("repos_url", "/repos"),
        ("events_url", "/events{/privacy}"),
        ("received_events_url", "/received_events"),
    ] {
        fields.insert(name.to_owned(), json!(format!("{url}{rest}")));
    }
    fields.insert("login".to_owned(), json!(login));
    fields.insert("id".to_owned(), json!(id));
    fields.insert("node_id".to_owned(), json!(format!("U_{id}")));
    fields.insert("avatar_url".to_owned(), json!(format!("{}/u/{id}?v=4", web(state))));
    fields.insert("gravatar_id".to_owned(), json!(""));
    fields.insert("html_url".to_owned(), json!(format!("{}/{login}", web(state))));
    fields.insert("type".to_owned(), json!(kind));
    fields.insert("site_admin".to_owned(), json!(false));
    Value::Object(fields)
}

/// `collaborator`
pub(crate) fn collaborator(state: &State, login: &str, id: u64, role: &str) -> Value {
    with(user(state, login, id, "User"), json!({"permissions": permissions(role), "role_name": role}))
}

/// `team`; `role` where it is listed as a team of a repository.
pub(crate) fn team(state: &State, organisation: &str, team: &Team, all: &[Team], role: Option<&str>) -> Value {
    let url = format!(
        "{}{}/organizations/{}/team/{}",
        state.origin,
        state.profile.api_path(),
        owner_id(state, organisation),
        team.id
    );
    let parent = team.parent.as_ref().and_then(|slug| all.iter().find(|team| team.slug == *slug));
    let mut shape = json!({
        "id": team.id,
        "node_id": format!("T_{}", team.id),
        "name": team.name,
        "slug": team.slug,
        "description": null,
        "privacy": if team.secret { "secret" } else { "closed" },
        "notification_setting": "notifications_enabled",
        "permission": role.map_or("pull", api_permission),
        "url": url,
        "html_url": format!("{}/orgs/{organisation}/teams/{}", web(state), team.slug),
        "members_url": format!("{url}/members{{/member}}"),
        "repositories_url": format!("{url}/repos"),
        "type": "organization",
        "organization_id": owner_id(state, organisation),
        "parent": parent.map(|parent| self::team(state, organisation, parent, &[], None)),
    });
    if let (Some(role), Value::Object(fields)) = (role, &mut shape) {
        fields.insert("permissions".to_owned(), permissions(role));
    }
    shape
}

/// `pull-request-simple`, or `pull-request` where it is asked for by itself.
pub(crate) fn pull(state: &State, id: u64, pull: &Pull, whole: bool) -> Value {
    let Some(found) = state.repositories.get(&id) else { return Value::Null };
    let full_name = format!("{}/{}", found.owner, found.name);
    let (html, number) = (format!("{}/{full_name}/pull/{}", web(state), pull.number), pull.number);
    let base_url = format!("{}{}/repos/{full_name}", state.origin, state.profile.api_path());
    let url = format!("{base_url}/pulls/{number}");
    let issue = format!("{base_url}/issues/{number}");
    let end = |of: &Repository, branch: &str, commit: &str| {
        json!({
            "label": format!("{}:{branch}", of.owner),
            "ref": branch,
            "sha": commit,
            "user": user(state, &of.owner, owner_id(state, &of.owner), owner_type(state, &of.owner)),
            "repo": repository(state, of, None),
        })
    };
    let fork = pull.fork.and_then(|fork| state.repositories.get(&fork)).unwrap_or(found);
    let base_commit = found.git.as_ref().and_then(|bare| changes::head(bare, &pull.base).ok()).unwrap_or_default();
    let links = [
        ("self", url.clone()),
        ("html", html.clone()),
        ("issue", issue.clone()),
        ("comments", format!("{issue}/comments")),
        ("review_comments", format!("{url}/comments")),
        ("review_comment", format!("{base_url}/pulls/comments{{/number}}")),
        ("commits", format!("{url}/commits")),
        ("statuses", format!("{base_url}/statuses/{}", pull.head)),
    ];
    let shape = json!({
        "url": url,
        "id": id * 1_000 + number,
        "node_id": format!("PR_{id}_{number}"),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": issue,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{base_url}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": format!("{base_url}/statuses/{}", pull.head),
        "number": number,
        "state": if pull.closed_at.is_some() { "closed" } else { "open" },
        "locked": false,
        "title": pull.title,
        "user": user(state, &pull.by, 1, "User"),
        "body": pull.body,
        "labels": [],
        "milestone": null,
        "active_lock_reason": null,
        "created_at": time(pull.created_at),
        "updated_at": time(pull.updated_at),
        "closed_at": pull.closed_at.map(time),
        "merged_at": pull.merged_at.map(time),
        "merge_commit_sha": null,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": end(fork, &pull.branch, &pull.head),
        "base": end(found, &pull.base, &base_commit),
        "_links": links.into_iter().map(|(name, href)| (name.to_owned(), json!({"href": href}))).collect::<Map<_, _>>(),
        "author_association": "MEMBER",
        "auto_merge": null,
        "draft": false,
    });
    let more = json!({
        "merged": pull.merged_at.is_some(),
        "mergeable": true,
        "rebaseable": true,
        "mergeable_state": "clean",
        "merged_by": null,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": true,
        "commits": 1,
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
    });
    if whole { with(shape, more) } else { shape }
}

/// The address of a repository in the API.
pub(crate) fn repository_url(state: &State, id: u64) -> String {
    let name = state.repositories.get(&id).map(|found| format!("{}/{}", found.owner, found.name));
    format!("{}{}/repos/{}", state.origin, state.profile.api_path(), name.unwrap_or_default())
}

/// `activity`
pub(crate) fn activity(state: &State, activity: &Activity) -> Value {
    json!({
        "id": activity.id,
        "node_id": format!("PU_{}", activity.id),
        "before": activity.before,
        "after": activity.after,
        "ref": activity.reference,
        "timestamp": time(activity.at),
        "activity_type": activity.kind,
        "actor": user(state, &activity.by, 1, "User"),
    })
}

/// `issue-comment`
pub(crate) fn comment(state: &State, comment: &Comment) -> Value {
    let Some(found) = state.repositories.get(&comment.repository) else { return Value::Null };
    let full_name = format!("{}/{}", found.owner, found.name);
    let url = format!("{}{}/repos/{full_name}/issues", state.origin, state.profile.api_path());
    let kind = if comment.by.ends_with("[bot]") { "Bot" } else { "User" };
    json!({
        "id": comment.id,
        "node_id": format!("IC_{}", comment.id),
        "url": format!("{url}/comments/{}", comment.id),
        "html_url": format!("{}/{full_name}/pull/{}#issuecomment-{}", web(state), comment.number, comment.id),
        "issue_url": format!("{url}/{}", comment.number),
        "body": comment.body,
        "user": user(state, &comment.by, 1, kind),
        "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
        "author_association": "MEMBER",
        "performed_via_github_app": null,
    })
}

/// `check-run`
pub(crate) fn check_run(state: &State, run: &CheckRun) -> Value {
    let Some(found) = state.repositories.get(&run.repository) else { return Value::Null };
    let full_name = format!("{}/{}", found.owner, found.name);
    let url = format!("{}{}/repos/{full_name}/check-runs/{}", state.origin, state.profile.api_path(), run.id);
    let html = format!("{}/{full_name}/runs/{}", web(state), run.id);
    let app = crate::APP_ID.parse().ok().and_then(|id: u64| state.apps.get(&id));
    json!({
        "id": run.id,
        "node_id": format!("CR_{}", run.id),
        "head_sha": run.head,
        "name": run.name,
        "external_id": "",
        "url": url,
        "html_url": html,
        "details_url": run.details_url.as_ref().unwrap_or(&html),
        "status": "completed",
        "conclusion": run.conclusion,
        "started_at": time(run.at),
        "completed_at": time(run.at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": null,
            "annotations_count": run.annotations.len(),
            "annotations_url": format!("{url}/annotations"),
        },
        "check_suite": {"id": run.id},
        "app": app.map(|app| integration(state, app)),
        "pull_requests": [],
    })
}

/// `full-repository`: what is listed, and what only a single one tells.
pub(crate) fn full_repository(state: &State, found: &Repository) -> Value {
    with(repository(state, found, None), json!({"network_count": 0, "subscribers_count": 0}))
}

/// `public-user`
pub(crate) fn full_user(state: &State, login: &str, id: u64) -> Value {
    let more = json!({
        "name": null,
        "company": null,
        "blog": null,
        "location": null,
        "email": null,
        "hireable": null,
        "bio": null,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": "2017-10-10T16:00:00Z",
        "updated_at": "2017-10-10T16:00:00Z",
        "user_view_type": "public",
    });
    with(user(state, login, id, "User"), more)
}

/// `organization-full`
pub(crate) fn organisation(state: &State, login: &str) -> Option<Value> {
    let organisation = state.organisations.get(login)?;
    let mine = || state.repositories.values().filter(|repository| repository.owner == login);
    let public = mine().filter(|repository| repository.visibility == Visibility::Public).count();
    let more = json!({
        "html_url": format!("{}/{login}", web(state)),
        "has_organization_projects": true,
        "has_repository_projects": true,
        "public_repos": public,
        "total_private_repos": mine().count() - public,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "default_repository_permission": organisation.base_permission,
        "archived_at": null,
        "created_at": "2017-10-10T16:00:00Z",
        "updated_at": "2017-10-10T16:00:00Z",
        "type": "Organization",
    });
    Some(with(simple_organisation(state, login), more))
}

/// `organization-simple`
fn simple_organisation(state: &State, login: &str) -> Value {
    let url = format!("{}{}/orgs/{login}", state.origin, state.profile.api_path());
    let id = owner_id(state, login);
    json!({
        "login": login,
        "id": id,
        "node_id": format!("O_{id}"),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": format!("{}/u/{id}?v=4", web(state)),
        "description": null,
    })
}

/// `org-membership`
pub(crate) fn membership(state: &State, organisation: &str, member: &Member) -> Value {
    let url = format!("{}{}/orgs/{organisation}", state.origin, state.profile.api_path());
    json!({
        "url": format!("{url}/memberships/{}", member.login),
        "state": "active",
        "role": if member.admin { "admin" } else { "member" },
        "organization_url": url,
        "organization": simple_organisation(state, organisation),
        "user": user(state, &member.login, member.id, "User"),
    })
}

fn with(mut shape: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut shape, more) {
        fields.extend(more);
    }
    shape
}

/// `installation`
pub(crate) fn installation(state: &State, installation: &Installation) -> Value {
    let account = &installation.account;
    json!({
        "id": installation.id,
        "account": user(state, account, owner_id(state, account), owner_type(state, account)),
        "repository_selection": selection(installation),
        "access_tokens_url": format!("{}{}/app/installations/{}/access_tokens", state.origin, state.profile.api_path(), installation.id),
        "repositories_url": format!("{}{}/installation/repositories", state.origin, state.profile.api_path()),
        "html_url": format!("{}/organizations/{account}/settings/installations/{}", web(state), installation.id),
        "app_id": crate::APP_ID.parse::<u64>().unwrap_or_default(),
        "target_id": owner_id(state, account),
        "target_type": owner_type(state, account),
        "permissions": installation.permissions,
        "events": ["push", "pull_request"],
        "created_at": "2018-02-09T20:51:14Z",
        "updated_at": "2018-02-09T20:51:14Z",
        "single_file_name": null,
        "app_slug": "slipway",
        "suspended_at": installation.suspended.then_some("2019-02-09T20:51:14Z"),
        "suspended_by": null,
    })
}

/// `installation-token`
pub(crate) fn installation_token(installation: &Installation, token: &str, given: &Token) -> Value {
    json!({
        "token": token,
        "expires_at": time(given.expires.unwrap_or_default()),
        "permissions": installation.permissions,
        "repository_selection": selection(installation),
    })
}

/// `integration`
pub(crate) fn integration(state: &State, app: &App) -> Value {
    json!({
        "id": app.id,
        "slug": app.slug,
        "node_id": format!("A_{}", app.id),
        "owner": user(state, &app.owner, owner_id(state, &app.owner), owner_type(state, &app.owner)),
        "name": app.name,
        "description": null,
        "external_url": "https://example.com",
        "html_url": match state.profile {
            crate::Profile::GitHub => format!("https://github.com/apps/{}", app.slug),
            crate::Profile::Enterprise => format!("{}/github-apps/{}", state.origin, app.slug),
        },
        "created_at": "2018-02-09T20:51:14Z",
        "updated_at": "2018-02-09T20:51:14Z",
        "permissions": app.permissions,
        "events": app.events,
        "installations_count": state.installations.len(),
    })
}

/// `webhook-config`
pub(crate) fn hook_config(url: &str, has_secret: bool) -> Value {
    let mut shape = json!({"content_type": "json", "insecure_ssl": "0", "url": url});
    if let (true, Value::Object(fields)) = (has_secret, &mut shape) {
        fields.insert("secret".to_owned(), json!("********"));
    }
    shape
}

/// `hook-delivery-item`
pub(crate) fn delivery((at, delivery): (usize, &Delivery)) -> Value {
    json!({
        "id": 12_345_678 - at,
        "guid": format!("0b989ba4-242f-11e5-81e1-{:012x}", 0xc7b6_966d_2516_u64 - at as u64),
        "delivered_at": time(delivery.at),
        "redelivery": false,
        "duration": 0.27,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": null,
        "installation_id": 123,
        "repository_id": 456,
        "throttled_at": null,
    })
}

pub(crate) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "internal",
        Visibility::Private => "private",
    }
}

pub(crate) fn owner_id(state: &State, login: &str) -> u64 {
    state.organisations.get(login).map_or(1, |organisation| organisation.id)
}

fn owner_type(state: &State, login: &str) -> &'static str {
    if state.organisations.contains_key(login) { "Organization" } else { "User" }
}

fn selection(installation: &Installation) -> &'static str {
    if installation.selected.is_some() { "selected" } else { "all" }
}

/// Roles have other names than the permissions that teams are listed with.
fn api_permission(role: &str) -> &str {
    match role {
        "read" => "pull",
        "write" => "push",
        other => other,
    }
}

fn permissions(role: &str) -> Value {
    const ROLES: [&str; 5] = ["read", "triage", "write", "maintain", "admin"];
    let rank = ROLES.iter().position(|name| *name == role).unwrap_or(0);
    json!({"pull": true, "triage": rank >= 1, "push": rank >= 2, "maintain": rank >= 3, "admin": rank >= 4})
}

fn web(state: &State) -> String {
    match state.profile {
        crate::Profile::GitHub => "https://github.com".to_owned(),
        crate::Profile::Enterprise => state.origin.clone(),
    }
}

fn host(state: &State) -> String {
    web(state).split("://").nth(1).unwrap_or_default().to_owned()
}

fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// `protected-branch`
pub(crate) fn protection(state: &State, repository: &Repository, branch: &str, said: &Value) -> Value {
    let (origin, api) = (&state.origin, state.profile.api_path());
    let url = format!("{origin}{api}/repos/{}/{}/branches/{branch}/protection", repository.owner, repository.name);
    let mut shown = json!({
        "url": url,
        "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": said["enforce_admins"] == true },
        "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
    });
    for rule in [
        "required_linear_history",
        "allow_force_pushes",
        "allow_deletions",
        "block_creations",
        "required_conversation_resolution",
    ] {
        shown[rule] = json!({ "enabled": said[rule] == true });
    }
    if said["restrictions"].is_object() {
        shown["restrictions"] = json!({
            "url": format!("{url}/restrictions"), "users_url": format!("{url}/restrictions/users"),
            "teams_url": format!("{url}/restrictions/teams"), "apps_url": format!("{url}/restrictions/apps"),
            "users": [], "teams": [], "apps": [],
        });
    }
    let reviews = &said["required_pull_request_reviews"];
    if reviews.is_object() {
        let mut reviews = reviews.clone();
        reviews["url"] = format!("{url}/required_pull_request_reviews").into();
        shown["required_pull_request_reviews"] = reviews;
    }
    let checks = &said["required_status_checks"];
    if checks.is_object() {
        let contexts = checks["contexts"].as_array().cloned().unwrap_or_default();
        let each: Vec<Value> = contexts.iter().map(|context| json!({ "context": context, "app_id": null })).collect();
        shown["required_status_checks"] = json!({
            "url": format!("{url}/required_status_checks"), "strict": checks["strict"], "contexts": contexts,
            "contexts_url": format!("{url}/required_status_checks/contexts"), "checks": each,
        });
    }
    shown
}
