//! What the `spec` of each kind must look like: the JSON schemas of `@backstage/catalog-model` 1.10 and, for Template,
//! of `@backstage/plugin-scaffolder-common` 2.4, as tables. Unknown keys are allowed everywhere.

use model::Kind;

/// What stands at a key.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string with at least one character.
    Text,
    /// A string, empty or not.
    AnyText,
    /// A string or a boolean.
    Condition,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A mapping in which these keys have a meaning.
    Object(&'static [Field]),
    /// A mapping in which these keys have a meaning and every other one is a string.
    Texts(&'static [Field]),
    List(&'static Shape),
    /// A list that is not empty.
    FilledList(&'static Shape),
    /// A mapping, or a list of mappings.
    ObjectOrList {
        object: &'static [Field],
        item: &'static [Field],
    },
    /// Anything: the schema is silent, the references in it are checked.
    Anything,
}

#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub key: &'static str,
    pub shape: Shape,
    pub required: bool,
}

const fn must(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: true }
}

const fn may(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, required: false }
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const OBJECT: Shape = Shape::Object(&[]);

/// The fields of `spec`; for an API `mcp` tells which of its two forms is meant.
pub fn spec(kind: Kind, mcp: bool) -> &'static [Field] {
    match kind {
        Kind::Component => COMPONENT,
        Kind::Api if mcp => MCP_SERVER,
        Kind::Api => API,
        Kind::Resource => RESOURCE,
        Kind::System => SYSTEM,
        Kind::Domain => DOMAIN,
        Kind::Group => GROUP,
        Kind::User => USER,
        Kind::Location => LOCATION,
        Kind::Template => TEMPLATE,
    }
}

/// The `apiVersion`s under which a kind is read.
pub fn api_versions(kind: Kind) -> &'static [&'static str] {
    if kind == Kind::Template {
        &["scaffolder.backstage.io/v1beta3"]
    } else {
        &["backstage.io/v1alpha1", "backstage.io/v1beta1"]
    }
}

const COMPONENT: &[Field] = &[
    must("type", Shape::Text),
    must("lifecycle", Shape::Text),
    must("owner", Shape::Text),
    may("system", Shape::Text),
    may("subcomponentOf", Shape::Text),
    may("providesApis", TEXTS),
    may("consumesApis", TEXTS),
    may("dependsOn", TEXTS),
    may("dependencyOf", Shape::Anything),
];

const API: &[Field] = &[
    must("type", Shape::Text),
    must("lifecycle", Shape::Text),
    must("owner", Shape::Text),
    must("definition", Shape::Text),
    may("system", Shape::Text),
];

const MCP_SERVER: &[Field] = &[
    must("type", Shape::Text),
    must("lifecycle", Shape::Text),
    must("owner", Shape::Text),
    must("remotes", Shape::FilledList(&Shape::Object(&[must("type", Shape::Text), must("url", Shape::Text)]))),
    may("system", Shape::Text),
];

const RESOURCE: &[Field] = &[
    must("type", Shape::Text),
    must("owner", Shape::Text),
    may("dependsOn", TEXTS),
    may("dependencyOf", Shape::Anything),
    may("system", Shape::Text),
];

const SYSTEM: &[Field] = &[must("owner", Shape::Text), may("domain", Shape::Text), may("type", Shape::Text)];

const DOMAIN: &[Field] = &[must("owner", Shape::Text), may("subdomainOf", Shape::Text), may("type", Shape::Text)];

const PROFILE: Shape =
    Shape::Object(&[may("displayName", Shape::Text), may("email", Shape::Text), may("picture", Shape::Text)]);

const GROUP: &[Field] = &[
    must("type", Shape::Text),
    must("children", TEXTS),
    may("profile", PROFILE),
    may("parent", Shape::Text),
    may("members", TEXTS),
];

const USER: &[Field] = &[must("memberOf", TEXTS), may("profile", PROFILE)];

const LOCATION: &[Field] = &[
    may("type", Shape::Text),
    may("target", Shape::Text),
    may("targets", TEXTS),
    may("presence", Shape::Word(&["required", "optional"])),
];

const PERMISSIONS: Field = may("backstage:permissions", Shape::Object(&[may("tags", Shape::List(&Shape::AnyText))]));

const DECORATORS: Shape = Shape::List(&Shape::Object(&[may("id", Shape::AnyText), may("input", OBJECT)]));

const TEMPLATE: &[Field] = &[
    must("type", Shape::Text),
    must(
        "steps",
        Shape::List(&Shape::Object(&[
            may("id", Shape::AnyText),
            may("name", Shape::AnyText),
            must("action", Shape::AnyText),
            may("input", OBJECT),
            may("if", Shape::Condition),
            PERMISSIONS,
        ])),
    ),
    may("owner", Shape::Text),
    may("lifecycle", Shape::Text),
    may(
        "parameters",
        Shape::ObjectOrList { object: &[PERMISSIONS], item: &[may("when", Shape::Condition), PERMISSIONS] },
    ),
    may("secrets", Shape::Object(&[may("schema", OBJECT)])),
    may(
        "presentation",
        Shape::Object(&[may(
            "buttonLabels",
            Shape::Object(&[
                may("backButtonText", Shape::AnyText),
                may("createButtonText", Shape::AnyText),
                may("reviewButtonText", Shape::AnyText),
            ]),
        )]),
    ),
    may("EXPERIMENTAL_recovery", Shape::Object(&[may("EXPERIMENTAL_strategy", Shape::AnyText)])),
    may("formDecorators", DECORATORS),
    may("EXPERIMENTAL_formDecorators", DECORATORS),
    may(
        "output",
        Shape::Texts(&[
            may(
                "links",
                Shape::List(&Shape::Object(&[
                    may("if", Shape::Condition),
                    may("url", Shape::Text),
                    may("entityRef", Shape::Text),
                    may("title", Shape::Text),
                    may("icon", Shape::Text),
                ])),
            ),
            may(
                "text",
                Shape::List(&Shape::Object(&[
                    may("if", Shape::Condition),
                    may("title", Shape::Text),
                    may("icon", Shape::Text),
                    may("content", Shape::AnyText),
                ])),
            ),
        ]),
    ),
];
