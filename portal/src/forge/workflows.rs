//! Workflows ("Actions").

use std::collections::BTreeMap;

use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use super::answer::{segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::Result;
use super::objects::named;

impl Forge {
    /// Starts a workflow (its file's name, or its number) at a branch or tag. Nothing says afterwards that it was this request.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`super::Error::Status`] with 422 for inputs or a branch that it does not take.
    pub async fn dispatch_workflow(
        &self,
        repository: &str,
        workflow: &str,
        reference: &str,
        inputs: &BTreeMap<&str, String>,
    ) -> Result<()> {
        let path = format!("/repos/{}/actions/workflows/{}/dispatches", named(repository), segment(workflow));
        let mut request = request(Method::POST, &path)?;
        *request.body_mut() = json!({"ref": reference, "inputs": inputs}).to_string().into();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        success(&path, self.send(request).await?).map(drop)
    }
}
