//! A whole organisation at once, as a picture.

use super::harness::*;
use crate::link::LinkRepository;

const DEFINITION: &str = "openapi: 3.0.0\ninfo:\n  title: Ledger API\n  description: Books and balances.\n";

pub fn repositories() -> Vec<LinkRepository> {
    vec![
        repository(
            "ledger",
            &[
                ("README.md", "# Ledger\n\nKeeps the books of the harbour.\n"),
                (
                    "pyproject.toml",
                    "[project]\nname = \"ledger\"\ndescription = \"Keeps the books\"\ndependencies = [\n  \"fastapi\",\n  \"harbour-events>=1\",\n]\n",
                ),
                ("Dockerfile", "FROM python:3.12\nEXPOSE 80\nCMD x\n"),
                ("CODEOWNERS", "* @harbour/payments\n"),
                ("api/openapi.yaml", DEFINITION),
                ("chart/Chart.yaml", "apiVersion: v2\nname: ledger\n"),
                (
                    "chart/values.yaml",
                    "image:\n  repository: registry.example.com/harbour/ledger\nenv:\n  TIDES_URL: http://tides.sea.svc.cluster.local\n",
                ),
                ("chart/templates/deployment.yaml", "kind: Deployment\n"),
            ],
        ),
        repository(
            "events",
            &[
                ("pyproject.toml", "[project]\nname = \"harbour-events\"\n"),
                (".github/workflows/p.yml", "- uses: pypa/gh-action-pypi-publish@v1\n"),
                ("CODEOWNERS", "* @harbour/platform\n"),
            ],
        ),
        repository(
            "tides",
            &[
                ("go.mod", "module git.example.com/harbour/tides\n\nrequire git.example.com/harbour/units v1.0.0\n"),
                ("cmd/tides/main.go", "package main\n"),
                ("Dockerfile", "FROM golang AS build\nFROM scratch\nEXPOSE 80\nENTRYPOINT [\"/tides\"]\n"),
                (".gitlab-ci.yml", "build:\n  script:\n    - docker push $CI_REGISTRY_IMAGE:$CI_COMMIT_SHA\n"),
                ("CODEOWNERS", "* @harbour/sea\n"),
            ],
        ),
        tagged(
            "units",
            &[("go.mod", "module git.example.com/harbour/units\n"), ("units.go", "package units\n")],
            &["v1.0.0"],
        ),
        repository(
            "gitops",
            &[(
                "apps/tides.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: tides\nspec:\n  template:\n    spec:\n      containers:\n        - image: registry.example.com/harbour/tides:3\n          env:\n            - name: LEDGER\n              value: http://ledger:80\n",
            )],
        ),
        repository(
            "shop",
            &[
                ("package.json", "{\"private\": true, \"workspaces\": [\"apps/*\", \"packages/*\"]}"),
                (
                    "apps/web/package.json",
                    "{\"name\": \"web\", \"private\": true, \"dependencies\": {\"next\": \"15\", \"@harbour/ui\": \"workspace:*\"}}",
                ),
                ("apps/web/next.config.js", ""),
                ("apps/web/Dockerfile", "FROM node\nCMD [\"next\", \"start\"]\n"),
                ("apps/web/clients/openapi.json", "{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"Ledger API\"}}"),
                (
                    "packages/ui/package.json",
                    "{\"name\": \"@harbour/ui\", \"publishConfig\": {\"registry\": \"https://npm.example.com\"}}",
                ),
                ("packages/eslint/package.json", "{\"name\": \"@harbour/eslint\", \"private\": true}"),
                (".github/CODEOWNERS", "/apps/ @harbour/shop\n/packages/ @harbour/platform @harbour/shop\n"),
            ],
        ),
        repository(
            "pilot",
            &[
                ("Cargo.toml", "[package]\nname = \"pilot\"\n\n[dependencies]\nclap = \"4\"\n"),
                ("src/main.rs", "fn main() {}"),
                (".github/workflows/release.yml", "- uses: softprops/action-gh-release@v2\n"),
            ],
        ),
        repository("starter", &[("copier.yml", "name:\n  type: str\n"), ("{{name}}/Cargo.toml.jinja", "x")]),
        repository("handbook", &[("mkdocs.yml", "site_name: Handbook"), ("docs/index.md", "# Handbook")]),
        repository("scratch", &[("notes.txt", "x")]),
        repository(
            "people",
            &[
                (
                    "catalog-info.yaml",
                    "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\nspec:\n  type: team\n  children: []\n",
                ),
                (
                    "slipway.overrides.yaml",
                    "overrides:\n  - repositories: [units]\n    owner: sea\n    system: navigation\n",
                ),
            ],
        ),
        repository(
            "berths",
            &[
                ("Procfile", "web: x\n"),
                (
                    "catalog-info.yaml",
                    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: berths\nspec:\n  type: service\n  lifecycle: production\n  owner: group:payments\n  consumesApis: [ledger-api]\n  dependsOn: [resource:berths-db]\n---\nkind: Component\nmetadata:\n  name: [broken]\n",
                ),
            ],
        ),
    ]
}

#[test]
fn a_dozen_repositories_become_a_catalog() {
    insta::assert_snapshot!(catalog(repositories()).picture());
}

#[test]
fn every_rule_of_the_evidence_is_explained() {
    let linked = catalog(repositories());
    for entity in &linked.entities {
        for evidence in entity.evidence.values().chain(entity.guesses.iter().map(|guess| &guess.evidence)) {
            assert!(crate::rules::rule(&evidence.rule).is_some(), "{} has no explanation", evidence.rule);
            assert!(evidence.why.ends_with('.'), "{}", evidence.why);
        }
    }
}

#[test]
fn no_guess_stands_in_spec() {
    for entity in catalog(repositories()).entities {
        let sure = entity.evidence.values().all(|evidence| evidence.confidence > model::Confidence::Guess);
        assert!(sure, "{}", entity.entity.reference());
    }
}
