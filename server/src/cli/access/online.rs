//! What people and scripts do about access at a portal: look, ask, decide, end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use model::EntityRef;
use model::access::{
    AccessAtom, AccessHistory, AccessNeed, AccessOffer, AccessRequest, AccessScope, AccessWaiting, Standing,
};
use model::reference::DEFAULT_NAMESPACE;
use portal::outgoing::Remote;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::deeds::{self, Act, Decision, Recertify};
use crate::cli::FAILED;
use crate::cli::remote::{At, Stopped, read};
use crate::cli::report::print_json;
use crate::cli::run::Format;

/// Between two looks at a request that waits.
const BETWEEN: Duration = Duration::from_secs(2);

#[derive(Subcommand)]
pub enum Online {
    /// List what was ever asked for, as it stands now.
    #[command(after_help = "Examples:\n  slipway access list --consumer checkout --state active\n  \
                      slipway access list --ends-within 30 --format json\n  \
                      slipway access list --review-due --api payments")]
    List(List),
    /// Show a request, or everything that happened to one atom.
    Show {
        /// Of a request or of an atom, as `list` and the portal's addresses have it
        id: String,
        #[command(flatten)]
        how: How,
    },
    /// Say how something stands, whose approval it takes, and how many are missing.
    #[command(
        override_usage = "slipway access explain [OPTIONS] ATOM\n       slipway access explain [OPTIONS] CONSUMER API SCOPE ENVIRONMENT",
        after_help = "Example:\n  slipway access explain checkout payments payments.charge.write production"
    )]
    Explain {
        /// The id of an atom, or a consumer, an API, a scope and an environment
        #[arg(required = true, num_args = 1..=4)]
        names: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Ask for access without a manifest, for a component of yours.
    #[command(
        after_help = "Exit codes: 0 it is asked for (with --wait: granted), 1 it was denied or is not decided in time, 2 it is invalid, 3 \
                      the portal cannot be reached or does not know you, 4 you may not.\n\nExample:\n  \
                      slipway access request --consumer checkout --api payments --scope payments.refund.read --environment production \
                      --justification 'Refunds are shown' --wait"
    )]
    Request {
        #[command(flatten)]
        what: What,
        /// Why it is needed
        #[arg(long, default_value = "")]
        justification: String,
        #[arg(long, default_value = "")]
        ticket: String,
        /// A day, or a span: 2027-06-30, 180d [default: as long as the policy allows]
        #[arg(long, default_value = "")]
        expires: String,
        /// Until it is decided
        #[arg(long)]
        wait: bool,
        /// For how many minutes at most
        #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=1440))]
        timeout: u64,
        #[command(flatten)]
        how: How,
    },
    /// Approve a request of somebody else.
    Approve(Decision),
    /// Deny a request of somebody else.
    Deny(Decision),
    /// End access at once.
    Revoke(Act),
    /// Stop access until somebody lets it go on.
    Suspend(Act),
    /// Let go on what was suspended.
    Resume(Act),
    /// Answer reviews: what is granted is still needed, or is not.
    Recertify(Recertify),
    /// Stand by access that somebody took without asking, as one of those who may approve it.
    #[command(
        after_help = "Exit codes: 0 done, 2 it cannot be done as it stands now, 3 the portal cannot be reached or does not know you, 4 you \
                      may not.\n\nExamples:\n  slipway access list --break-glass --api payments\n  \
                      slipway access ratify 5f2c9a0b7d3e4f61a8b9c0d1e2f3a4b5 --reason 'It was right: INC-7'"
    )]
    Ratify(Act),
    /// Give up access of a component of yours, or take back what it asks for.
    Withdraw(Act),
    /// Take access at once and for hours, because something is on fire. Those who may approve are told.
    BreakGlass {
        #[command(flatten)]
        what: What,
        /// What is on fire
        #[arg(long)]
        incident: String,
        /// At most 72h
        #[arg(long, default_value = "")]
        ttl: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Args)]
pub struct How {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub at: At,
}

#[derive(Args)]
pub struct List {
    /// A component
    #[arg(long)]
    consumer: Option<String>,
    #[arg(long)]
    api: Option<String>,
    #[arg(long)]
    scope: Option<String>,
    #[arg(long)]
    environment: Option<String>,
    /// active, scheduled, pending, denied, expired, revoked, suspended or missing
    #[arg(long)]
    state: Option<String>,
    /// Only what waits for people
    #[arg(long)]
    waiting: bool,
    /// Only what is to be reviewed: whether it is still needed
    #[arg(long)]
    review_due: bool,
    /// Only what was taken without asking
    #[arg(long)]
    break_glass: bool,
    /// Only what ends within so many days
    #[arg(long, value_name = "DAYS")]
    ends_within: Option<u16>,
    #[arg(long, default_value_t = 1)]
    page: usize,
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    per_page: u16,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
pub struct What {
    /// A component of yours: checkout, or component:default/checkout
    #[arg(long, value_parser = consumer)]
    consumer: EntityRef,
    /// payments, or api:default/payments
    #[arg(long, value_parser = api)]
    api: EntityRef,
    /// May be repeated
    #[arg(long = "scope", required = true)]
    scopes: Vec<String>,
    /// May be repeated
    #[arg(long = "environment", required = true)]
    environments: Vec<String>,
}

fn reference(text: &str, kind: &str) -> Result<EntityRef, String> {
    EntityRef::parse(text, Some(kind), DEFAULT_NAMESPACE)
        .map_err(|_| format!("write one such as {kind}:default/payments"))
}

fn consumer(text: &str) -> Result<EntityRef, String> {
    reference(text, "component")
}

pub fn api(text: &str) -> Result<EntityRef, String> {
    reference(text, "api")
}

/// A page of the list, as the API has it.
#[derive(Serialize, Deserialize)]
pub struct Page {
    pub rows: Vec<AccessAtom>,
    total: u64,
}

pub async fn run(command: Online) -> ExitCode {
    let done = match command {
        Online::List(arguments) => list(arguments).await,
        Online::Show { id, how } => show(&id, &how).await,
        Online::Explain { names, how } => explain(&names, &how).await,
        Online::Request { what, justification, ticket, expires, wait, timeout, how } => {
            let body = asked(&what, &json!({ "justification": justification, "ticket": ticket, "expires": expires }));
            let until = wait.then(|| Instant::now() + Duration::from_secs(timeout * 60));
            request(&body, until, &how).await
        }
        Online::BreakGlass { what, incident, ttl, how } => {
            let body = asked(&what, &json!({ "incident": incident, "expires": ttl }));
            made("/api/v1/access/break-glass", &body, &how).await.map(|_| ExitCode::SUCCESS)
        }
        Online::Approve(decision) => deeds::decide(decision, true).await,
        Online::Deny(decision) => deeds::decide(decision, false).await,
        Online::Revoke(arguments) => deeds::act(arguments, "revoke").await,
        Online::Suspend(arguments) => deeds::act(arguments, "suspend").await,
        Online::Resume(arguments) => deeds::act(arguments, "resume").await,
        Online::Withdraw(arguments) => deeds::act(arguments, "withdraw").await,
        Online::Ratify(arguments) => deeds::act(arguments, "ratify").await,
        Online::Recertify(arguments) => deeds::recertify(arguments).await,
    };
    done.unwrap_or_else(|code| code)
}

async fn list(arguments: List) -> Stopped<ExitCode> {
    let number = |number: usize| Some(number.to_string());
    let filters = [
        ("consumer", arguments.consumer),
        ("api", arguments.api),
        ("scope", arguments.scope),
        ("environment", arguments.environment),
        ("state", arguments.state),
        ("waiting", arguments.waiting.then(|| "true".to_owned())),
        ("review_due", arguments.review_due.then(|| "true".to_owned())),
        ("break_glass", arguments.break_glass.then(|| "true".to_owned())),
        ("ends_within", arguments.ends_within.map(|days| days.to_string())),
        ("page", number(arguments.page)),
        ("per_page", number(arguments.per_page.into())),
    ];
    let page = page(&arguments.how.at.remote()?, &filters).await?;
    match arguments.how.format {
        Format::Json => print_json(&json!(page)),
        Format::Text => {
            page.rows.iter().for_each(line);
            println!("{} of {}", page.rows.len(), page.total);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn page(remote: &Remote, filters: &[(&str, Option<String>)]) -> Stopped<Page> {
    let given = filters.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let query: Vec<String> = given.map(|(name, value)| format!("{name}={}", app::address::value(value))).collect();
    read(remote.get(&format!("/api/v1/access?{}", query.join("&"))).await)
}

/// One atom in a line.
pub fn line(atom: &AccessAtom) {
    let AccessAtom { id, consumer, api, scope, environment, state, expires, .. } = atom;
    let ends = expires.map(|at| format!(", until {}", day(at))).unwrap_or_default();
    println!("{id}  {:<9} {consumer} → {scope} of {api} in {environment}{ends}", state.as_str());
    if let Some(waiting) = &atom.waiting {
        println!("    {}", waits(waiting));
    }
}

fn waits(waiting: &AccessWaiting) -> String {
    let AccessWaiting { request, requested_by, have, need, missing, .. } = waiting;
    format!("request {request} of {requested_by}: {have} of {need} approvals, {}", needs(missing, None))
}

/// Who still has to approve.
fn needs(needs: &[AccessNeed], owner: Option<&EntityRef>) -> String {
    let one = |need: &AccessNeed| match owner.filter(|_| need.from == "owner") {
        Some(owner) => format!("{} of {owner}", need.count),
        None => format!("{} of {}", need.count, need.from),
    };
    let all: Vec<String> = needs.iter().map(one).collect();
    if all.is_empty() { "nobody has to approve it".to_owned() } else { format!("it takes {}", all.join(" and ")) }
}

fn day(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| "the end of time".to_owned(), |at| at.to_string())
}

/// Whether it is the id of an atom, and not of a request.
fn is_atom(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn show(id: &str, how: &How) -> Stopped<ExitCode> {
    let remote = how.at.remote()?;
    let named = app::address::value(id);
    if !is_atom(id) {
        let request: AccessRequest = read(remote.get(&format!("/api/v1/access/requests/{named}")).await)?;
        print_request(&request, how);
        return Ok(ExitCode::SUCCESS);
    }
    let history: AccessHistory = read(remote.get(&format!("/api/v1/access/{named}")).await)?;
    match how.format {
        Format::Json => print_json(&json!(history)),
        Format::Text => {
            line(&history.atom);
            for step in &history.steps {
                let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
                println!("  {} {} by {}{reason}", day(step.at), step.what, step.by);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_request(request: &AccessRequest, how: &How) {
    match how.format {
        Format::Json => print_json(&json!(request)),
        Format::Text => {
            request.atoms.iter().for_each(line);
            println!("{}/access/requests/{}", how.at.address(), request.id);
        }
    }
}

async fn explain(names: &[String], how: &How) -> Stopped<ExitCode> {
    let remote = how.at.remote()?;
    let (atom, api, scope, environment) = match names {
        [id] => {
            let history: AccessHistory =
                read(remote.get(&format!("/api/v1/access/{}", app::address::value(id))).await)?;
            let AccessAtom { api, scope, environment, .. } = history.atom.clone();
            (Some(history.atom), api, scope, environment)
        }
        [consumer, api, scope, environment] => {
            let filters = [("consumer", consumer), ("api", api), ("scope", scope), ("environment", environment)];
            let filters = filters.map(|(name, value)| (name, Some(value.clone())));
            let atom = page(&remote, &filters).await?.rows.into_iter().next();
            let api = reference(api, "api").map_err(|why| {
                eprintln!("error: {why}");
                ExitCode::from(crate::cli::INVALID)
            })?;
            (atom, api, scope.clone(), environment.clone())
        }
        _ => {
            eprintln!("error: name the id of an atom, or a consumer, an API, a scope and an environment");
            return Err(ExitCode::from(crate::cli::USAGE));
        }
    };
    let offer: AccessOffer = read(remote.get(&format!("/api/v1/access/apis/{}/{}", api.namespace, api.name)).await)?;
    let offered = offer.scopes.iter().find(|offered| offered.name == scope);
    let policy = offered.and_then(|scope| scope.approvals.iter().find(|(name, _)| *name == environment));
    if how.format == Format::Json {
        let approvals = policy.map(|(_, needs)| needs);
        print_json(&json!({ "atom": atom, "owner": offer.owner, "scope": offered, "approvals": approvals }));
        return Ok(ExitCode::SUCCESS);
    }
    match &atom {
        Some(atom) => line(atom),
        None => println!("It was never asked for."),
    }
    match (offered, policy) {
        (None, _) => println!("{api} does not offer {scope}."),
        (Some(AccessScope { sensitivity, .. }), Some((_, asked))) => {
            println!("{scope} is {sensitivity}; in {environment} {}.", needs(asked, offer.owner.as_ref()));
        }
        (Some(_), None) => println!("No policy of {api} is for {environment}."),
    }
    if let Some(waiting) = atom.as_ref().and_then(|atom| atom.waiting.as_ref()) {
        println!("Of its request {}.", needs(&waiting.missing, offer.owner.as_ref()));
        println!("{}/access/requests/{}", how.at.address(), waiting.request);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is asked for, with what else is said.
fn asked(what: &What, more: &Value) -> Value {
    let mut body = json!({
        "consumer": what.consumer, "api": what.api, "scopes": what.scopes, "environments": what.environments,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

async fn made(path: &str, body: &Value, how: &How) -> Stopped<AccessRequest> {
    let request: AccessRequest = read(how.at.remote()?.post(path, &[], body).await)?;
    print_request(&request, how);
    Ok(request)
}

/// Asks, and waits until nothing of it waits any more.
async fn request(body: &Value, until: Option<Instant>, how: &How) -> Stopped<ExitCode> {
    let Some(until) = until else {
        return made("/api/v1/access/requests", body, how).await.map(|_| ExitCode::SUCCESS);
    };
    let remote = how.at.remote()?;
    let mut request: AccessRequest = read(remote.post("/api/v1/access/requests", &[], body).await)?;
    let path = format!("/api/v1/access/requests/{}", request.id);
    let is_open = |request: &AccessRequest| request.atoms.iter().any(|atom| atom.state == Standing::Pending);
    if is_open(&request) {
        eprintln!("It waits for approval at {}/access/requests/{}", how.at.address(), request.id);
    }
    while is_open(&request) && Instant::now() < until {
        tokio::time::sleep(BETWEEN).await;
        request = read(remote.get(&path).await)?;
    }
    print_request(&request, how);
    let is_granted = request.atoms.iter().all(|atom| matches!(atom.state, Standing::Active | Standing::Scheduled));
    Ok(if is_granted { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
