//! `slipway administrator`: a one-time link for the first administrator, or for one who has lost the password.

use std::process::ExitCode;

use portal::identity;

use super::Common;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  slipway administrator\n  slipway administrator --config /etc/slipway.toml\n\n\
                        It can be run while the portal is served. Links that were printed before are then good no more.")]
pub struct Administrator {
    #[command(flatten)]
    pub common: Common,
}

pub async fn run(arguments: Administrator) -> ExitCode {
    let config = match arguments.common.config(None) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match identity::new_link(&config.settings()).await {
        Ok(code) => {
            println!("{}", link(&config, code.expose()));
            eprintln!("It is good once, within a day, and makes an administrator or gives one a new password.");
            ExitCode::SUCCESS
        }
        Err(error) => super::fail(&error),
    }
}

/// The address of a one-time link.
pub fn link(config: &crate::config::Config, code: &str) -> String {
    let origin = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    format!("{origin}/sign-in/first?code={code}")
}
