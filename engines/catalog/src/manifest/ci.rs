//! What pipelines publish: read line by line, since every system writes them in its own way.

use super::{ECOSYSTEMS, Located};

/// Steps that put programs where people download them.
const RELEASES: [&str; 11] = [
    "goreleaser",
    "softprops/action-gh-release",
    "ncipollo/release-action",
    "gh release upload",
    "gh release create",
    "actions/upload-release-asset",
    "taiki-e/upload-rust-binary-action",
    "svenstaro/upload-release-action",
    "cargo-dist",
    "promu release",
    "promci/publish_release",
];

/// Steps that put a site where people read it.
const PAGES: [&str; 14] = [
    "actions/deploy-pages",
    "peaceiris/actions-gh-pages",
    "jamesives/github-pages-deploy-action",
    "mkdocs gh-deploy",
    "wrangler pages",
    "netlify deploy",
    "vercel deploy",
    "vercel --prod",
    "firebase deploy",
    "aws s3 sync",
    "azure/static-web-apps-deploy",
    "cloudflare/wrangler-action",
    "firebaseextended/action-hosting-deploy",
    "amondnet/vercel-action",
];

/// What a pipeline does for others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ci {
    /// Id of the ecosystem, and the line that publishes to its registry.
    pub packages: Vec<(&'static str, Located)>,
    /// Images that it pushes, as written, at most 50.
    pub images: Vec<Located>,
    /// It pushes images, whatever they are called.
    pub pushes_images: Option<Located>,
    pub releases: Option<Located>,
    pub pages: Option<Located>,
}

/// Reads a pipeline, a script or a Makefile.
pub fn ci(text: &str) -> Ci {
    let mut found = Ci::default();
    for (line, number) in text.lines().zip(1u32..).take(20_000) {
        let code = line.trim();
        if code.is_empty() || code.starts_with('#') || code.len() > 2_000 {
            continue;
        }
        let lower = code.to_lowercase();
        let here = || Located::new(shortened(code), number);
        for ecosystem in ECOSYSTEMS {
            let known = found.packages.iter().any(|(id, _)| *id == ecosystem.id);
            let says = ecosystem.publishes.iter().any(|sign| lower.contains(sign));
            // `npm publish --dry-run` publishes nothing.
            if says && !known && !lower.contains("dry-run") {
                found.packages.push((ecosystem.id, here()));
            }
        }
        if found.releases.is_none() && RELEASES.iter().any(|sign| lower.contains(sign)) {
            found.releases = Some(here());
        }
        if found.pages.is_none() && PAGES.iter().any(|sign| lower.contains(sign)) {
            found.pages = Some(here());
        }
        let pushes = [
            "docker push",
            "podman push",
            "docker/build-push-action",
            "buildx build --push",
            "kaniko",
            "ko build",
            "ko publish",
            "jib",
            "promci/publish",
        ];
        if found.pushes_images.is_none() && pushes.iter().any(|sign| lower.contains(sign)) {
            found.pushes_images = Some(here());
        }
        if let Some(image) = image(code).filter(|_| found.images.len() < 50) {
            found.images.push(Located::new(image, number));
        }
    }
    if found.pushes_images.is_none() {
        found.images.clear();
    }
    found
}

/// The image that a line names: `docker push x`, `-t x`, `tags: x`, `images: x`.
fn image(code: &str) -> Option<String> {
    let lower = code.to_lowercase();
    let after = ["docker push ", "podman push "].iter().find_map(|sign| lower.find(sign).map(|at| at + sign.len()));
    let tagged = || {
        let builds = lower.contains("docker build") || lower.contains("docker tag") || lower.contains("buildx build");
        builds.then(|| ["-t ", "--tag "].iter().find_map(|flag| lower.find(flag).map(|at| at + flag.len())))?
    };
    let keyed = || ["tags:", "images:"].iter().find_map(|key| lower.strip_prefix(key).map(|_| key.len()));
    let at = after.or_else(tagged).or_else(keyed)?;
    // Lower-casing keeps lengths only in ASCII.
    let word = code.get(at..)?.trim_start().trim_start_matches(['"', '\'', '|', '>', '-', '[']);
    let word = expression_word(word);
    let name = without_tag(word.trim_matches(['"', '\'', ',', ']']));
    (!name.is_empty() && name.contains('/') && !name.starts_with('/')).then(|| name.to_owned())
}

/// The first word; an expression `${{ x }}` belongs to it with its spaces.
fn expression_word(text: &str) -> &str {
    let mut depth = 0u32;
    let end = text.char_indices().find(|&(at, character)| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (character.is_whitespace() || character == ',') && at > 0
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// An image's name without tag and digest.
pub(crate) fn without_tag(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rfind('/').map_or(0, |slash| slash + 1);
    // The colon of a registry's port stands before the last slash; that of `${X:-y}` within braces.
    let mut depth = 0u32;
    for (at, character) in image.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && at >= last => return &image[..at],
            _ => {}
        }
    }
    image
}

fn shortened(code: &str) -> String {
    code.trim_start_matches("- ").chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_publish_packages_images_and_sites() {
        let text = "steps:\n  - uses: pypa/gh-action-pypi-publish@v1\n  - run: docker push r.example.com/harbour/ledger:1\n  # cargo publish\n  \
                    - run: npm publish --dry-run\n  - uses: actions/deploy-pages@v4\n  - uses: docker/build-push-action@v5\n    with:\n      \
                    tags: ghcr.io/${{ github.repository }}:${{ github.sha }}\n";
        let found = ci(text);
        assert_eq!(found.packages.iter().map(|(id, line)| (*id, line.line)).collect::<Vec<_>>(), [("python", 2)]);
        let images: Vec<_> = found.images.iter().map(|image| image.text.as_str()).collect();
        assert_eq!(images, ["r.example.com/harbour/ledger", "ghcr.io/${{ github.repository }}"]);
        assert_eq!(found.pages.map(|line| line.line), Some(6));
        assert_eq!(found.releases, None);
    }

    #[test]
    fn tags_are_cut_off() {
        let table = [
            ("a/b:1", "a/b"),
            ("r:5000/a/b", "r:5000/a/b"),
            ("r:5000/a:1", "r:5000/a"),
            ("a@sha256:00", "a"),
            ("a/${X:-y}:1", "a/${X:-y}"),
            ("a", "a"),
        ];
        for (image, expected) in table {
            assert_eq!(without_tag(image), expected);
        }
    }
}
