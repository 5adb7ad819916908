//! The features that GitHub itself names permissions for: teams, properties, and what writes.

use super::github::Patient;
use super::report::{Check, Group, Question};
use crate::forge::Error;
use crate::forge::permissions::{Feature, Permission, PermissionState};

const TEAMS: Question = Question {
    feature: "teams",
    title: "Teams",
    group: Group::Reading,
    needs: "read:org, or members: read",
    without: "Teams do not become groups, and ownership by team is not known.",
};
const MEMBERS: Question = Question {
    feature: "members",
    title: "Members",
    group: Group::Reading,
    needs: "read:org, or members: read",
    without: "Only people who made their membership public are known.",
};
const PROPERTIES: Question = Question {
    feature: "custom-properties",
    title: "Custom properties",
    group: Group::Reading,
    needs: "read:org, or organization_custom_properties: read",
    without: "Custom properties are not shown and cannot be filtered by.",
};
const READ_PULL_REQUESTS: Question = Question {
    feature: "read-pull-requests",
    title: "Who opened a pull request",
    group: Group::Reading,
    needs: "repo, or pull_requests: read",
    without: "Who wrote a change of a manifest of access is as Git says, where anybody can write any name.",
};
const MANAGE_WEBHOOKS: Question = Question {
    feature: "manage-webhooks",
    title: "Set up webhooks",
    group: Group::Live,
    needs: "admin:org_hook, or organization_hooks: write",
    without: "The webhook has to be set up by hand; without one, changes are seen by polling.",
};
const PUSH: Question = Question {
    feature: "write-contents",
    title: "Push branches",
    group: Group::Writing,
    needs: "repo, or contents: write",
    without: "No branch can be pushed for a pull request.",
};
const PULL_REQUESTS: Question = Question {
    feature: "pull-requests",
    title: "Pull requests",
    group: Group::Writing,
    needs: "repo, or pull_requests: write",
    without: "Changes are offered as a file to download, not as a pull request.",
};
const CHECK_RUNS: Question = Question {
    feature: "check-runs",
    title: "Checks",
    group: Group::Writing,
    needs: "GitHub App with checks: write",
    without: "Results are not shown on commits; only a GitHub App can write them.",
};

/// Features without which no pull request can be made.
pub(super) const NEEDED_TO_PROPOSE: [&str; 2] = [PUSH.feature, PULL_REQUESTS.feature];

pub(super) const QUESTIONS: &[Question] =
    &[TEAMS, MEMBERS, PROPERTIES, READ_PULL_REQUESTS, MANAGE_WEBHOOKS, PUSH, PULL_REQUESTS, CHECK_RUNS];

/// Each with the feature of the forge's table, and the scope and the permission that give it.
const ROWS: [(Feature, &Question, &str, &str); 8] = [
    (Feature::Teams, &TEAMS, "read:org", "members: read"),
    (Feature::Members, &MEMBERS, "read:org", "members: read"),
    (Feature::CustomProperties, &PROPERTIES, "read:org", "custom properties: read"),
    (Feature::ReadPullRequests, &READ_PULL_REQUESTS, "repo", "pull requests: read"),
    (Feature::ManageWebhooks, &MANAGE_WEBHOOKS, "admin:org_hook", "webhooks: write"),
    (Feature::WriteContents, &PUSH, "repo", "contents: write"),
    (Feature::PullRequests, &PULL_REQUESTS, "repo", "pull requests: write"),
    (Feature::CheckRuns, &CHECK_RUNS, "", "checks: write"),
];

/// `table` is what the forge says of our permissions, where it can be asked.
pub(super) fn checks(patient: &Patient<'_>, table: Option<Result<Vec<Permission>, Error>>) -> Vec<Check> {
    ROWS.iter().map(|row| check(patient, table.as_ref(), row)).collect()
}

fn check(
    patient: &Patient<'_>,
    table: Option<&Result<Vec<Permission>, Error>>,
    (feature, question, scope, permission): &(Feature, &Question, &str, &str),
) -> Check {
    use Feature::{CustomProperties, ManageWebhooks, Members, Teams};

    if !patient.is_organisation() && matches!(feature, Teams | Members | CustomProperties | ManageWebhooks) {
        return question.not_applicable(format!("{} is a person, not an organisation.", patient.github.owner.name()));
    }
    let check = match table {
        None => question.unknown("A fine-grained token does not tell; it shows at the first use."),
        Some(Err(error)) => question.unknown(error.to_string()),
        Some(Ok(rows)) => match rows.iter().find(|row| row.feature == *feature) {
            None => question.unknown("The forge does not tell."),
            Some(row) => {
                let check = match &row.state {
                    PermissionState::Granted => question.ok("It is given."),
                    PermissionState::Missing => question.missing("It is not given.", patient.give(scope, permission)),
                    PermissionState::Unknown(why) => question.unknown(why.clone()),
                };
                check.needing(row.needed.clone())
            }
        },
    };
    let is_nobody = matches!(patient.who, crate::forge::look::Who::Nobody);
    match feature {
        // What credentials are given for.
        Teams | Members if !is_nobody => check,
        _ => check.offered(),
    }
}
