//! Which tables are in a backup. A test demands that each table of the schema stands here.

/// What is kept, each behind those that it refers to.
pub const KEPT: &[&str] = &[
    "meta",
    "counters",
    "sources",
    "repositories",
    "entities",
    "assignments",
    "corrections",
    "jobs",
    "job_log",
    "schedules",
    "forge_accounts",
    "forge_answers",
    "forge_teams",
    "forge_members",
    "forge_team_members",
    "repository_readers",
    "deliveries",
    "told",
    "changes",
    "change_events",
    "doctor_reports",
    "registered_apps",
    "docs_sites",
    "runs",
    "run_steps",
    "run_effects",
    "run_approvals",
    "run_reviewers",
    "run_reviews",
    "run_feedback",
    "lineages",
    "template_trust",
    "access_manifests",
    "access_offers",
    "access_atoms",
    "access_events",
    "access_keys",
    "access_pulls",
    "accounts",
    "passwords",
    "tokens",
    "account_repositories",
    "preferences",
    "stars",
    "views",
    "inbox_messages",
    "inbox_deliveries",
    "sealed",
    "run_drafts",
    "audit_floor",
    "audit_pseudonyms",
    "audit",
];

/// What is not, since it is over by then, or is made anew by itself. Sessions that were ended since would count again.
pub const LEFT_OUT: &[&str] =
    &["rendered", "sessions", "invitations", "sign_ins", "sign_in_tests", "app_registrations"];

/// In which the steps of the schema are written down.
pub const STEPS: &str = "_sqlx_migrations";
