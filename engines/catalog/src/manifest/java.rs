//! Java and Kotlin: what Maven and Gradle say, put together.

use std::collections::HashMap;

use super::gradle::{apply_marker, build_gradle, gradle_properties, settings_gradle, version_catalog};
use super::maven::pom;
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, ReadManifest};

pub(super) static JAVA: Ecosystem = Ecosystem {
    id: "java",
    title: "Java and Kotlin",
    files: &[
        ManifestFile { name: "pom.xml", parse: pom },
        ManifestFile { name: "build.gradle", parse: build_gradle },
        ManifestFile { name: "build.gradle.kts", parse: build_gradle },
        ManifestFile { name: "settings.gradle", parse: settings_gradle },
        ManifestFile { name: "settings.gradle.kts", parse: settings_gradle },
        ManifestFile { name: "gradle.properties", parse: gradle_properties },
        ManifestFile { name: "gradle/*.versions.toml", parse: version_catalog },
    ],
    normalise,
    publishes: &[
        "mvn deploy",
        "mvn -b deploy",
        "mvn clean deploy",
        "mvn -b clean deploy",
        "mvnw deploy",
        "mvnw -b deploy",
        "mvnw clean deploy",
        "release:perform",
        "nexus-staging:release",
        "publishtomavencentral",
        "publishandreleasetomavencentral",
        "publishtosonatype",
        "gradlew publish",
        "gradle publish",
        "publishplugins",
    ],
    pages: &[
        "central.sonatype.com/artifact/{/}",
        "search.maven.org/artifact/{/}",
        "mvnrepository.com/artifact/{/}",
        "maven-badges.herokuapp.com/maven-central/{/}",
        "maven-central/v/{/}",
        "<artifactId>{:}</artifactId>",
        "implementation \"{}",
        "implementation '{}",
        "implementation(\"{}",
        "api(\"{}",
        "compile '{}",
    ],
    join,
    released_by_tag: true,
    frameworks: Frameworks {
        serve: &[
            "org.springframework.boot:spring-boot-starter-web",
            "org.springframework.boot:spring-boot-starter-webflux",
            "org.springframework.boot:spring-boot-starter-webmvc",
            "io.quarkus:quarkus-rest",
            "io.quarkus:quarkus-resteasy",
            "io.quarkus:quarkus-resteasy-reactive",
            "io.micronaut:micronaut-http-server-netty",
            "io.ktor:ktor-server-core",
            "io.ktor:ktor-server-netty",
            "io.dropwizard:dropwizard-core",
            "io.javalin:javalin",
            "io.vertx:vertx-web",
            "io.helidon.webserver:helidon-webserver",
        ],
        command: &["info.picocli:picocli", "com.github.ajalt.clikt:clikt", "com.beust:jcommander"],
        site: &[],
    },
    ..NONE
};

fn normalise(name: &str) -> String {
    name.trim().to_owned()
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_within(inner: &str, outer: &str) -> bool {
    outer.is_empty() || inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// Properties come from parents, names of Gradle projects from settings, aliases from version catalogs.
fn join(manifests: &mut [ReadManifest]) {
    inherit(manifests);
    name_projects(manifests);
    for read in manifests {
        // What is still open was said by a file that is not here.
        read.manifest.dependencies.retain(|dependency| {
            !dependency.name.contains('$')
                && !dependency.name.starts_with("libs.")
                && !dependency.name.starts_with("projects.")
        });
    }
}

/// Maven: a project has what its parents in the same repository say.
fn inherit(manifests: &mut [ReadManifest]) {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (at, read) in manifests.iter().enumerate().filter(|(_, read)| read.file.ends_with("pom.xml")) {
        if let Some(name) = &read.manifest.name {
            known.entry(name.text.clone()).or_insert(at);
        }
    }
    let parents: Vec<Option<usize>> = manifests
        .iter()
        .map(|read| read.manifest.parent.as_ref().and_then(|parent| known.get(parent).copied()))
        .collect();
    for at in 0..manifests.len() {
        let mut above = Vec::new();
        let mut next = parents[at];
        while let Some(parent) = next.filter(|parent| *parent != at && above.len() < 10) {
            above.push(parent);
            next = parents[parent];
        }
        let lookup = |key: &str| {
            let places = std::iter::once(at).chain(above.iter().copied());
            let mut values = places.flat_map(|place| &manifests[place].manifest.aliases);
            values.find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        let fill = |text: &str| {
            let mut text = text.to_owned();
            for _ in 0..4 {
                let Some((start, rest)) = text.split_once("${") else { break };
                let Some((key, end)) = rest.split_once('}') else { break };
                let Some(value) = lookup(key).filter(|value| value.len() <= 200) else { break };
                text = format!("{start}{value}{end}");
            }
            text
        };
        let names: Vec<String> =
            manifests[at].manifest.dependencies.iter().map(|dependency| fill(&dependency.name)).collect();
        let own_name = manifests[at].manifest.name.as_ref().map(|name| fill(&name.text));
        let skips = lookup("maven.deploy.skip").map(|skip| skip == "true");
        let publishing = above.iter().map(|&parent| manifests[parent].manifest.publishing.clone());
        let publishing: Vec<Publishing> = publishing.filter(|publishing| *publishing != Publishing::Unsaid).collect();
        let parent = parents[at].and(manifests[at].manifest.parent.clone());
        let manifest = &mut *manifests[at].manifest;
        for (dependency, name) in manifest.dependencies.iter_mut().zip(names) {
            dependency.name = name;
        }
        if let (Some(name), Some(filled)) = (&mut manifest.name, own_name) {
            name.text = filled;
        }
        // The parent beside it is part of the same build, and nothing that it is built with.
        manifest.dependencies.retain(|dependency| Some(&dependency.name) != parent.as_ref());
        inherit_publishing(manifest, &publishing, skips);
    }
    for read in manifests {
        if read.manifest.name.as_ref().is_some_and(|name| name.text.contains('$')) {
            read.manifest.name = None;
        }
    }
}

/// A registry and a word against it come from parents too, the nearest first; the project's own word goes before.
fn inherit_publishing(manifest: &mut Manifest, above: &[Publishing], skips: Option<bool>) {
    let line = manifest.name.as_ref().map_or(1, |name| name.line);
    let registry = above.iter().find_map(|publishing| match publishing {
        Publishing::Configured(_, registry) => Some(registry.trim_end_matches(FROM_PARENT)),
        Publishing::Forbidden(_) | Publishing::Unsaid => None,
    });
    if manifest.publishing == Publishing::Unsaid
        && let Some(registry) = registry
    {
        manifest.publishing = Publishing::Configured(line, format!("{registry}{FROM_PARENT}"));
    }
    let forbidden = matches!(above.first(), Some(Publishing::Forbidden(_))) && skips != Some(false);
    let measures = manifest.name.as_ref().is_some_and(|name| {
        ["-benchmark", "-benchmarks", "-jmh", "-integration-tests", "-examples"]
            .iter()
            .any(|end| name.text.ends_with(end))
    });
    if skips == Some(true) || forbidden || measures {
        manifest.publishing = Publishing::Forbidden(line);
    }
}

const FROM_PARENT: &str = ", from its parent";

/// One Gradle build: a folder with settings, or one with a build script and no settings above.
struct GradleBuild {
    folder: String,
    name: Option<String>,
    group: Option<String>,
}

/// Gradle: a project is called after its folder, the first after the settings, and its group comes from its script, the
/// first script or the properties.
fn name_projects(manifests: &mut [ReadManifest]) {
    let value = |manifest: &Manifest, key: &str| {
        manifest.aliases.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    };
    let is_script = |file: &str| file.ends_with("build.gradle") || file.ends_with("build.gradle.kts");
    let mut builds: Vec<GradleBuild> = manifests
        .iter()
        .filter(|read| read.file.contains("settings.gradle"))
        .map(|read| GradleBuild {
            folder: folder(read.file).to_owned(),
            name: value(read.manifest, "rootProject.name"),
            group: None,
        })
        .collect();
    builds.sort_by_key(|build| std::cmp::Reverse(build.folder.len()));
    for build in &mut builds {
        let here = |read: &&ReadManifest| folder(read.file) == build.folder;
        let mut near = manifests.iter().filter(here);
        build.group = near.find_map(|read| {
            value(read.manifest, "group.below")
                .or_else(|| value(read.manifest, "group").filter(|_| read.file.ends_with("gradle.properties")))
        });
    }
    let build_of = |file: &str| builds.iter().find(|build| is_within(folder(file), &build.folder));
    let mut by_path: HashMap<(String, String), String> = HashMap::new();
    for read in manifests.iter_mut().filter(|read| is_script(read.file)) {
        let build = build_of(read.file);
        let place = folder(read.file).to_owned();
        let leaf = place.rsplit('/').next().filter(|leaf| !leaf.is_empty()).map(str::to_owned);
        let is_first = build.is_some_and(|build| build.folder == place);
        let artifact = if is_first { build.and_then(|build| build.name.clone()).or(leaf) } else { leaf };
        let group = value(read.manifest, "group").or_else(|| build.and_then(|build| build.group.clone()));
        let Some(artifact) = artifact else { continue };
        // Without a group nothing outside its build can name it.
        let path = build.map_or("", |build| place[build.folder.len()..].trim_start_matches('/')).replace('/', ":");
        let name = match group {
            Some(group) => format!("{group}:{artifact}"),
            None if path.is_empty() => artifact,
            None => format!(":{path}"),
        };
        if let Some(build) = build {
            by_path.insert((build.folder.clone(), format!(":{path}")), name.clone());
        }
        read.manifest.name = Some(Located::new(name, 1));
        // What only this build is made with.
        if place.split('/').any(|part| matches!(part, "buildSrc" | "build-logic" | "buildLogic")) {
            read.manifest.publishing = Publishing::Forbidden(1);
        }
    }
    let simple = |path: &str| path.replace([':', '.', '-', '_'], "").to_lowercase();
    let catalogs: Vec<(String, Vec<(String, String)>)> = manifests
        .iter()
        .filter(|read| read.file.ends_with(".versions.toml"))
        .map(|read| (folder(folder(read.file)).to_owned(), read.manifest.aliases.clone()))
        .collect();
    for read in manifests.iter_mut().filter(|read| is_script(read.file)) {
        let build = build_of(read.file).map(|build| build.folder.clone());
        let aliases = catalogs.iter().filter(|(place, _)| is_within(folder(read.file), place));
        let aliases: HashMap<&str, &str> =
            aliases.flat_map(|(_, list)| list.iter().map(|(alias, name)| (alias.as_str(), name.as_str()))).collect();
        let project = |wanted: &dyn Fn(&str) -> bool| {
            let mut matching = by_path.iter().filter(|((of, path), _)| Some(of) == build.as_ref() && wanted(path));
            match (matching.next(), matching.next()) {
                (Some((_, name)), None) => Some(name.clone()),
                _ => None,
            }
        };
        let mut markers = Vec::new();
        for dependency in &mut read.manifest.dependencies {
            let resolved = if dependency.name.starts_with(':') {
                project(&|path| path == dependency.name)
            } else if let Some(path) = dependency.name.strip_prefix("projects.") {
                project(&|known| simple(known) == simple(path))
            } else {
                aliases.get(dependency.name.as_str()).map(|name| (*name).to_owned())
            };
            if let Some(name) = resolved {
                markers.push((name.clone(), dependency.line));
                dependency.name = name;
            }
        }
        for (name, line) in markers {
            apply_marker(&name, line, read.manifest);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn joined(files: &[(&str, &str)]) -> Vec<(String, Manifest)> {
        let mut read: Vec<(String, Manifest)> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (super::super::recognise(path).unwrap().1.parse)(text).unwrap()))
            .collect();
        let mut manifests: Vec<ReadManifest> =
            read.iter_mut().map(|(file, manifest)| ReadManifest { file, manifest }).collect();
        join(&mut manifests);
        read
    }

    fn names(manifest: &Manifest) -> Vec<&str> {
        manifest.dependencies.iter().map(|dependency| dependency.name.as_str()).collect()
    }

    #[test]
    fn parents_give_properties_and_registries() {
        let read = joined(&[
            (
                "pom.xml",
                "<project><groupId>org.harbour</groupId><artifactId>parent</artifactId><properties><x.group>org.x</x.group></properties>\
                 <distributionManagement><repository><url>https://r</url></repository></distributionManagement></project>",
            ),
            (
                "core/pom.xml",
                "<project><parent><groupId>org.harbour</groupId><artifactId>parent</artifactId></parent><artifactId>core</artifactId>\
                 <dependencies><dependency><groupId>${x.group}</groupId><artifactId>a</artifactId></dependency>\
                 <dependency><groupId>${nobody}</groupId><artifactId>a</artifactId></dependency></dependencies></project>",
            ),
        ]);
        assert_eq!(names(&read[1].1), ["org.x:a"]);
        assert_eq!(read[1].1.publishing, Publishing::Configured(1, "https://r, from its parent".to_owned()));
    }

    #[test]
    fn parents_forbid_publishing_too() {
        let project = |name: &str, parent: &str, rest: &str| {
            format!(
                "<project><parent><groupId>g</groupId><artifactId>{parent}</artifactId></parent><artifactId>{name}</artifactId>{rest}</project>"
            )
        };
        let root = "<project><groupId>g</groupId><artifactId>root</artifactId><distributionManagement><repository><url>https://r</url></repository></distributionManagement></project>";
        let skipping =
            project("plugins", "root", "<properties><maven.deploy.skip>true</maven.deploy.skip></properties>");
        let own = project("own", "plugins", "<properties><maven.deploy.skip>false</maven.deploy.skip></properties>");
        let read = joined(&[
            ("pom.xml", root),
            ("plugins/pom.xml", &skipping),
            ("plugins/a/pom.xml", &project("a", "plugins", "")),
            ("plugins/own/pom.xml", &own),
            ("core/pom.xml", &project("core", "root", "")),
            ("core-benchmarks/pom.xml", &project("core-benchmarks", "root", "")),
        ]);
        let publishes: Vec<bool> =
            read.iter().map(|(_, manifest)| matches!(manifest.publishing, Publishing::Configured(..))).collect();
        assert_eq!(publishes, [true, false, false, true, true, false]);
    }

    #[test]
    fn gradle_projects_are_named_by_their_build() {
        let read = joined(&[
            ("settings.gradle.kts", "rootProject.name = \"harbour\"\ninclude(\":core:api\", \"app\")\n"),
            ("build.gradle.kts", "allprojects {\n    group = \"org.harbour\"\n}\n"),
            ("core/api/build.gradle.kts", "plugins {\n    `java-library`\n}\n"),
            (
                "app/build.gradle.kts",
                "plugins {\n    alias(libs.plugins.boot)\n}\ndependencies {\n    implementation(project(\":core:api\"))\n    implementation(projects.core.api)\n    implementation(libs.events)\n    implementation(libs.unknown)\n}\n",
            ),
            (
                "gradle/libs.versions.toml",
                "[libraries]\nevents = \"org.tides:events:1\"\n[plugins]\nboot = \"org.springframework.boot:3\"\n",
            ),
        ]);
        let name = |at: usize| read[at].1.name.as_ref().map(|name| name.text.as_str());
        assert_eq!(
            (name(1), name(2), name(3)),
            (Some("org.harbour:harbour"), Some("org.harbour:api"), Some("org.harbour:app"))
        );
        assert_eq!(
            names(&read[3].1),
            [
                "org.springframework.boot:org.springframework.boot.gradle.plugin",
                "org.harbour:api",
                "org.harbour:api",
                "org.tides:events"
            ]
        );
        assert!(read[3].1.starts.is_some());
    }
}
