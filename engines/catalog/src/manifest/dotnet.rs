//! C# and its neighbours: project files, solutions, and what is said for all projects of a folder.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::xml::{Element, xml};
use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Publishing, ReadManifest, Scope};

pub(super) static DOTNET: Ecosystem = Ecosystem {
    id: "dotnet",
    title: ".NET",
    files: &[
        ManifestFile { name: "*.csproj", parse: project },
        ManifestFile { name: "*.fsproj", parse: project },
        ManifestFile { name: "*.vbproj", parse: project },
        ManifestFile { name: "*.sln", parse: solution },
        ManifestFile { name: "Directory.Build.props", parse: shared },
        ManifestFile { name: "Directory.Packages.props", parse: shared },
    ],
    normalise,
    publishes: &["dotnet nuget push", "nuget push", "nuget.exe push", "dotnet-releaser"],
    pages: &[
        "nuget.org/packages/{}",
        "nuget/v/{}",
        "nuget/vpre/{}",
        "nuget/dt/{}",
        "dotnet add package {}",
        "install-package {}",
        "Install-Package {}",
        "dotnet tool install --global {}",
        "dotnet tool install -g {}",
    ],
    join,
    released_by_tag: true,
    frameworks: Frameworks {
        serve: &["microsoft.aspnetcore.app", "microsoft.azure.functions.worker", "microsoft.net.sdk.functions"],
        command: &[
            "system.commandline",
            "spectre.console.cli",
            "commandlineparser",
            "mcmaster.extensions.commandlineutils",
        ],
        site: &[],
    },
    ..NONE
};

/// NuGet's names do not differ in case.
fn normalise(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Properties that somebody writes who means to publish a package.
const PACKAGING: [&str; 7] = [
    "PackageId",
    "GeneratePackageOnBuild",
    "PackageTags",
    "PackageLicenseExpression",
    "PackageProjectUrl",
    "PackageReadmeFile",
    "PackageDescription",
];

/// `*.csproj` and its like: <https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props>. Where nothing names the
/// package, its file does.
pub fn project(text: &str) -> Option<Manifest> {
    let root = xml(text).filter(|root| root.name == "Project")?;
    let mut manifest = shared_of(&root);
    let property = |name: &str| property(&root, name);
    let is = |name: &str, value: &str| property(name).is_some_and(|found| found.text.eq_ignore_ascii_case(value));
    let sdk = root.attribute("Sdk").map(|sdk| Located::new(sdk, root.line));
    let sdk = sdk.or_else(|| root.child("Sdk").and_then(|sdk| Some(Located::new(sdk.attribute("Name")?, sdk.line))));
    manifest.name = property("PackageId").or_else(|| property("AssemblyName"));
    manifest.version = property("Version").or_else(|| property("VersionPrefix"));
    let is_web = sdk.as_ref().is_some_and(|sdk| sdk.text.starts_with("Microsoft.NET.Sdk.Web"));
    let is_worker = sdk.as_ref().is_some_and(|sdk| sdk.text.starts_with("Microsoft.NET.Sdk.Worker"));
    let is_test = is("IsTestProject", "true")
        || manifest.dependencies.iter().any(|dependency| {
            matches!(normalise(&dependency.name).as_str(), "microsoft.net.test.sdk" | "xunit" | "nunit" | "mstest")
        });
    let is_program = is("OutputType", "Exe") || is("OutputType", "WinExe");
    if is_web {
        // The SDK refers to it without being asked.
        manifest.depend("Microsoft.AspNetCore.App", Scope::Runtime, root.line);
    }
    if is_web || is_worker {
        manifest.starts = sdk;
    }
    let command = property("ToolCommandName");
    if is("PackAsTool", "true") {
        manifest.commands.extend(command.or_else(|| manifest.name.clone()).or(Some(Located::new("", root.line))));
    } else if is_program && manifest.starts.is_none() {
        manifest.commands.push(Located::new("", root.line));
    } else if manifest.starts.is_none() && !is_test {
        manifest.importable = Some(root.line);
    }
    if is_test {
        manifest.dependencies.iter_mut().for_each(|dependency| dependency.scope = Scope::Test);
    }
    let unpackable =
        is_test || (is_web || is_worker || is_program) && !is("PackAsTool", "true") && !is("IsPackable", "true");
    if is("IsPackable", "false") || unpackable && property("PackageId").is_none() {
        manifest.publishing = Publishing::Forbidden(property("IsPackable").map_or(root.line, |found| found.line));
    }
    Some(manifest)
}

/// `Directory.Build.props` and `Directory.Packages.props`: what holds for all projects below.
fn shared(text: &str) -> Option<Manifest> {
    let root = xml(text).filter(|root| root.name == "Project")?;
    Some(shared_of(&root))
}

fn shared_of(root: &Element) -> Manifest {
    let mut manifest = Manifest {
        description: property(root, "Description").or_else(|| property(root, "PackageDescription")),
        licence: property(root, "PackageLicenseExpression"),
        homepage: property(root, "PackageProjectUrl"),
        repository: property(root, "RepositoryUrl"),
        ..Manifest::default()
    };
    let packaging = PACKAGING.iter().find_map(|name| property(root, name));
    manifest.aliases.extend(packaging.map(|found| ("packaging".to_owned(), found.line.to_string())));
    if let Some(packable) = property(root, "IsPackable").filter(|found| found.text.eq_ignore_ascii_case("false")) {
        manifest.publishing = Publishing::Forbidden(packable.line);
    }
    for group in root.children.iter().filter(|group| group.name == "ItemGroup") {
        for item in &group.children {
            let Some(name) = item.attribute("Include") else { continue };
            let is_private = item
                .attribute("PrivateAssets")
                .map(str::to_owned)
                .or_else(|| item.text_of("PrivateAssets").map(|text| text.text));
            let runtime = if is_private.is_some_and(|all| all.eq_ignore_ascii_case("all")) {
                Scope::Development
            } else {
                Scope::Runtime
            };
            match item.name.as_str() {
                "PackageReference" | "FrameworkReference" => manifest.depend(name, runtime, item.line),
                "GlobalPackageReference" => manifest.depend(name, Scope::Development, item.line),
                "ProjectReference" => manifest.depend(&format!("./{}", name.replace('\\', "/")), runtime, item.line),
                _ => {}
            }
        }
    }
    manifest
}

/// The first property of that name, wherever a condition may have put it.
fn property(root: &Element, name: &str) -> Option<Located> {
    let groups = root.children.iter().filter(|group| group.name == "PropertyGroup");
    let mut found = groups.filter_map(|group| group.text_of(name));
    found.find(|value| !value.text.contains("$("))
}

static PROJECT_LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^Project\("[^"]*"\)\s*=\s*"[^"]*",\s*"([^"]+\.(?:cs|fs|vb)proj)""#).ok());

/// `*.sln`: the folders of its projects.
pub fn solution(text: &str) -> Option<Manifest> {
    let regex = PROJECT_LINE.as_ref()?;
    let mut manifest = Manifest { workspace: Some(1), ..Manifest::default() };
    for (line, number) in text.lines().zip(1u32..).take(20_000).filter(|(line, _)| line.len() < 2_000) {
        let Some(path) = regex.captures(line.trim()).and_then(|found| found.get(1)) else { continue };
        let path = path.as_str().replace('\\', "/");
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        manifest.members.push(Located::new(folder, number));
    }
    (!manifest.members.is_empty()).then_some(manifest)
}

/// Names come from files, references between projects become names, and packages are only what somebody made one of.
fn join(manifests: &mut [ReadManifest]) {
    let folder = |file: &str| file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let is_project = |file: &str| file.ends_with("proj");
    let shared: Vec<(String, bool)> = manifests
        .iter()
        .filter(|read| read.file.ends_with(".props"))
        .map(|read| (folder(read.file), read.manifest.aliases.iter().any(|(key, _)| key == "packaging")))
        .collect();
    let mut by_file: HashMap<String, String> = HashMap::new();
    for read in manifests.iter_mut().filter(|read| is_project(read.file)) {
        let stem = read.file.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(stem, _)| stem);
        let name = read.manifest.name.get_or_insert_with(|| Located::new(stem, 1)).clone();
        read.manifest.commands.iter_mut().filter(|command| command.text.is_empty()).for_each(|command| {
            command.text.clone_from(&name.text);
        });
        by_file.insert(read.file.to_owned(), name.text.clone());
        let place = folder(read.file);
        let above = shared.iter().any(|(at, packs)| {
            *packs
                && (at.is_empty()
                    || place == *at
                    || place.strip_prefix(at.as_str()).is_some_and(|rest| rest.starts_with('/')))
        });
        let packs = above || read.manifest.aliases.iter().any(|(key, _)| key == "packaging");
        let is_tool = !read.manifest.commands.is_empty();
        if read.manifest.publishing == Publishing::Unsaid {
            if packs || is_tool {
                read.manifest.complete = true;
            } else {
                read.manifest.publishing = Publishing::Forbidden(1);
            }
        }
    }
    for read in manifests {
        let place = folder(read.file);
        read.manifest.dependencies.retain_mut(|dependency| {
            let Some(path) = dependency.name.strip_prefix("./") else { return !dependency.name.contains("$(") };
            let name = crate::draft::join(&place, path).and_then(|path| by_file.get(&path));
            name.map(|name| dependency.name.clone_from(name)).is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn projects_are_what_their_sdk_and_properties_say() {
        let web = project("<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup>\n<PackageReference Include=\"Harbour.Events\" Version=\"1\"/>\n\
                           <PackageReference Include=\"A\"><PrivateAssets>all</PrivateAssets></PackageReference>\n<ProjectReference Include=\"..\\Core\\Core.csproj\"/></ItemGroup></Project>").unwrap();
        let found: Vec<_> = web.dependencies.iter().map(|d| (d.name.as_str(), d.scope, d.line)).collect();
        assert_eq!(
            found,
            [
                ("Harbour.Events", Scope::Runtime, 2),
                ("A", Scope::Development, 3),
                ("./../Core/Core.csproj", Scope::Runtime, 4),
                ("Microsoft.AspNetCore.App", Scope::Runtime, 1)
            ]
        );
        assert!(web.starts.is_some() && web.importable.is_none() && matches!(web.publishing, Publishing::Forbidden(_)));
        let tool = project("<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><PackAsTool>true</PackAsTool><ToolCommandName>ledger</ToolCommandName></PropertyGroup></Project>").unwrap();
        assert_eq!(tool.commands, [Located::new("ledger", 1)]);
        assert_eq!(tool.publishing, Publishing::Unsaid);
        let test = project(
            "<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup><PackageReference Include=\"xunit\"/></ItemGroup></Project>",
        )
        .unwrap();
        assert!(matches!(test.publishing, Publishing::Forbidden(_)) && test.dependencies[0].scope == Scope::Test);
        assert_eq!(project("<x/>"), None);
    }

    #[test]
    fn solutions_list_projects() {
        let text = "Project(\"{FAE0}\") = \"Ledger\", \"src\\Ledger\\Ledger.csproj\", \"{1}\"\nEndProject\nProject(\"{2}\") = \"docs\", \"docs\", \"{3}\"\n";
        assert_eq!(solution(text).unwrap().members, [Located::new("src/Ledger", 1)]);
    }

    #[test]
    fn files_name_projects_and_only_what_is_packed_may_be_published() {
        let library = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><Description>x</Description><PackageTags>y</PackageTags></PropertyGroup></Project>";
        let plain = "<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup><ProjectReference Include=\"../Lib/Harbour.Lib.csproj\"/></ItemGroup></Project>";
        let mut read = [
            ("src/Lib/Harbour.Lib.csproj", project(library).unwrap()),
            ("src/App/App.csproj", project(plain).unwrap()),
        ];
        let mut manifests: Vec<ReadManifest> =
            read.iter_mut().map(|(file, manifest)| ReadManifest { file, manifest }).collect();
        join(&mut manifests);
        assert_eq!(read[0].1.name.as_ref().unwrap().text, "Harbour.Lib");
        assert_eq!(read[0].1.publishing, Publishing::Unsaid);
        assert_eq!(read[1].1.dependencies[0].name, "Harbour.Lib");
        assert_eq!(read[1].1.publishing, Publishing::Forbidden(1));
    }
}
