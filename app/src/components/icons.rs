//! Lucide's outlines (ISC licence, `public/icons`), inlined: one set, never a file to load.

use std::sync::LazyLock;

use crate::html::Html;

macro_rules! icons {
    ($($name:ident = $file:literal),* $(,)?) => {
        /// An icon; always beside a text, or hidden text, that says the same.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Icon { $($name),* }

        static OUTLINES: LazyLock<Vec<String>> = LazyLock::new(|| {
            vec![$(outline(include_str!(concat!("../../../public/icons/", $file, ".svg")))),*]
        });

        #[cfg(test)]
        const ALL: &[(Icon, &str)] = &[$((Icon::$name, $file)),*];
    };
}

icons! {
    ArrowDown = "arrow-down",
    ArrowUp = "arrow-up",
    Book = "book-open",
    Bookmark = "bookmark",
    Box = "box",
    Boxes = "boxes",
    Calendar = "calendar-clock",
    Check = "check",
    CircleCheck = "circle-check",
    CircleX = "circle-x",
    Cloud = "cloud-cog",
    Commit = "git-commit-horizontal",
    Database = "database",
    Download = "download",
    FileText = "file-text",
    Folder = "folder",
    House = "house",
    Inbox = "inbox",
    Info = "info",
    Key = "key-round",
    Link = "link",
    MapPin = "map-pin",
    Menu = "menu",
    Monitor = "monitor",
    Moon = "moon",
    Network = "network",
    Package = "package",
    Plug = "plug",
    Pull = "git-pull-request",
    Question = "circle-help",
    Refresh = "refresh-cw",
    Repository = "folder-git-2",
    Route = "route",
    Rules = "scale",
    Search = "search",
    Server = "server",
    Star = "star",
    Sun = "sun",
    Tag = "tag",
    Template = "layout-template",
    Terminal = "terminal",
    Triangle = "triangle-alert",
    User = "user",
    Users = "users",
    Window = "app-window",
    X = "x",
}

impl Icon {
    /// At 16 pixels.
    pub fn write(self, out: &mut Html) {
        self.write_with(out, "icon");
    }

    /// With these classes, of which `icon` should be one.
    pub fn write_with(self, out: &mut Html, classes: &'static str) {
        out.raw("<svg").attribute("class", classes).raw(" viewBox=\"0 0 24 24\" aria-hidden=\"true\">");
        if let Some(outline) = OUTLINES.get(self as usize) {
            out.add(&Html::trusted(outline.as_str()));
        }
        out.raw("</svg>");
    }

    /// The element by itself.
    pub fn html(self) -> Html {
        let mut out = Html::new();
        self.write(&mut out);
        out
    }
}

/// The shapes of an icon's file, on one line.
fn outline(file: &str) -> String {
    let shapes = file.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).map_or("", |(_, shapes)| shapes);
    let shapes = shapes.trim_end().trim_end_matches("</svg>");
    shapes.split_whitespace().collect::<Vec<_>>().join(" ").replace(" />", "/>").replace("> <", "><")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_an_outline_and_every_file_is_used() {
        for (icon, file) in ALL {
            let html = icon.html().into_string();
            assert!(html.contains("<path") || html.contains("<rect") || html.contains("<circle"), "{file}: {html}");
            assert!(!html.contains('\n'), "{file}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../public/icons");
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(stem) = name.strip_suffix(".svg") else { continue };
            assert!(ALL.iter().any(|(_, file)| *file == stem), "{name} is not used");
        }
    }
}
