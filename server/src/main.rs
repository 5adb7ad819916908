//! The one binary: it reads the command line and does what it says.

mod allocator;
mod api;
mod cli;
mod config;
mod http;
mod logging;
mod routes;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(portal::sandbox::ARGUMENT) {
        return portal::sandbox::inside(&arguments.next().unwrap_or_default());
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A failure to print help leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(cli::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match cli.command {
        Command::Serve(arguments) => block_on(cli::serve::run(arguments)),
        Command::Sync(arguments) => block_on(cli::sync::run(arguments)),
        Command::Doctor(arguments) => block_on(cli::doctor::run(arguments)),
        Command::Administrator(arguments) => block_on(cli::administrator::run(arguments)),
        Command::Backup(arguments) => block_on(cli::backup::backup(arguments)),
        Command::Restore(arguments) => block_on(cli::backup::restore(arguments)),
        Command::Verify(arguments) => block_on(cli::backup::verify(arguments)),
        Command::Pseudonymise(arguments) => block_on(cli::pseudonymise::run(arguments)),
        Command::Token(command) => block_on(cli::token::run(command)),
        Command::Catalog(arguments) => cli::catalog::run(&arguments),
        Command::Access(command) => cli::access::run(command),
        Command::Run(arguments) => block_on(cli::run::run(arguments)),
        Command::New(arguments) => briefly(cli::templates::new::run(arguments)),
        Command::Update(arguments) => briefly(cli::templates::update::run(arguments)),
        Command::CheckUpdate(arguments) => briefly(cli::templates::standing::check_update(arguments)),
        Command::Diff(arguments) => briefly(cli::templates::standing::diff(arguments)),
        Command::Adopt(arguments) => block_on(cli::templates::adopt::run(arguments)),
        Command::Template(command) => cli::templates::check::run(&command),
    }
}

fn block_on(future: impl Future<Output = ExitCode>) -> ExitCode {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.thread_keep_alive(allocator::IDLE_THREAD);
    run(builder, future)
}

/// For what takes some milliseconds, of which threads and freed memory would be a large part.
pub(crate) fn briefly(future: impl Future<Output = ExitCode>) -> ExitCode {
    allocator::give_nothing_back();
    run(tokio::runtime::Builder::new_current_thread(), future)
}

fn run(mut builder: tokio::runtime::Builder, future: impl Future<Output = ExitCode>) -> ExitCode {
    match builder.enable_all().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(cli::UNREADABLE)
        }
    }
}
