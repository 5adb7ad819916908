//! Terraform and OpenTofu: where modules come from.

use std::sync::LazyLock;

use regex::Regex;

use super::script::lines;
use super::{Ecosystem, Manifest, ManifestFile, NONE, Scope};

pub(super) static TERRAFORM: Ecosystem = Ecosystem {
    id: "terraform",
    title: "Terraform",
    files: &[ManifestFile { name: "*.tf", parse: terraform }],
    is_code: false,
    ..NONE
};

static SOURCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"^source\s*=\s*"([^"$]+)"$"#).ok());

/// The sources of its modules: addresses of repositories, and modules of registries, which lie in repositories whose names
/// the registry lays down. <https://developer.hashicorp.com/terraform/language/modules/sources>
pub fn terraform(text: &str) -> Option<Manifest> {
    let source = SOURCE.as_ref()?;
    let mut manifest = Manifest::default();
    for line in lines(&text.replace("\r\n", "\n").lines().map(uncommented).collect::<Vec<_>>().join("\n")) {
        if line.blocks.len() == 1
            && line.blocks[0] == "module"
            && let Some(found) = source.captures(&line.text)
            && let Some(address) = repository(&found[1])
        {
            manifest.depend(&address, Scope::Runtime, line.number);
        }
    }
    (!manifest.dependencies.is_empty()).then_some(manifest)
}

/// `#` begins a comment where it stands first.
fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with('#') { "" } else { line }
}

/// A source as the address of a repository.
fn repository(source: &str) -> Option<String> {
    if source.starts_with("./") || source.starts_with("../") {
        return None;
    }
    if source.starts_with("git::") || source.contains("://") || source.starts_with("git@") {
        return Some(source.to_owned());
    }
    let (path, folder) = source.split_once("//").map_or((source, ""), |(path, folder)| (path, folder));
    let folder = folder.split('?').next().unwrap_or_default();
    let address = |host: &str, owner: &str, name: &str| {
        let end = if folder.is_empty() { String::new() } else { format!("//{folder}") };
        format!("https://{host}/{owner}/{name}{end}")
    };
    let parts: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
    match parts.as_slice() {
        [host @ ("github.com" | "bitbucket.org"), owner, name] => Some(address(host, owner, name)),
        // `owner/name/provider` lies in `owner/terraform-provider-name`.
        [owner, name, provider] if !owner.contains('.') => {
            Some(address("github.com", owner, &format!("terraform-{provider}-{name}")))
        }
        ["registry.terraform.io", owner, name, provider] => {
            Some(address("github.com", owner, &format!("terraform-{provider}-{name}")))
        }
        // A private registry takes modules from repositories that are called by the same rule.
        [host, owner, name, provider] if host.contains('.') => {
            Some(address(host, owner, &format!("terraform-{provider}-{name}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sources_of_modules() {
        let text = "provider \"aws\" {\n  source = \"not/this/one\"\n}\nmodule \"vpc\" {\n  source  = \"git::https://github.com/acme/modules.git//vpc?ref=v1\"\n}\nmodule \"a\" {\n  source = \"acme/consul/aws\"\n}\n\
                    module \"b\" {\n  source = \"../local\"\n}\nmodule \"c\" {\n  # source = \"github.com/acme/no\"\n  source = \"github.com/acme/network//sub\"\n  x = { source = \"github.com/acme/no\" }\n}\nmodule \"d\" {\n  source = \"app.terraform.io/acme/x/aws\"\n}\n";
        let found: Vec<_> = terraform(text).unwrap().dependencies.into_iter().map(|d| (d.name, d.line)).collect();
        let expected = [
            ("git::https://github.com/acme/modules.git//vpc?ref=v1", 5),
            ("https://github.com/acme/terraform-aws-consul", 8),
            ("https://github.com/acme/network//sub", 15),
            ("https://app.terraform.io/acme/terraform-aws-x", 19),
        ];
        assert_eq!(found, expected.map(|(name, line)| (name.to_owned(), line)));
        assert_eq!(terraform("variable \"x\" {}\n"), None);
    }
}
