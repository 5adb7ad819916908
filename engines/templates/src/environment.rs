//! What a render needs from outside of the template: time, chance, names of places, and limits.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The inputs of a render beside template and answers. The same environment renders the same bytes again.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What `now` answers.
    pub clock: Timestamp,
    /// The zone that a template means by `local`.
    pub zone: TimeZone,
    /// Where `uuid4` and `random_ascii_string` begin.
    pub seed: u64,
    /// The template as it was asked for: cookiecutter's `_template`.
    pub template: String,
    /// The folder into which the project's folder is put, absolute: cookiecutter's `_output_dir`.
    pub output_folder: String,
    /// Where the template lies while it is rendered: cookiecutter's `_repo_dir`.
    pub repository_folder: String,
    /// The branch, tag or commit that was asked for: cookiecutter's `_checkout`.
    pub checkout: Option<String>,
    /// Where the template's scripts are to find both folders, where that is not where they are.
    pub scripts: Option<Places>,
    pub limits: Limits,
}

/// The folders of a render, for scripts that run behind a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// As [`Environment::output_folder`].
    pub output_folder: String,
    /// As [`Environment::repository_folder`].
    pub repository_folder: String,
}

/// How much a template may take before it is stopped with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the template engine, for one text (a file, a name, a default).
    pub fuel: u64,
    /// Bytes of one rendered text.
    pub file_bytes: usize,
    /// Bytes of all files together.
    pub total_bytes: usize,
    /// Files, links and folders.
    pub entries: usize,
    /// Templates within templates, and calls within calls.
    pub depth: usize,
}

impl Environment {
    /// An environment in UTC that knows no names of places.
    #[must_use]
    pub fn new(clock: Timestamp, seed: u64) -> Self {
        Self {
            clock,
            zone: TimeZone::UTC,
            seed,
            template: String::new(),
            output_folder: String::new(),
            repository_folder: String::new(),
            checkout: None,
            scripts: None,
            limits: Limits::default(),
        }
    }

    /// The same as the template's scripts see it.
    #[must_use]
    pub fn of_scripts(&self) -> Self {
        let mut environment = self.clone();
        if let Some(places) = &self.scripts {
            environment.output_folder.clone_from(&places.output_folder);
            environment.repository_folder.clone_from(&places.repository_folder);
        }
        environment
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 20_000_000, file_bytes: 64 << 20, total_bytes: 512 << 20, entries: 100_000, depth: 100 }
    }
}
