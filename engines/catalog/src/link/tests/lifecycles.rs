//! Lifecycles, and what says nothing of them.

use model::repository::Standing;

use super::harness::*;

#[test]
fn lifecycle_needs_evidence() {
    let deployed: Files = &[("Dockerfile", DOCKERFILE), ("k8s/ledger.yaml", DEPLOYMENT)];
    let table: &[(&str, Files, &str)] = &[
        ("deployed", deployed, "production"),
        (
            "compose only",
            &[("Dockerfile", DOCKERFILE), ("compose.yaml", "services:\n  web:\n    build: .\n")],
            "unknown",
        ),
        (
            "a low version",
            &[(
                "package.json",
                "{\"name\": \"ledger\", \"version\": \"0.1.0\", \"publishConfig\": {\"access\": \"public\"}}",
            )],
            "unknown",
        ),
        (
            "its README says so",
            &[
                ("Dockerfile", DOCKERFILE),
                ("k8s/ledger.yaml", DEPLOYMENT),
                ("README.md", "# Ledger\n\nThis project is deprecated.\n"),
            ],
            "deprecated",
        ),
        (
            "classified",
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"ledger\"\nclassifiers = [\"Development Status :: 3 - Alpha\"]\n",
                ),
                ("README.md", "pip install ledger"),
            ],
            "unknown",
        ),
        (
            "classified as over",
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"ledger\"\nclassifiers = [\"Development Status :: 7 - Inactive\"]\n",
                ),
                ("README.md", "pip install ledger"),
            ],
            "deprecated",
        ),
    ];
    for (what, files, expected) in table {
        let linked = catalog([repository("ledger", files)]);
        assert_eq!(linked.field("component:default/ledger", "lifecycle"), *expected, "{what}");
    }
    let archived = crate::link::LinkRepository { archived: true, ..repository("ledger", deployed) };
    let linked = catalog([archived]);
    assert_eq!(linked.field("component:default/ledger", "lifecycle"), "deprecated");
    assert_eq!(linked.standings[0].1, Standing::Archived);
}
