//! `slipway token`: tokens of services, for the operator at the machine.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use model::token::ServiceToken;
use portal::Error;
use portal::db::Db;
use portal::identity::Actor;
use portal::identity::service::{self, Reads, Scope, Wish};

use super::Common;

/// They can be used while the portal is served.
#[derive(Subcommand)]
#[command(
    after_help = "Exit codes: 0 done, 2 the input is invalid, 3 there is no such token, or the database cannot be opened."
)]
pub enum Token {
    /// Make a token for a service, and print it: it is shown this once.
    #[command(after_help = "Examples:\n  slipway token create nightly-export --owner group:platform\n  \
                            slipway token create ci --owner group:platform --scope read --scope sync --reads signed-in --days 90")]
    Create(Create),
    /// List the tokens of services.
    #[command(after_help = "Examples:\n  slipway token list\n  slipway token list --format json")]
    List(List),
    /// Revoke a token, also that of a person.
    #[command(after_help = "Example:\n  slipway token revoke 01M8BDKAA4FC00PBF1QRNG9Q5J")]
    Revoke(Revoke),
}

#[derive(clap::Args)]
pub struct Create {
    /// What it is for
    pub name: String,
    /// Who answers for it: a group of the catalog, or words
    #[arg(long, value_name = "OWNER")]
    pub owner: String,
    /// What it may do; may be repeated
    #[arg(long = "scope", value_enum, default_value = "read")]
    pub scopes: Vec<ScopeWord>,
    /// What it may read
    #[arg(long, value_enum, default_value = "public")]
    pub reads: ReadsWord,
    /// Days until it ends, 1 to 366
    #[arg(long, default_value_t = 90)]
    pub days: i64,
    #[command(flatten)]
    pub common: Common,
}

#[derive(clap::Args)]
pub struct List {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub common: Common,
}

#[derive(clap::Args)]
pub struct Revoke {
    /// As `slipway token list` shows it
    pub id: String,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// [`Scope`] as the command line spells it.
#[derive(Debug, Clone, Copy)]
pub struct ScopeWord(Scope);

/// [`Reads`] as the command line spells it.
#[derive(Debug, Clone, Copy)]
pub struct ReadsWord(Reads);

impl ValueEnum for ScopeWord {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [ScopeWord; Scope::ALL.len()] = {
            let mut all = [ScopeWord(Scope::Read); Scope::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = ScopeWord(Scope::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.as_str()).help(self.0.about()))
    }
}

impl ValueEnum for ReadsWord {
    fn value_variants<'a>() -> &'a [Self] {
        &[ReadsWord(Reads::Public), ReadsWord(Reads::SignedIn), ReadsWord(Reads::Everything)]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.as_str()))
    }
}

pub async fn run(command: Token) -> ExitCode {
    let common = match &command {
        Token::Create(create) => &create.common,
        Token::List(list) => &list.common,
        Token::Revoke(revoke) => &revoke.common,
    };
    let settings = match common.config(None) {
        Ok(config) => config.settings(),
        Err(code) => return code,
    };
    let done = async {
        let db = Db::open(&settings.database, &settings.data).await?;
        let done = act(&db, settings.clock.now(), &command).await;
        db.close().await;
        done
    };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}

async fn act(db: &Db, now: i64, command: &Token) -> Result<(), Error> {
    let actor = Actor::Operator;
    match command {
        Token::Create(create) => {
            let scopes: Vec<Scope> = create.scopes.iter().map(|word| word.0).collect();
            let wish = Wish {
                name: &create.name,
                owner: &create.owner,
                scopes: &scopes,
                reads: create.reads.0,
                days: create.days,
            };
            let (id, secret) = service::make(db, now, &actor, &wish).await?;
            println!("{}", secret.expose());
            eprintln!(
                "It is shown this once. `slipway token revoke {id}` ends it; it ends by itself after {} days.",
                create.days
            );
        }
        Token::List(list) => print(&service::list(db, now, &actor).await?, now, list.format)?,
        Token::Revoke(revoke) => {
            service::revoke(db, now, &actor, &revoke.id).await?;
            eprintln!("It is revoked; it opens nothing any more.");
        }
    }
    Ok(())
}

fn print(tokens: &[ServiceToken], now: i64, format: Format) -> Result<(), Error> {
    if format == Format::Json {
        println!("{}", serde_json::to_string_pretty(tokens)?);
        return Ok(());
    }
    for token in tokens {
        let until = match token.revoked_at {
            Some(_) => "revoked".to_owned(),
            None if token.is_good(now) => format!("until {}", day(token.expires_at)),
            None => format!("ended {}", day(token.expires_at)),
        };
        let used = token.used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", day(at)));
        println!(
            "{}  {}  {}; reads {}; {until}; {used}; {} answers for it",
            token.id,
            token.name,
            token.scopes.join(" "),
            token.reads,
            token.owner
        );
    }
    if tokens.is_empty() {
        eprintln!("No service has a token: `slipway token create NAME --owner OWNER` makes one.");
    }
    Ok(())
}

/// `2026-01-31`, in UTC.
fn day(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}
