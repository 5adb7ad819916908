//! cookiecutter 2.7.1.

use model::{Finding, Findings, Level};
use serde_json::Value;

use crate::tree::Tree;
use crate::{Answers, Environment, Nested, Question, Rendered, Trust};

#[derive(Clone, Debug)]
pub struct Template {
    tree: Tree,
}

impl Template {
    pub fn open(tree: Tree) -> Result<Self, Findings> {
        Ok(Self { tree })
    }
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
    pub fn nested(&self) -> &[Nested] {
        &[]
    }
    pub fn choose(&self, _key: &str) -> Result<Self, Findings> {
        Err(unfinished())
    }
    pub fn trust(&self) -> Trust {
        Trust::default()
    }
    pub fn with_defaults(&self, _defaults: &Answers) -> Result<Self, Findings> {
        Err(unfinished())
    }
    pub fn questions(&self, _answers: &Answers, _environment: &Environment) -> Result<Vec<Question>, Findings> {
        Err(unfinished())
    }
    pub fn next(&self, _answers: &Answers, _environment: &Environment) -> Result<Option<Question>, Findings> {
        Err(unfinished())
    }
    pub fn answer(&self, _question: &Question, _typed: &str) -> Result<Value, Findings> {
        Err(unfinished())
    }
    pub fn render(&self, _answers: &Answers, _environment: &Environment) -> Result<Rendered, Findings> {
        Err(unfinished())
    }
}

fn unfinished() -> Findings {
    vec![Finding::new("template.unfinished", Level::Error, "not yet", "")].into()
}
