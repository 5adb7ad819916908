//! Maven: `pom.xml`.

use super::xml::{Element, xml};
use super::{Located, Manifest, Publishing, Scope};

/// Plugins that make of a project something that is started, not imported.
const STARTING: [&str; 4] =
    ["spring-boot-maven-plugin", "quarkus-maven-plugin", "micronaut-maven-plugin", "jib-maven-plugin"];

/// Plugins that put what is built into a registry.
const PUBLISHING: [&str; 3] = ["central-publishing-maven-plugin", "nexus-staging-maven-plugin", "maven-release-plugin"];

/// <https://maven.apache.org/pom.html>. The name is `group:artifact`. Properties that only a parent knows stay in the
/// texts until the manifests of the repository are put together.
pub fn pom(text: &str) -> Option<Manifest> {
    let project = xml(text).filter(|root| root.name == "project")?;
    let mut manifest = Manifest::default();
    let parent = project.child("parent");
    let artifact = project.text_of("artifactId")?;
    let parent_group = parent.and_then(|parent| parent.text_of("groupId"));
    let group = project.text_of("groupId").or_else(|| parent_group.clone())?;
    let own = |name: &str, value: Option<&Located>| value.map(|value| (name.to_owned(), value.text.clone()));
    let version = project.text_of("version").or_else(|| parent.and_then(|parent| parent.text_of("version")));
    manifest.aliases.extend(own("project.groupId", Some(&group)));
    manifest.aliases.extend(own("project.artifactId", Some(&artifact)));
    manifest.aliases.extend(own("project.version", version.as_ref()));
    manifest.aliases.extend(own("project.parent.groupId", parent_group.as_ref()));
    for property in project.child("properties").map(|list| list.children.as_slice()).unwrap_or_default() {
        manifest.aliases.push((property.name.clone(), property.text.clone()));
    }
    manifest.aliases.truncate(1_000);
    if let Some((parent, name)) = parent.and_then(|parent| Some((parent, coordinates(parent)?))) {
        manifest.depend(&name, Scope::Build, parent.line);
        manifest.parent = Some(name);
    }
    manifest.name = Some(Located::new(format!("{}:{}", group.text, artifact.text), artifact.line));
    manifest.version = version.filter(|version| !version.text.contains('$'));
    manifest.description = project.text_of("description").filter(|text| !text.text.contains('$'));
    manifest.licence = project.at(&["licenses", "license"]).and_then(|licence| licence.text_of("name"));
    manifest.homepage = project.text_of("url").filter(|text| !text.text.contains('$'));
    manifest.repository = project.child("scm").and_then(|scm| scm.text_of("url"));
    let modules = project.child("modules");
    manifest.workspace = modules.map(|modules| modules.line);
    manifest.members = project.listed("modules", "module").filter_map(Element::located).take(500).collect();
    for dependency in project.listed("dependencies", "dependency") {
        depend(dependency, &mut manifest);
    }
    // Of what is only managed here, imported lists of versions are asked for.
    let managed = project.child("dependencyManagement");
    for dependency in managed.into_iter().flat_map(|managed| managed.listed("dependencies", "dependency")) {
        if dependency.text_of("scope").is_some_and(|scope| scope.text == "import") {
            depend(dependency, &mut manifest);
        }
    }
    read_build(&project, &mut manifest);
    let packaging = project.text_of("packaging").map_or_else(|| "jar".to_owned(), |packaging| packaging.text);
    if packaging == "war" {
        manifest.starts.get_or_insert_with(|| Located::new("a web archive", project.line));
    }
    if matches!(packaging.as_str(), "jar" | "bundle" | "maven-plugin" | "aar") && manifest.starts.is_none() {
        manifest.importable = Some(artifact.line);
    }
    manifest.complete = manifest.description.is_some() && manifest.licence.is_some() && manifest.repository.is_some();
    Some(manifest)
}

fn coordinates(element: &Element) -> Option<String> {
    Some(format!("{}:{}", element.text_of("groupId")?.text, element.text_of("artifactId")?.text))
}

fn depend(dependency: &Element, manifest: &mut Manifest) {
    let Some(name) = coordinates(dependency) else { return };
    let is_optional = dependency.text_of("optional").is_some_and(|optional| optional.text == "true");
    let scope = match dependency.text_of("scope").map(|scope| scope.text).as_deref() {
        Some("test") => Scope::Test,
        Some("import") => Scope::Build,
        _ if is_optional => Scope::Optional,
        _ => Scope::Runtime,
    };
    manifest.depend(&name, scope, dependency.line);
}

fn read_build(project: &Element, manifest: &mut Manifest) {
    let build = project.child("build");
    let plugins = build.into_iter().flat_map(|build| build.listed("plugins", "plugin"));
    for plugin in plugins {
        let Some(artifact) = plugin.text_of("artifactId") else { continue };
        // Those without a group are Maven's own.
        if let Some(name) = coordinates(plugin) {
            manifest.depend(&name, Scope::Build, plugin.line);
        }
        if STARTING.contains(&artifact.text.as_str()) {
            manifest.starts.get_or_insert_with(|| artifact.clone());
        }
        let skips = || {
            let skip = plugin.at(&["configuration", "skip"])?;
            (skip.text == "true").then_some(skip.line)
        };
        match artifact.text.as_str() {
            "maven-deploy-plugin" => {
                if let Some(line) = skips() {
                    manifest.publishing = Publishing::Forbidden(line);
                }
            }
            name if PUBLISHING.contains(&name) && manifest.publishing == Publishing::Unsaid => {
                manifest.publishing = Publishing::Configured(artifact.line, artifact.text.clone());
            }
            _ => {}
        }
    }
    let skipped = project.child("properties").and_then(|properties| properties.child("maven.deploy.skip"));
    if let Some(skipped) = skipped.filter(|skipped| skipped.text == "true") {
        manifest.publishing = Publishing::Forbidden(skipped.line);
    }
    let distribution = project.child("distributionManagement");
    let registry = distribution.and_then(|distribution| {
        let to = distribution.child("repository").or_else(|| distribution.child("snapshotRepository"))?;
        Some((to.line, to.text_of("url").or_else(|| to.text_of("id"))?))
    });
    if let Some((line, registry)) = registry.filter(|_| !matches!(manifest.publishing, Publishing::Forbidden(_))) {
        manifest.publishing = Publishing::Configured(line, registry.text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const POM: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent>
    <groupId>org.harbour</groupId>
    <artifactId>harbour-parent</artifactId>
    <version>3</version>
  </parent>
  <artifactId>ledger</artifactId>
  <description>Keeps the books</description>
  <modules>
    <module>core</module>
  </modules>
  <dependencies>
    <dependency><groupId>${project.groupId}</groupId><artifactId>events</artifactId></dependency>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
  </dependencies>
  <dependencyManagement><dependencies>
    <dependency><groupId>org.harbour</groupId><artifactId>bom</artifactId><type>pom</type><scope>import</scope></dependency>
    <dependency><groupId>only</groupId><artifactId>managed</artifactId></dependency>
  </dependencies></dependencyManagement>
  <distributionManagement><repository><id>r</id><url>https://maven.example.com</url></repository></distributionManagement>
</project>
"#;

    #[test]
    fn a_project_with_a_parent() {
        let manifest = pom(POM).unwrap();
        assert_eq!(manifest.name, Some(Located::new("org.harbour:ledger", 7)));
        assert_eq!(manifest.parent.as_deref(), Some("org.harbour:harbour-parent"));
        assert_eq!(manifest.members, [Located::new("core", 10)]);
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect();
        assert_eq!(
            found,
            [
                ("org.harbour:harbour-parent", Scope::Build, 2),
                ("${project.groupId}:events", Scope::Runtime, 13),
                ("junit:junit", Scope::Test, 14),
                ("org.harbour:bom", Scope::Build, 17),
            ]
        );
        assert_eq!(manifest.publishing, Publishing::Configured(20, "https://maven.example.com".to_owned()));
        assert_eq!(pom("<settings/>"), None);
        assert_eq!(pom("<project><artifactId>x</artifactId></project>"), None);
    }

    #[test]
    fn what_is_started_is_not_imported() {
        let plugin = |name: &str| {
            format!(
                "<project><groupId>g</groupId><artifactId>a</artifactId><build><plugins><plugin><groupId>x</groupId><artifactId>{name}</artifactId></plugin></plugins></build></project>"
            )
        };
        let started = pom(&plugin("spring-boot-maven-plugin")).unwrap();
        assert!(started.starts.is_some() && started.importable.is_none());
        let plain = pom(&plugin("maven-shade-plugin")).unwrap();
        assert!(plain.starts.is_none() && plain.importable.is_some());
    }
}
