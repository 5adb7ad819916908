//! `slipway pseudonymise`: takes a person's name out, for the operator at the machine.

use std::process::ExitCode;

use portal::db::Db;
use portal::identity::{self, Actor, Pseudonymised};

use super::Common;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, or said what would be done, 2 the configuration is wrong, 3 nobody is called that, several are, or \
                        the database cannot be opened.\n\n\
                        Examples:\n  slipway pseudonymise jane\n  slipway pseudonymise jane@example.com --yes\n\n\
                        It can be run while the portal is served. It cannot be taken back."
)]
pub struct Pseudonymise {
    /// A login at the forge, an address, the name of a local account, or the id of an account
    #[arg(value_name = "LOGIN")]
    pub who: String,
    /// Do it; without it, it is only said what would be done
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub common: Common,
}

pub async fn run(arguments: Pseudonymise) -> ExitCode {
    let settings = match arguments.common.config(None) {
        Ok(config) => config.settings(),
        Err(code) => return code,
    };
    let done = async {
        let db = Db::open(&settings.database, &settings.data).await?;
        let now = settings.clock.now();
        let done = identity::pseudonymise(&db, now, &Actor::Operator, &arguments.who, arguments.yes).await;
        db.close().await;
        done
    };
    match done.await {
        Ok(done) => print(&done, arguments.yes),
        Err(error) => super::fail(&error),
    }
}

fn print(done: &Pseudonymised, really: bool) -> ExitCode {
    println!(
        "{}",
        if really { done.pseudonym.as_str() } else { "Nothing was changed; with --yes this would be done:" }
    );
    match &done.account {
        Some(account) => println!("  the account {account} goes, with its sessions, tokens and settings"),
        None => println!("  there is no account"),
    }
    println!("  {} entries of the audit log get the pseudonym, or lose their address", done.entries);
    println!("  {} corrections, changes and tokens of services are made by the pseudonym", done.works);
    println!(
        "  {} rows that were mirrored from a forge go; they come back as long as the person is there",
        done.mirrored
    );
    println!("  looked for: {}", done.names.join(", "));
    println!("What stands in Git stays: names there, in CODEOWNERS and in descriptors, are changed there.");
    ExitCode::SUCCESS
}
