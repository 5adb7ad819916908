//! Templates, and what their skeletons must not say.

use model::repository::Standing;

use super::harness::*;

#[test]
fn a_template_speaks_for_itself_only() {
    let linked = catalog([repository(
        "service-template",
        &[
            ("cookiecutter.json", "{\"name\": \"x\"}"),
            ("{{cookiecutter.name}}/pyproject.toml", MANIFEST),
            ("{{cookiecutter.name}}/Dockerfile", DOCKERFILE),
            ("{{cookiecutter.name}}/k8s/x.yaml", DEPLOYMENT),
        ],
    )]);
    assert_eq!(linked.references(), ["template:default/service-template"]);
    assert_eq!(linked.field("template:default/service-template", "type"), "cookiecutter");
    let linked = catalog([repository("settings", &[("cookiecutter.json", "{}"), ("README.md", "x")])]);
    assert_eq!(linked.standings[0].1, Standing::WithoutComponent);
}

#[test]
fn templates_say_what_they_ask() {
    let linked = catalog([repository(
        "starters",
        &[
            ("README.md", "# Starters\n\nAll our templates.\n"),
            (
                "cookiecutter.json",
                "{\"templates\": {\"api\": {\"path\": \"./api\", \"title\": \"An API\", \"description\": \"Makes an API.\"}}}",
            ),
            ("api/cookiecutter.json", "{\"name\": \"x\", \"licence\": [\"MIT\", \"none\"]}"),
            ("api/{{cookiecutter.name}}/pyproject.toml", MANIFEST),
            ("web/copier.yml", "_subdirectory: template\nport: {type: int, default: 80, help: Which port?}\n"),
            ("web/README.md", "# Web\n\nMakes a web site.\n"),
            ("web/template/Dockerfile.jinja", DOCKERFILE),
            ("web/template/package.json", "{\"name\": \"x\", \"scripts\": {\"start\": \"node x\"}}"),
            ("broken/copier.yml", "a: [\n"),
        ],
    )]);
    assert_eq!(
        linked.references(),
        ["template:default/starters-api", "template:default/starters-broken", "template:default/starters-web"]
    );
    let api = linked.get("template:default/starters-api");
    assert_eq!(api.entity.metadata.title.as_deref(), Some("An API"));
    assert_eq!(api.entity.metadata.description.as_deref(), Some("Makes an API."));
    assert_eq!(api.entity.metadata.annotations["slipway/template-dialect"], "cookiecutter");
    let asked = &api.entity.spec["parameters"][0]["properties"];
    assert_eq!(asked["licence"], serde_json::json!({ "type": "string", "enum": ["MIT", "none"], "default": "MIT" }));
    let web = linked.get("template:default/starters-web");
    assert_eq!(
        (web.entity.metadata.description.as_deref(), linked.field("template:default/starters-web", "type").as_str()),
        (Some("Makes a web site."), "copier")
    );
    assert_eq!(web.entity.spec["parameters"][0]["properties"]["port"]["title"], "Which port?");
    let rules: Vec<_> = linked.findings.iter().map(|(_, finding)| (finding.file.as_str(), finding.level)).collect();
    assert_eq!(rules, [("broken/copier.yml", model::Level::Warning)]);
}
