//! What an answer can be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::declared;
use super::expression::{Expression, Known};
use crate::cookiecutter::Template;
use crate::jinja::Syntax;

/// As many cases are tried.
const CASES: usize = 512;

/// The values that a variable can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    Choice(Vec<String>),
    YesNo,
    Text,
    /// A variable of the template's own that is always this.
    Constant(String),
}

/// The variables of which it is known what they can be.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    variables: BTreeMap<String, Domain>,
}

impl Domains {
    pub fn of(template: &Template, syntax: &Syntax) -> Self {
        // What runs before the questions may change them.
        if declared::runs_before_questions(template) {
            return Self::default();
        }
        let variables = template.manifest.variables.iter();
        Self {
            variables: variables.filter_map(|(name, raw)| Some((name.clone(), domain(name, raw, syntax)?))).collect(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Domain> {
        self.variables.get(name)
    }

    /// Every case that some expressions tell apart, with what the template's own variables are where `own`; none where that
    /// are too many.
    pub fn cases<'e>(&'e self, expressions: &[&'e Expression], own: bool) -> Vec<BTreeMap<&'e str, Known>> {
        let mut variables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        expressions.iter().for_each(|expression| expression.variables(&mut variables));
        let mut cases = vec![BTreeMap::new()];
        for (name, literals) in variables {
            let values: Vec<Known> = match self.get(name) {
                Some(Domain::YesNo) => vec![Known::Bool(true), Known::Bool(false)],
                Some(Domain::Choice(choices)) => choices.iter().cloned().map(Known::Text).collect(),
                Some(Domain::Text) => {
                    literals.into_iter().map(|text| Known::Text(text.to_owned())).chain([Known::Other]).collect()
                }
                Some(Domain::Constant(text)) if own => vec![Known::Text(text.clone())],
                Some(Domain::Constant(_)) | None => continue,
            };
            if cases.len() * values.len() > CASES {
                return Vec::new();
            }
            let each = cases.iter().flat_map(|case| {
                values.iter().map(|value| {
                    let mut case = case.clone();
                    case.insert(name, value.clone());
                    case
                })
            });
            cases = each.collect();
        }
        cases
    }
}

fn domain(name: &str, raw: &Value, syntax: &Syntax) -> Option<Domain> {
    if name.starts_with('_') {
        let constant = raw.as_str().filter(|text| !name.starts_with("__") || !syntax.occurs_in(text));
        return constant.map(|text| Domain::Constant(text.to_owned()));
    }
    match raw {
        Value::Bool(_) => Some(Domain::YesNo),
        Value::String(_) | Value::Number(_) => Some(Domain::Text),
        Value::Array(options) => {
            let fixed = options.iter().map(|option| option.as_str().filter(|text| !syntax.occurs_in(text)));
            fixed.map(|option| option.map(str::to_owned)).collect::<Option<Vec<_>>>().map(Domain::Choice)
        }
        Value::Null | Value::Object(_) => None,
    }
}
