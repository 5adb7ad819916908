//! What steps can do, by the names that Backstage gives it.

mod dispatch;
mod fetch;
mod folder;
mod github;
mod http;
mod lookup;
mod once;
mod place;
mod pull;
mod register;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

pub(super) use self::fetch::project;
use super::store::Effect;
use super::work::{Stop, Undone, Work};
use crate::db::Tx;
use crate::inbox::{self, Message, Topic};

pub(super) const FETCH: &str = "fetch:template";
pub(super) const FOLDER: &str = "publish:folder";
pub(super) const GITHUB: &str = "publish:github";
pub(super) const REGISTER: &str = "catalog:register";
pub(super) const NOTIFY: &str = "notification:send";
pub(super) const HTTP: &str = "http:backstage:request";
pub(super) const DISPATCH: &str = "github:actions:dispatch";
pub(super) const PULL: &str = "publish:github:pull-request";
pub(super) const LOOKUP: &str = "catalog:fetch";

/// What an operator may name as a further step.
pub(super) const FURTHER: [&str; 4] = [HTTP, DISPATCH, PULL, LOOKUP];

/// Something that a step can do. It may have been begun before, by a process that died: whatever it makes outside it writes down
/// first ([`Work::intend`]), and looks for before it makes it.
pub(super) trait Action: Sync {
    /// What it will do, for a person.
    fn does(&self, input: &Value) -> String;

    /// Whether it can be told this as a further step, as far as that is known before it begins.
    ///
    /// # Errors
    /// What is wrong with it, for an operator.
    fn accepts(&self, input: &Value) -> Result<(), String> {
        let _ = input;
        Ok(())
    }

    /// What it is told that is an address, in which whatever a path leads to is encoded.
    fn addresses(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether an operator may give it a token.
    fn takes_token(&self) -> bool {
        false
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>>;

    /// Takes away what it made, unless that would destroy somebody's work.
    fn undo<'w>(&'w self, work: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        let _ = (work, effect);
        std::future::ready(Ok(Undone::Nothing)).boxed()
    }
}

/// What a step gave.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// For later steps.
    pub value: Value,
    /// For people, as the run's own.
    pub shown: Vec<(&'static str, String)>,
    /// Whoever launched it is told, in the transaction in which the step ends.
    pub tell: bool,
}

pub(super) fn find(name: &str) -> Option<&'static dyn Action> {
    Some(match name {
        FETCH => &fetch::Fetch,
        FOLDER => &folder::Folder,
        GITHUB => &github::GitHub,
        REGISTER => &register::Register,
        NOTIFY => &Notify,
        HTTP => &http::Http,
        DISPATCH => &dispatch::Dispatch,
        PULL => &pull::PullRequest,
        LOOKUP => &lookup::Lookup,
        _ => return None,
    })
}

/// `notification:send`: to the inbox of whoever launched it.
struct Notify;

impl Action for Notify {
    fn does(&self, _: &Value) -> String {
        "puts a message into your inbox".to_owned()
    }

    fn run<'w>(&'w self, _: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        std::future::ready(Ok(Output { value: json!({}), shown: Vec::new(), tell: true })).boxed()
    }
}

/// Tells whoever launched it that the project is there.
pub(super) async fn tell(tx: &mut Tx, work: &Work<'_>) -> crate::Result<()> {
    let Some(account) = &work.row.account else { return Ok(()) };
    let message = Message {
        topic: Topic::Run,
        title: &format!("{} is there", work.row.name),
        text: &work.given("remoteUrl").unwrap_or_default(),
        address: &format!("/runs/{}", work.row.id),
        repository: work.row.project.as_deref(),
    };
    inbox::tell(tx, work.portal(), account, message).await
}

/// A text of a step's input.
fn text<'v>(input: &'v Value, name: &str) -> &'v str {
    input.get(name).and_then(Value::as_str).unwrap_or_default()
}
