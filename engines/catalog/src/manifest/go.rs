//! Go: `go.mod`, `go.work`.

use super::{Ecosystem, Frameworks, Located, Manifest, ManifestFile, NONE, Scope};

pub(super) static GO: Ecosystem = Ecosystem {
    id: "go",
    title: "Go",
    files: &[ManifestFile { name: "go.mod", parse: go_mod }, ManifestFile { name: "go.work", parse: go_work }],
    normalise,
    publishes: &[],
    pages: &["pkg.go.dev/{}", "godoc.org/{}", "go get {}", "goreportcard.com/report/{}", "go get -u {}"],
    named_by_address: true,
    frameworks: Frameworks {
        serve: &[
            "github.com/gin-gonic/gin",
            "github.com/labstack/echo",
            "github.com/gofiber/fiber",
            "github.com/go-chi/chi",
            "google.golang.org/grpc",
            "github.com/gorilla/mux",
        ],
        command: &["github.com/spf13/cobra", "github.com/urfave/cli", "github.com/alecthomas/kingpin"],
        site: &[],
    },
    ..NONE
};

/// A module path is an address. The major version at its end is left out: `…/v2` is the same component.
pub fn normalise(name: &str) -> String {
    let name = name.trim().trim_end_matches('/');
    let without_version = name.rsplit_once('/').filter(|(_, last)| {
        last.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    });
    without_version.map_or(name, |(path, _)| path).to_owned()
}

/// <https://go.dev/ref/mod#go-mod-file>; a requirement marked `// indirect` is not asked for by this module itself.
pub fn go_mod(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::default();
    for_each_directive(text, |directive, rest, line, comment| match directive {
        "module" => manifest.name = rest.split_whitespace().next().map(|name| Located::new(unquote(name), line)),
        "require" if !comment.contains("indirect") => {
            let name = unquote(rest.split_whitespace().next().unwrap_or_default());
            manifest.depend(name, Scope::Runtime, line);
        }
        _ => {}
    });
    manifest.name.is_some().then_some(manifest)
}

/// <https://go.dev/ref/mod#go-work-file>
pub fn go_work(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest { workspace: Some(1), ..Manifest::default() };
    for_each_directive(text, |directive, rest, line, _| {
        if directive == "use" {
            manifest.members.push(Located::new(unquote(rest).trim_start_matches("./"), line));
        }
    });
    (!manifest.members.is_empty()).then_some(manifest)
}

/// Calls `each` with directive, arguments, line and comment; those in parentheses too.
fn for_each_directive(text: &str, mut each: impl FnMut(&str, &str, u32, &str)) {
    let mut block: Option<String> = None;
    for (line, number) in text.lines().zip(1u32..) {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let code = code.trim();
        match &block {
            Some(_) if code == ")" => block = None,
            Some(directive) if !code.is_empty() => each(directive, code, number, comment),
            None if code.ends_with('(') => block = Some(code.trim_end_matches('(').trim().to_owned()),
            None => {
                if let Some((directive, rest)) = code.split_once(char::is_whitespace) {
                    each(directive, rest.trim(), number, comment);
                }
            }
            Some(_) => {}
        }
    }
}

fn unquote(text: &str) -> &str {
    text.trim().trim_matches(['"', '`'])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_module() {
        let text = "module example.com/harbour/berths // ours\n\ngo 1.22\n\nrequire (\n\texample.com/harbour/events v1.0.0\n\t\
                    golang.org/x/net v0.1.0 // indirect\n)\nrequire example.com/x/v2 v2.0.0\nreplace example.com/harbour/events => ../events\n";
        let manifest = go_mod(text).unwrap();
        assert_eq!(manifest.name, Some(Located::new("example.com/harbour/berths", 1)));
        let found: Vec<_> = manifest.dependencies.iter().map(|d| (d.name.as_str(), d.line)).collect();
        assert_eq!(found, [("example.com/harbour/events", 6), ("example.com/x/v2", 9)]);
        assert_eq!(go_mod("go 1.22"), None);
    }

    #[test]
    fn a_workspace_and_names() {
        let manifest = go_work("go 1.22\nuse (\n\t./api\n\t./lib\n)\nuse ./tools\n").unwrap();
        assert_eq!(manifest.members.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["api", "lib", "tools"]);
        for (name, expected) in [("a/b/v2", "a/b"), ("a/v", "a/v"), ("a/vx", "a/vx"), ("v2", "v2")] {
            assert_eq!(normalise(name), expected);
        }
    }
}
