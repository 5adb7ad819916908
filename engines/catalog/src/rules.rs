//! The rules of inference: what each concludes, and from what.

/// Grows whenever a rule concludes something else: what was drafted before is then drafted anew.
pub const RULES_VERSION: u32 = 4;

/// One rule, as the page of rules shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable; evidence names it.
    pub id: &'static str,
    pub version: u32,
    pub title: &'static str,
    /// One or two sentences: what is concluded from what.
    pub explanation: &'static str,
}

/// Every rule that evidence of an entity may name, in the order in which pages list them.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The rule with that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

const fn first(id: &'static str, title: &'static str, explanation: &'static str) -> Rule {
    Rule { id, version: 1, title, explanation }
}

const fn again(version: u32, id: &'static str, title: &'static str, explanation: &'static str) -> Rule {
    Rule { version, ..first(id, title, explanation) }
}

static RULES: [Rule; 69] = [
    first(
        "name.repository",
        "Named after the repository",
        "A component at the root of a repository is called like the repository; where two end the same, their groups tell them apart.",
    ),
    first(
        "name.package",
        "Named after its package",
        "A member of a repository that publishes a package is called like the package: @babel/core becomes babel-core.",
    ),
    first(
        "name.folder",
        "Named after its folder",
        "Any other member is called like its folder, with the repository's name before it unless it is there already.",
    ),
    first("name.descriptor", "Named by a descriptor", "The name in catalog-info.yaml is the reference."),
    first(
        "name.override",
        "Named by the overrides file",
        "A name in slipway.overrides.yaml stands in for the inferred one.",
    ),
    first("type.descriptor", "Type from a descriptor", "spec.type in catalog-info.yaml holds against everything else."),
    first(
        "type.correction",
        "Type set by a person",
        "Somebody confirmed or corrected the type in the portal; it holds against the overrides and what was inferred.",
    ),
    first(
        "type.override",
        "Type from the overrides file",
        "A type in slipway.overrides.yaml holds against what was inferred.",
    ),
    again(
        2,
        "type.deployed",
        "Deployed from here",
        "A chart, a Kubernetes workload or a kustomization of this repository runs the image that is built here: a service, or a job where only jobs run. Where nothing here builds an image or listens: a guess.",
    ),
    first(
        "type.deployed-elsewhere",
        "Deployed from another repository",
        "An image that is built here is run by a chart or manifest of another repository; the registry is compared where both name one.",
    ),
    again(
        2,
        "type.platform",
        "Deployed by a platform",
        "A Procfile, serverless.yml, systemd unit or a hosting platform's own file starts it, and the code or the site that it starts lies beside it; without: a guess. It does not make a published library a service or website: their documents have a host, too.",
    ),
    again(
        2,
        "type.compose",
        "A compose service",
        "A compose file builds a service from the folder, and the code listens: its container file exposes a port, or it is built with a server framework; where there is only code beside it, a guess. It says nothing about production, and does not make a published library a service.",
    ),
    again(
        2,
        "type.image",
        "Its image is pushed and listens",
        "A pipeline pushes its image, and the container file exposes a port or the code is built with a server framework, but nothing shows that anybody runs it: a guess. Libraries and command lines have such images, too.",
    ),
    first(
        "type.container",
        "It could be a service",
        "A container file exposes a port or holds a server framework, but nothing shows a deployment: a guess. A container file alone means nothing.",
    ),
    first("type.gateway", "An API gateway", "The configuration of KrakenD, Kong or Envoy with routes in it."),
    again(
        2,
        "type.website",
        "A website",
        "A site framework in package.json together with its own configuration or page, or a page and a script that starts it where nothing can be imported, and a container, workload, hosting file or pipeline that has it shown; without that: a guess. Documentation where the framework is one for documents.",
    ),
    first(
        "type.published",
        "A library",
        "It is published, or tagged for others to import, and made to be imported; private packages are not. Only ready for a registry: a guess.",
    ),
    first(
        "type.command",
        "A command line",
        "It installs a command and is published, or a release puts its program where people download it. Only built with a command-line framework: a guess.",
    ),
    first(
        "type.server",
        "It is built as a server",
        "Its build makes a program that is started, with a framework for servers, but nothing shows a deployment: a guess.",
    ),
    first(
        "type.program",
        "The program of a workspace",
        "Of a workspace whose members are neither published nor deployed, one makes a program, or one that the README is headed by, and a changelog, tags or releases tell its versions: a guess.",
    ),
    first(
        "type.action",
        "For the pipelines of others",
        "An action at the root of its repository, or a repository that holds nothing but actions and reusable workflows: a library.",
    ),
    again(
        2,
        "type.infrastructure",
        "Infrastructure",
        "Terraform files that say where they are applied (a backend or a provider), or manifests for what is built elsewhere, and no code beside them. Terraform without that, which may be a module for others, or charts of something unknown: a guess.",
    ),
    again(
        2,
        "type.documentation",
        "Documentation",
        "A generator of documentation sites is configured, there is no code beside it, and most of the files are documents; where they are the lesser part: a guess.",
    ),
    first(
        "lifecycle.descriptor",
        "Lifecycle from a descriptor",
        "spec.lifecycle in catalog-info.yaml holds against everything else.",
    ),
    first("lifecycle.correction", "Lifecycle set by a person", "Somebody set the lifecycle in the portal."),
    first(
        "lifecycle.override",
        "Lifecycle from the overrides file",
        "A lifecycle in slipway.overrides.yaml holds against what was inferred.",
    ),
    first("lifecycle.archived", "Deprecated: archived", "The repository is archived."),
    first(
        "lifecycle.deprecated",
        "Deprecated: the README says so",
        "The first lines of the README say that the project is deprecated or no longer maintained.",
    ),
    first(
        "lifecycle.deployed",
        "In production: deployed",
        "Something other than a compose file deploys it. A version of 0.x says nothing.",
    ),
    first(
        "lifecycle.classifier",
        "Deprecated: the registry says so",
        "The Python classifier \"Development Status\" says that it is inactive. Alpha, beta and stable say nothing: few correct them as time goes by.",
    ),
    first(
        "owner.descriptor",
        "Owner from a descriptor",
        "spec.owner in catalog-info.yaml holds against everything else.",
    ),
    first(
        "owner.correction",
        "Owner set by a person",
        "Somebody confirmed or corrected the owner in the portal; it holds against the overrides and what was inferred.",
    ),
    first(
        "owner.override",
        "Owner from the overrides file",
        "An owner in slipway.overrides.yaml holds against what was inferred.",
    ),
    first(
        "owner.codeowners",
        "The team in CODEOWNERS",
        "The one team that CODEOWNERS names for more than half of the component's files, where a descriptor, the forge or an alias knows that team.",
    ),
    first(
        "owner.codeowners-alone",
        "A team that only CODEOWNERS knows",
        "The one team that CODEOWNERS names for more than half of the component's files, but nothing else knows such a team: a guess. It becomes more once the team is known at the forge or declared.",
    ),
    first(
        "owner.codeowners-people",
        "The team of the people in CODEOWNERS",
        "CODEOWNERS names people for most files, and exactly one team of at most twelve holds all of them.",
    ),
    first(
        "owner.codeowners-shared",
        "Several teams in CODEOWNERS",
        "CODEOWNERS names several teams for the same files: the first of them is a guess.",
    ),
    first(
        "owner.activity",
        "The team that commits most",
        "Members of one known team made at least half of the human commits of twelve months, and twice as many as the next team: a guess. Bots and people who are active in more than a tenth of all repositories are left out.",
    ),
    first("system.override", "System from the overrides file", "A system in slipway.overrides.yaml."),
    first("description.descriptor", "Description from a descriptor", "metadata.description in catalog-info.yaml."),
    first("description.git", "Description from Git", "What the repository's own description file says."),
    first(
        "description.manifest",
        "Description from a manifest",
        "The description of the package in the component's folder.",
    ),
    first(
        "description.readme",
        "Description from the README",
        "The first paragraph of the README in the component's folder.",
    ),
    first("links.homepage", "Homepage", "The homepage that a manifest names."),
    first("descriptor.field", "From a descriptor", "Any other field of catalog-info.yaml."),
    first(
        "package.published",
        "Published",
        "A registry is configured, a pipeline publishes the package, a README or the manifest leads to it at its registry, or a tag releases the version of a manifest that is ready for the registry.",
    ),
    first(
        "image.built",
        "Builds an image",
        "A container file, a pipeline, compose or Skaffold builds an image from the folder.",
    ),
    first(
        "dependency.package",
        "Builds with",
        "A manifest names a package that another component demonstrably publishes, or that lies in the same repository; names are normalised as the ecosystem does. Without a sign of publication: a guess.",
    ),
    first(
        "dependency.repository",
        "Uses another repository",
        "A workflow, Terraform module, Swift package or other manifest names a repository of the catalog by its address. Where only the last part of the name is known to be the same: a guess.",
    ),
    first(
        "dependency.development",
        "Needs for building, testing or development",
        "As for packages, where the manifest marks the dependency as one for builds, tests or development.",
    ),
    again(
        2,
        "dependency.call",
        "Calls",
        "A chart, manifest, compose or environment file, a ConfigMap that a workload reads, the settings of a Spring or .NET program, or a gateway, names a host under which another component answers. Names like api or app never match by themselves outside their own repository.",
    ),
    first("api.definition", "An API", "An OpenAPI, AsyncAPI, gRPC or GraphQL definition file."),
    first("api.provided", "Provides the API", "The definition lies in the component's folder and is no copy."),
    first(
        "api.consumed",
        "Consumes the API",
        "The component carries a copy of a definition that another one provides; the copy provides nothing.",
    ),
    first(
        "resource.store",
        "A store beside a component",
        "A compose file or manifest runs a well-known database, cache or broker, and the configuration of a component of the same repository names its host.",
    ),
    first(
        "template.questions",
        "A template",
        "The questions of a cookiecutter template beside a folder whose name is filled in from the answers, or of a copier template. Its skeleton makes no components.",
    ),
    first(
        "group.codeowners",
        "A team in CODEOWNERS",
        "CODEOWNERS names a team that no descriptor declares. It is for display: it gives nobody rights.",
    ),
    first(
        "user.codeowners",
        "A person in CODEOWNERS",
        "CODEOWNERS names a login that no descriptor declares. Other authors of commits are counted, not named.",
    ),
    first(
        "owner.property",
        "The forge's own property",
        "A custom property of the repository named owner, team or service-owner holds against everything but descriptors, people and overrides.",
    ),
    first(
        "owner.forge-team",
        "The team with the rights",
        "The one team with the role admin, or else the one with maintain; a team of everybody, or one that has most repositories, says nothing.",
    ),
    first("owner.topic", "A topic names the team", "A topic like team-payments names a team that is known."),
    first(
        "type.property",
        "Type from the forge's property",
        "A custom property named type with one of the usual words, for a repository that holds one component or has one at its root.",
    ),
    first(
        "lifecycle.property",
        "Lifecycle from the forge's property",
        "A custom property named lifecycle says experimental, production or deprecated.",
    ),
    first("system.property", "System from the forge's property", "A custom property named system."),
    first("description.forge", "Description at the forge", "How the repository is described at the forge."),
    first("tags.topics", "Topics", "The repository's topics at the forge."),
    first(
        "group.forge",
        "A team at the forge",
        "The organisation has this team at the forge; with a declared group of the same name it is one.",
    ),
    first("user.forge", "A member at the forge", "The organisation has this member at the forge."),
    first(
        "member.forge",
        "In the team at the forge",
        "The forge says who is in its teams, those of the teams below with them.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_explained() {
        let mut ids: Vec<_> = rules().iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules().len());
        assert!(rules().iter().all(|rule| rule.explanation.ends_with('.') && rule.version > 0));
    }
}
