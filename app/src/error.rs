//! What a call from an island may fail with, on both sides of the wire.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// The text of an error, for a person. It never holds what only the log may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl FromServerFnError for Error {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => {
                Self("Slipway does not answer. Check that it runs, then try again.".to_owned())
            }
            ServerFnErrorErr::Args(text) | ServerFnErrorErr::MissingArg(text) => {
                Self(format!("What was sent could not be read: {text}"))
            }
            _ => Self("The answer could not be read. Reload the page and try again.".to_owned()),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<portal::Error> for Error {
    fn from(error: portal::Error) -> Self {
        match error {
            portal::Error::Internal(text) => {
                tracing::error!(error = %text, "a call failed");
                Self("Something went wrong inside Slipway; its log says more.".to_owned())
            }
            portal::Error::Forbidden(why) => {
                // A form answers with the way back to its page, so its status tells nobody that it was refused.
                tracing::info!(why, "refused");
                Self(why)
            }
            portal::Error::Invalid(findings) => {
                let said = |finding: &model::Finding| {
                    let message = crate::format::capitalised(finding.message.trim_end_matches('.'));
                    format!("{message}. {}", finding.help).trim_end().to_owned()
                };
                Self(findings.findings.iter().map(said).collect::<Vec<_>>().join(" "))
            }
            portal::Error::NotFound(_) | portal::Error::Conflict(_) | portal::Error::Unavailable(_) => {
                Self(error.to_string())
            }
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_invalid_says_what_to_do() {
        let finding = model::Finding::new("x", model::Level::Error, "the name is empty", "Write one.");
        let error = portal::Error::Invalid(model::Findings::from(vec![finding.clone(), finding]));
        assert_eq!(Error::from(error).0, "The name is empty. Write one. The name is empty. Write one.");
    }
}
