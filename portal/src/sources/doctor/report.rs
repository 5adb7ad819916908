//! What the doctor says: feature by feature what is needed, whether it is there, and what is off without it.

use serde::{Deserialize, Serialize};

/// All about one source, or about Slipway itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The source's name; `None` for Slipway itself.
    pub source: Option<String>,
    /// `folder`, `git`, `github`, or `slipway`.
    pub kind: String,
    /// Where it is, without credentials.
    pub location: String,
    /// Milliseconds since 1970 in UTC.
    pub checked_at: i64,
    /// Milliseconds.
    pub took: i64,
    pub checks: Vec<Check>,
    /// What it is of was configured otherwise then.
    #[serde(skip)]
    pub is_old: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable, for programs: `clone`, `webhook-reach`.
    pub feature: String,
    /// For a person: `Clone repositories`.
    pub title: String,
    pub group: Group,
    /// The permission or the condition, in the words of whoever gives it.
    pub needs: String,
    pub state: State,
    /// What is really there; holds no secret.
    pub found: String,
    /// What is off without it, as a whole sentence.
    pub without: String,
    pub help: Option<Help>,
    /// The operator wants it, or nothing works without it; other things are offered.
    pub asked_for: bool,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    pub text: String,
    /// Where to click: an address at the forge, or a page of this portal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
    /// What to copy: a command, or lines of the configuration.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    /// Asked for, and not there.
    Missing,
    /// Offered, and not set up.
    Off,
    /// Nobody could say.
    Unknown,
    NotApplicable,
}

/// What belongs together, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Connection,
    Identity,
    Reading,
    Live,
    Writing,
}

/// The answer to "is all there that is needed?"
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// Something that is asked for could not be looked at.
    Undecided,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Ok, Self::Missing, Self::Off, Self::Unknown, Self::NotApplicable];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Off => "off",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl Group {
    pub const ALL: [Self; 5] = [Self::Connection, Self::Identity, Self::Reading, Self::Live, Self::Writing];

    pub fn title(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Identity => "Who we are",
            Self::Reading => "Reading",
            Self::Live => "Live",
            Self::Writing => "Writing",
        }
    }
}

impl Help {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    #[must_use]
    pub fn at(self, link: impl Into<String>) -> Self {
        Self { link: Some(link.into()), ..self }
    }

    #[must_use]
    pub fn copy(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }
}

impl Report {
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    pub fn verdict(&self) -> Verdict {
        let any = |state| self.checks.iter().any(|check| check.asked_for && check.state == state);
        match (any(State::Missing), any(State::Unknown)) {
            (true, _) => Verdict::No,
            (false, true) => Verdict::Undecided,
            (false, false) => Verdict::Yes,
        }
    }
}

impl Verdict {
    /// Of all reports together.
    pub fn of(reports: &[Report]) -> Self {
        let any = |verdict| reports.iter().any(|report| report.verdict() == verdict);
        match (any(Self::No), any(Self::Undecided)) {
            (true, _) => Self::No,
            (false, true) => Self::Undecided,
            (false, false) => Self::Yes,
        }
    }
}

/// What a check is about, before anybody has looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub feature: &'static str,
    pub title: &'static str,
    pub group: Group,
    pub needs: &'static str,
    pub without: &'static str,
}

impl Question {
    fn answer(&self, state: State, found: String, help: Option<Help>) -> Check {
        Check {
            feature: self.feature.to_owned(),
            title: self.title.to_owned(),
            group: self.group,
            needs: self.needs.to_owned(),
            state,
            found,
            without: self.without.to_owned(),
            help,
            asked_for: true,
        }
    }

    pub fn ok(&self, found: impl Into<String>) -> Check {
        self.answer(State::Ok, found.into(), None)
    }

    pub fn missing(&self, found: impl Into<String>, help: Help) -> Check {
        self.answer(State::Missing, found.into(), Some(help))
    }

    /// Nobody asked for it, so that nothing is wrong.
    pub fn off(&self, found: impl Into<String>, help: Help) -> Check {
        Check { asked_for: false, ..self.answer(State::Off, found.into(), Some(help)) }
    }

    pub fn unknown(&self, found: impl Into<String>) -> Check {
        self.answer(State::Unknown, found.into(), None)
    }

    pub fn not_applicable(&self, why: impl Into<String>) -> Check {
        Check { asked_for: false, ..self.answer(State::NotApplicable, why.into(), None) }
    }
}

impl Check {
    /// It is offered, not asked for: what is missing is only off.
    pub(super) fn offered(self) -> Self {
        let state = if self.state == State::Missing { State::Off } else { self.state };
        Self { asked_for: false, state, ..self }
    }

    pub(super) fn needing(self, needs: String) -> Self {
        Self { needs, ..self }
    }
}
