//! What one stage of the fence tells the next: each is this executable again.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus};

use serde::{Deserialize, Serialize};

use super::{Fence, Limits};

/// How the fence ends where it is the fence that says no; its reason stands behind [`REASON`].
pub const REFUSED: u8 = 125;
/// The beginning of the line that says why.
pub const REASON: &str = "slipway-fence: ";

/// A program, and how far the way to it is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    pub stage: Stage,
    /// Empty where the fence only says what it is made of.
    pub arguments: Vec<String>,
    pub folder: String,
    pub scratch: String,
    pub reads: Vec<String>,
    pub limits: Limits,
    pub strict: bool,
    /// It has left for namespaces, in which processes are counted for themselves.
    pub entered: bool,
    /// What holds so far.
    pub fence: Fence,
    /// Whose process this was outside.
    pub user: u32,
    pub group: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Leaves for new namespaces.
    Enter,
    /// The first process in them: makes their root, watches what runs there, and ends it all with its own end.
    Keep,
    /// Takes the limits and becomes the program.
    Become,
}

impl Spec {
    pub fn go(self) -> ExitCode {
        #[cfg(target_os = "linux")]
        return super::linux::go(self);
        #[cfg(not(target_os = "linux"))]
        return self.become_program();
    }

    /// The next stage, as a command.
    #[cfg(target_os = "linux")]
    pub fn next(mut self, stage: Stage) -> Result<Command, String> {
        self.stage = stage;
        let executable = std::env::current_exe().map_err(|error| format!("it cannot find itself: {error}"))?;
        let spec = serde_json::to_string(&self).map_err(|error| error.to_string())?;
        let mut command = Command::new(executable);
        command.arg(super::ARGUMENT).arg(spec);
        Ok(command)
    }

    /// Becomes the program, behind what fence there is.
    pub fn become_program(self) -> ExitCode {
        if self.strict
            && let Some(lacks) = self.fence.lacks()
        {
            return refused(&format!("{lacks}, and this portal runs no program of a template without a fence"));
        }
        let Some((program, arguments)) = self.arguments.split_first() else {
            println!("{}", serde_json::to_string(&self.fence).unwrap_or_default());
            return ExitCode::SUCCESS;
        };
        let error = Command::new(program).args(arguments).current_dir(&self.folder).exec();
        refused(&format!("{program} could not be started: {error}"))
    }
}

/// Says no.
pub fn refused(why: &str) -> ExitCode {
    eprintln!("{REASON}{why}");
    ExitCode::from(REFUSED)
}

/// How a shell tells of the end of a program.
pub fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(REFUSED)
}
