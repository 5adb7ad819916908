//! Gradle: build scripts, settings, properties and version catalogs.
//!
//! Build scripts are programs. They are read as text, with patterns for what almost every one writes the same way in
//! Groovy and in Kotlin; what is written otherwise is left out rather than guessed.

use std::sync::LazyLock;

use regex::Regex;

use super::node::toml;
use super::script::{Line, lines};
use super::{Located, Manifest, Publishing, Scope};
use crate::yaml::Node;

/// The end of the name that a Gradle plugin's marker has in registries: its id stands before and after the colon.
pub(super) const MARKER: &str = ".gradle.plugin";

/// Plugins that make of a project something that is started, not imported.
const STARTING: [&str; 6] = [
    "org.springframework.boot",
    "io.quarkus",
    "io.micronaut.application",
    "io.ktor.plugin",
    "com.google.cloud.tools.jib",
    "com.android.application",
];

/// Plugins that put what is built into a registry.
const PUBLISHING: [&str; 5] = [
    "com.vanniktech.maven.publish",
    "com.gradle.plugin-publish",
    "io.github.gradle-nexus.publish-plugin",
    "com.jfrog.artifactory",
    "org.jreleaser",
];

/// Plugins that make what others import.
const LIBRARIES: [&str; 4] = ["java-library", "com.android.library", "java-gradle-plugin", "kotlin-multiplatform"];

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r#"^(?:project\.)?(group|version|description)\s*=?\s*\(?["']([^"'$]{1,300})["']\)?\s*;?$"#)
});
static PLUGIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"^(?:id\s*\(?\s*["']([\w.\-]+)["']|`([\w\-]+)`|kotlin\(\s*["']([\w.\-]+)["']|alias\(?\s*\(?\s*(libs\.plugins\.[\w.]+)|([a-z]+[\w\-]*)$)"#,
    )
});
static APPLY: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^apply\s*\(?\s*plugin\s*[:=]\s*["']([\w.\-]+)["']"#));
static DEPENDENCY: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^["']?([A-Za-z][A-Za-z0-9]*)["']?\s*[( ]\s*(.+)$"#));
static STRING: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r#"^["']([\w.\-]+:[\w.\-]+)(?::[^"']*)?["']"#));
static MAP: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^group\s*[:=]\s*["']([\w.\-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.\-]+)["']"#));
static PROJECT: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^project\s*\(\s*(?:path\s*[:=]\s*)?["'](:[\w.\-:]+)["']"#));
static ACCESSOR: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"^((?:libs|projects)\.[A-Za-z0-9_.]+)"));
static ROOT_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^rootProject\.(?:name|setName)\s*(?:=|\()\s*["']([\w.\- ]+)["']"#));
static MAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"^(?:mainClass(?:Name)?)\s*(?:=|\.set\(|\s)\s*\(?["']([\w.$]+)["']"#));

fn captured(regex: &LazyLock<Option<Regex>>, text: &str, group: usize) -> Option<String> {
    Some(regex.as_ref()?.captures(text)?.get(group)?.as_str().to_owned())
}

/// `build.gradle` and `build.gradle.kts`. It has no name yet: that takes the settings and properties of its build.
pub fn build_gradle(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    let mut read = Build::default();
    for line in lines(text) {
        read.take(&line, &mut manifest);
    }
    if let Some((line, what)) = read.registry.filter(|_| read.publishes || read.sends) {
        manifest.publishing = Publishing::Configured(line, what);
    }
    if manifest.starts.is_none() && read.command.is_none() {
        manifest.importable = read.library;
    }
    manifest.commands.extend(read.command.filter(|_| manifest.starts.is_none()));
    Some(manifest)
}

#[derive(Default)]
struct Build {
    /// The plugin that publishes, or any other sign of it.
    publishes: bool,
    sends: bool,
    registry: Option<(u32, String)>,
    library: Option<u32>,
    command: Option<Located>,
}

impl Build {
    fn take(&mut self, line: &Line, manifest: &mut Manifest) {
        let within: Vec<&str> = line.blocks.iter().map(String::as_str).collect();
        let everywhere = matches!(within.as_slice(), ["allprojects" | "subprojects"]);
        let own = within.is_empty() || everywhere;
        if own && let Some(key) = captured(&ASSIGNMENT, &line.text, 1) {
            let value = captured(&ASSIGNMENT, &line.text, 2).unwrap_or_default();
            match key.as_str() {
                "group" => {
                    manifest.aliases.push(((if everywhere { "group.below" } else { "group" }).to_owned(), value))
                }
                "version" => manifest.version = Some(Located::new(value, line.number)),
                _ if !everywhere => manifest.description = Some(Located::new(value, line.number)),
                _ => {}
            }
            return;
        }
        if within == ["plugins"] && !line.text.contains("apply false") && !line.text.contains("apply(false)") {
            let id = (1..=5).find_map(|group| Some((group, captured(&PLUGIN, &line.text, group)?)));
            if let Some((group, id)) = id {
                self.plugin(group, id, line.number, manifest);
            }
            return;
        }
        if own && let Some(id) = captured(&APPLY, &line.text, 1) {
            self.plugin(1, id, line.number, manifest);
            return;
        }
        if within.first() == Some(&"publishing") && within.contains(&"repositories") {
            let is_address = line.text.starts_with("url") || line.text.contains("uri(");
            if is_address && !line.text.contains("layout.buildDirectory") && !line.text.contains("$buildDir") {
                self.sends = true;
                self.registry.get_or_insert((line.number, "a Maven repository".to_owned()));
            }
        }
        if within.first() == Some(&"application") && self.command.is_none() {
            self.command = captured(&MAIN, &line.text, 1).map(|main| Located::new(main, line.number));
        }
        if within.last() == Some(&"dependencies") && !within.contains(&"constraints") {
            dependency(line, within.contains(&"buildscript"), manifest);
        }
    }

    fn plugin(&mut self, group: usize, id: String, number: u32, manifest: &mut Manifest) {
        if group == 4 {
            manifest.depend(&id, Scope::Build, number);
            return;
        }
        let id = if group == 3 { format!("kotlin-{id}") } else { id };
        if STARTING.contains(&id.as_str()) {
            manifest.starts.get_or_insert_with(|| Located::new(id.clone(), number));
        }
        if PUBLISHING.contains(&id.as_str()) {
            self.publishes = true;
            self.registry.get_or_insert((number, id.clone()));
        }
        if LIBRARIES.contains(&id.as_str()) {
            self.library.get_or_insert(number);
        }
        if matches!(id.as_str(), "maven-publish" | "ivy-publish") {
            self.library.get_or_insert(number);
        }
        // What has no dot comes with Gradle itself.
        if id.contains('.') {
            manifest.depend(&format!("{id}:{id}{MARKER}"), Scope::Build, number);
        }
    }
}

fn dependency(line: &Line, of_build: bool, manifest: &mut Manifest) {
    let Some(configuration) = captured(&DEPENDENCY, &line.text, 1) else { return };
    let Some(scope) = scope(&configuration) else { return };
    let scope = if of_build { Scope::Build } else { scope };
    let argument = captured(&DEPENDENCY, &line.text, 2).unwrap_or_default();
    let mut argument = argument.trim();
    for wrapper in ["platform(", "enforcedPlatform(", "testFixtures("] {
        argument = argument.strip_prefix(wrapper).unwrap_or(argument).trim_start();
    }
    let name = captured(&STRING, argument, 1)
        .or_else(|| Some(format!("{}:{}", captured(&MAP, argument, 1)?, captured(&MAP, argument, 2)?)))
        .or_else(|| captured(&PROJECT, argument, 1))
        .or_else(|| captured(&ACCESSOR, argument, 1));
    if let Some(name) = name {
        manifest.depend(name.trim_end_matches(".get"), scope, line.number);
    }
}

/// The configurations that Gradle's own plugins and Android's make; `None` for what is no dependency.
fn scope(configuration: &str) -> Option<Scope> {
    let lower = configuration.to_lowercase();
    let kinds = ["implementation", "api", "compileonly", "compileonlyapi", "runtimeonly", "compile", "runtime"];
    let processors = ["annotationprocessor", "kapt", "ksp", "classpath"];
    if processors.iter().any(|kind| lower.ends_with(kind) || lower.starts_with(kind)) {
        return Some(Scope::Build);
    }
    if matches!(lower.as_str(), "developmentonly" | "detektplugins" | "ktlint") {
        return Some(Scope::Development);
    }
    let known = kinds.iter().any(|kind| lower == *kind || lower.ends_with(kind)) || lower.starts_with("provided");
    known.then(|| if lower.contains("test") { Scope::Test } else { Scope::Runtime })
}

/// `settings.gradle` and `settings.gradle.kts`: the name of the build and its projects.
pub fn settings_gradle(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest { workspace: Some(1), ..Manifest::default() };
    let mut including = false;
    for line in lines(text) {
        if line.blocks.is_empty()
            && let Some(name) = captured(&ROOT_NAME, &line.text, 1)
        {
            manifest.aliases.push(("rootProject.name".to_owned(), name));
        }
        let starts = line.text.strip_prefix("include").is_some_and(|rest| rest.starts_with(['(', ' ', '"', '\'']));
        if starts || including {
            let quoted = line.text.split(['"', '\'']).skip(1).step_by(2);
            let folders = quoted.filter(|path| !path.contains(['$', '/']) && !path.is_empty());
            let members = folders.map(|path| Located::new(path.trim_start_matches(':').replace(':', "/"), line.number));
            manifest.members.extend(members);
            including = line.text.ends_with(',') || line.text.ends_with('(');
        }
    }
    manifest.members.truncate(1_000);
    Some(manifest)
}

/// `gradle.properties`: the group, where it stands there.
pub fn gradle_properties(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    for line in text.lines().take(5_000) {
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let value = value.trim();
        if matches!(key.trim(), "group" | "GROUP") && !value.is_empty() && !value.contains('$') {
            manifest.aliases.push(("group".to_owned(), value.to_owned()));
        }
    }
    (!manifest.aliases.is_empty()).then_some(manifest)
}

/// A version catalog: its names of libraries and plugins as build scripts write them.
/// <https://docs.gradle.org/current/userguide/version_catalogs.html>
pub fn version_catalog(text: &str) -> Option<Manifest> {
    let document = toml(text)?;
    let mut manifest = Manifest::default();
    let dotted = |alias: &str| alias.replace(['-', '_'], ".");
    for entry in document.get("libraries").map(Node::entries).unwrap_or_default().iter().take(1_000) {
        let value = &entry.value;
        let written = value.as_str().or_else(|| value.get("module").and_then(Node::as_str));
        let name = match written {
            Some(text) => text.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"),
            None => match (value.text("group"), value.text("name")) {
                (Some(group), Some(name)) => format!("{}:{}", group.text, name.text),
                _ => continue,
            },
        };
        manifest.aliases.push((format!("libs.{}", dotted(&entry.key)), name));
    }
    for entry in document.get("plugins").map(Node::entries).unwrap_or_default().iter().take(1_000) {
        let value = &entry.value;
        let id = value.as_str().or_else(|| value.get("id").and_then(Node::as_str));
        let Some(id) = id.and_then(|id| id.split(':').next()) else { continue };
        manifest.aliases.push((format!("libs.plugins.{}", dotted(&entry.key)), format!("{id}:{id}{MARKER}")));
    }
    (!manifest.aliases.is_empty()).then_some(manifest)
}

/// What a plugin that came by a version catalog says of the project.
pub(super) fn apply_marker(name: &str, line: u32, manifest: &mut Manifest) {
    let Some(id) = name.split(':').next().filter(|_| name.ends_with(MARKER)) else { return };
    if STARTING.contains(&id) {
        manifest.starts.get_or_insert_with(|| Located::new(id, line));
        manifest.importable = None;
    }
    if PUBLISHING.contains(&id) && manifest.publishing == Publishing::Unsaid {
        manifest.publishing = Publishing::Configured(line, id.to_owned());
    }
    if LIBRARIES.contains(&id) && manifest.starts.is_none() {
        manifest.importable.get_or_insert(line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(manifest: &Manifest) -> Vec<(&str, Scope, u32)> {
        manifest.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect()
    }

    #[test]
    fn a_script_in_groovy() {
        let text = "plugins {\n    id 'java-library'\n    id 'org.example.checks' version '1' apply false\n    id 'maven-publish'\n}\n\
                    group = 'org.harbour'\nversion '1.0'\n\ndependencies {\n    api 'org.harbour:events:1.2'\n    // implementation 'not:this:1'\n    \
                    testImplementation(\"junit:junit:4\") { transitive = false }\n    implementation project(':core')\n    implementation \"a:${b}:1\"\n    \
                    runtimeOnly group: 'org.harbour', name: 'tides', version: '1'\n    someTask 'x:y:1'\n}\n\
                    publishing {\n    repositories {\n        maven {\n            url = 'https://maven.example.com'\n        }\n    }\n}\n";
        let manifest = build_gradle(text).unwrap();
        assert_eq!(
            found(&manifest),
            [
                ("org.harbour:events", Scope::Runtime, 10),
                ("junit:junit", Scope::Test, 12),
                (":core", Scope::Runtime, 13),
                ("org.harbour:tides", Scope::Runtime, 15),
            ]
        );
        assert_eq!(manifest.aliases, [("group".to_owned(), "org.harbour".to_owned())]);
        assert_eq!(manifest.publishing, Publishing::Configured(21, "a Maven repository".to_owned()));
        assert_eq!(manifest.importable, Some(2));
    }

    #[test]
    fn a_script_in_kotlin() {
        let text = "plugins {\n    kotlin(\"jvm\") version \"2\"\n    alias(libs.plugins.spring.boot)\n    `java-library`\n    id(\"org.springframework.boot\")\n}\n\
                    dependencies {\n    implementation(libs.harbour.events)\n    implementation(platform(\"org.harbour:bom:1\"))\n    kapt(\"a:b:1\")\n    \
                    implementation(projects.core.api)\n}\nval text = \"\"\"\ndependencies {\n    implementation(\"not:this:1\")\n}\n\"\"\"\n";
        let manifest = build_gradle(text).unwrap();
        assert_eq!(
            found(&manifest),
            [
                ("libs.plugins.spring.boot", Scope::Build, 3),
                ("org.springframework.boot:org.springframework.boot.gradle.plugin", Scope::Build, 5),
                ("libs.harbour.events", Scope::Runtime, 8),
                ("org.harbour:bom", Scope::Runtime, 9),
                ("a:b", Scope::Build, 10),
                ("projects.core.api", Scope::Runtime, 11),
            ]
        );
        assert!(manifest.starts.is_some() && manifest.importable.is_none());
    }

    #[test]
    fn settings_properties_and_catalogs() {
        let settings = settings_gradle(
            "rootProject.name = 'harbour'\ninclude 'core', ':services:ledger'\ninclude(\n  \"tides\"\n)\n",
        )
        .unwrap();
        assert_eq!(
            settings.members.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
            ["core", "services/ledger", "tides"]
        );
        assert_eq!(settings.aliases, [("rootProject.name".to_owned(), "harbour".to_owned())]);
        assert_eq!(gradle_properties("# x\ngroup=org.harbour\n").unwrap().aliases[0].1, "org.harbour");
        assert_eq!(gradle_properties("org.gradle.jvmargs=-Xmx1g\n"), None);
        let catalog = version_catalog("[versions]\na = \"1\"\n[libraries]\nharbour-events = { module = \"org.harbour:events\", version.ref = \"a\" }\nx = \"g:a:1\"\n[plugins]\nboot = { id = \"org.boot\", version = \"1\" }\n").unwrap();
        let pairs: Vec<_> = catalog.aliases.iter().map(|(alias, name)| (alias.as_str(), name.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("libs.harbour.events", "org.harbour:events"),
                ("libs.x", "g:a"),
                ("libs.plugins.boot", "org.boot:org.boot.gradle.plugin"),
            ]
        );
    }
}
