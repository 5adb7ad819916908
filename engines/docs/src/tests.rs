#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

/// A repository in which everything exists below `docs/` and at the root.
struct Repository;

impl Links for Repository {
    fn link(&self, target: &str) -> Option<String> {
        let path = resolve("docs/index.md", target)?;
        (!path.contains("missing")).then(|| format!("/repositories/x/files/{path}"))
    }

    fn image(&self, target: &str) -> Option<String> {
        let path = resolve("docs/index.md", target)?;
        (!path.contains("missing")).then(|| format!("/repositories/x/raw/{path}"))
    }
}

fn html(markdown: &str) -> String {
    render(markdown, &RenderOptions { links: &Repository }).html
}

mod gfm {
    use super::*;

    fn snapshot(name: &str, markdown: &str) {
        insta::with_settings!({ description => markdown, omit_expression => true }, {
            insta::assert_snapshot!(name, html(markdown));
        });
    }

    #[test]
    fn tables() {
        snapshot("tables", "| Berth | Length | Note |\n|:--|--:|:-:|\n| A1 | 220 | `deep` \\| wide |\n| A2 | 180 |\n");
    }

    #[test]
    fn tasks() {
        snapshot("tasks", "- [x] moored\n- [ ] unloaded\n- plain\n\n1. [ ] loose\n\n2. [x] done\n");
    }

    #[test]
    fn footnotes() {
        snapshot(
            "footnotes",
            "Tide[^t] and wind[^w], tide again[^t].\n\n[^w]: Two paragraphs.\n\n    The *second*.\n[^t]: See https://x.example.\n[^unused]: never\n\nEnd.\n",
        );
    }

    #[test]
    fn alerts() {
        snapshot("alerts", "> [!NOTE]\n> Read **this**.\n\n> [!CAUTION]\n> - one\n\n> plain quote\n");
    }

    #[test]
    fn code() {
        snapshot(
            "code",
            "```rust,ignore\n/// A berth.\nfn berth(n: u32) -> &'static str { \"A<1>\" }\n```\n\n```mermaid\ngraph TD; A-->B\n```\n\n```yaml\nport: 8080 # http\n```\n\n```unknown-language\na < b\n```\n\n    indented & plain\n",
        );
    }

    #[test]
    fn headings() {
        let text = "# Harbour `master`\n\n## Usage\n\n## Usage\n\n<h2 align=\"center\">Raw <em>one</em></h2>\n\nSetext\n---\n\n### <a name=\"x\"></a>\n\n[up](#usage-1) [top](#top)\n";
        snapshot("headings", text);
        let rendered = render(text, &RenderOptions { links: &Repository });
        assert_eq!(rendered.title.as_deref(), Some("Harbour master"));
        let ids: Vec<_> = rendered.headings.iter().map(|heading| (heading.level, heading.id.as_str())).collect();
        assert_eq!(
            ids,
            [
                (1, "user-content-harbour-master"),
                (2, "user-content-usage"),
                (2, "user-content-usage-1"),
                (2, "user-content-raw-one"),
                (2, "user-content-setext"),
            ]
        );
    }

    #[test]
    fn inline() {
        snapshot(
            "inline",
            "~~old~~ **new** https://a.example/x_y(z). mail ops@harbour.example, [no https://in.example](x.md) <a href=\"y.md\">https://b.example</a> line  \nbreak\n",
        );
    }

    #[test]
    fn front_matter() {
        snapshot("front_matter", "---\ntitle: Hidden\n---\n\nText\n");
    }

    #[test]
    fn raw_html_of_readmes() {
        snapshot(
            "raw_html_of_readmes",
            r##"<p align="center">
  <a href="https://x.example"><picture>
    <source media="(prefers-color-scheme: dark)" srcset="img/dark.svg 1x, img/dark@2x.png 2x">
    <source srcset="https://cdn.example/x.png">
    <img width="300" src="./img/logo.svg">
  </picture></a>
</p>

<details open><summary>More</summary>

| a |
|---|
| <kbd>Ctrl</kbd> |

</details>

<!-- a comment -->
<img src="https://img.example/badge.svg" alt="build"> <img src="https://pixel.example/1.gif">
[![](https://img.example/b.svg)](LICENSE)
<script src="https://x.example/a.js"></script>
<div style="color:red" onclick="x()" class="evil markdown-alert">text</div>
"##,
        );
    }
}

mod links {
    use super::*;

    #[test]
    fn relative_addresses_lead_into_the_portal_in_markdown_and_in_raw_html() {
        for (markdown, expected) in [
            ("[a](b.md)", r#"href="/repositories/x/files/docs/b.md""#),
            ("[a](../b.md#setup)", r##"href="/repositories/x/files/b.md#user-content-setup""##),
            ("[a](/src/main.rs#L10)", r##"href="/repositories/x/files/src/main.rs#L10""##),
            ("[a](<my file.md>)", r#"href="/repositories/x/files/docs/my file.md""#),
            ("<a href='b.md?plain=1'>a</a>", r#"href="/repositories/x/files/docs/b.md""#),
            ("<a href=\"../../out.md\">a</a>", r#"<p><a class="missing-link" title="Leads to nothing" rel="#),
            ("[a](missing.md)", r#"<p><a class="missing-link" title="Leads to nothing" rel="#),
            ("![a](img/a.png)", r#"<img src="/repositories/x/raw/docs/img/a.png" alt="a""#),
            ("![a](img/a.png \"T\")", r#"title="T""#),
            ("<img src=img/a.svg width=40>", r#"<img src="/repositories/x/raw/docs/img/a.svg" width="40""#),
            (
                "![gone](missing.png)",
                r#"<span class="outside-image" title="Image that is not in the repository">gone</span>"#,
            ),
            (
                "![ci](https://h.example/b.svg)",
                r#"<span class="outside-image" title="Image on h.example, not loaded">ci</span>"#,
            ),
            ("[a](//h.example/x)", r#"href="https://h.example/x""#),
            ("[a](mailto:a@b.example)", r#"href="mailto:a@b.example""#),
        ] {
            let html = html(markdown);
            assert!(html.contains(expected), "{markdown}\n→ {html}\nlacks {expected}");
        }
    }
}

mod safety {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    /// Nothing that a browser would run, load from elsewhere or send.
    fn assert_safe(markdown: &str) {
        let html = html(markdown);
        let document = html.to_ascii_lowercase();
        for forbidden in
            ["<script", "<iframe", "<style", "<form", "<object", "<embed", "<svg", "<math", "<base", "<link", "<meta"]
        {
            assert!(!document.contains(forbidden), "{forbidden} in {html}\nfrom {markdown}");
        }
        // In attributes only: as text these are harmless.
        for tag in document.split('<').skip(1) {
            let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
            for forbidden in
                [" on", " style=", " formaction", "=\"javascript", "=\"data:", "=\"vbscript", " srcdoc", "xlink"]
            {
                let in_text =
                    ["title=", "alt=", "aria-label="].iter().any(|name| tag.contains(name)) && forbidden == " on";
                assert!(in_text || !tag.contains(forbidden), "{forbidden} in <{tag}>\nfrom {markdown}");
            }
        }
    }

    #[test]
    fn known_attacks_come_to_nothing() {
        for attack in [
            "<script>alert(1)</script>",
            "<ScRiPt src=//x></sCrIpT>",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt:alert(1))",
            "[a](java&#x0A;script:alert(1))",
            "[a](&#x01;javascript:alert(1))",
            "[a](  javascript:alert(1))",
            "<a href=\"java\tscript:alert(1)\">a</a>",
            "<a href=\"&#106;avascript:alert(1)\">a</a>",
            "<a href='vbscript:msgbox(1)'>a</a>",
            "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">a</a>",
            "![a](data:image/svg+xml;base64,PHN2Zz4=)",
            "<img src=x onerror=alert(1)>",
            "<img src=\"x\" oNlOaD = alert(1) />",
            "<img src=`x`onerror=alert(1)>",
            "<img/src=\"x\"/onerror=alert(1)>",
            "<img srcset=\"javascript:alert(1) 1x\">",
            "<picture><source srcset='data:image/svg+xml,<svg onload=alert(1)>'><img src=a.png></picture>",
            "<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
            "<svg><animate onbegin=alert(1) attributeName=x></svg>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
            "<select><template><img src=x onerror=alert(1)></template></select>",
            "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
            "<object data=\"javascript:alert(1)\"></object><embed src=x>",
            "<form action=\"javascript:alert(1)\"><button formaction=x>b</button><input type=submit></form>",
            "<input type=\"image\" src=x onerror=alert(1)><input type=checkbox onclick=alert(1)>",
            "<blockquote cite=\"javascript:alert(1)\">q</blockquote>",
            "<div style=\"background:url(javascript:alert(1))\">x</div>",
            "<style>@import 'x';</style><link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=//x>",
            "<a name=\"x\" href=\"#\" onclick=alert(1) target=_blank>x</a>",
            "<details ontoggle=alert(1) open>x</details>",
            "<textarea></textarea><title></title><xmp><img src=x onerror=alert(1)></xmp><plaintext>",
            "```\"><script>alert(1)</script>\nx\n```",
            "# <img src=x onerror=alert(1)> {#x onclick=alert(1)}",
            "[x]: javascript:alert(1)\n\n[x]",
            "<javascript:alert(1)>",
            "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
            "[^1]\n\n[^1]: <img src=x onerror=alert(1)>",
            "<!--><script>alert(1)</script>--> <![CDATA[<script>alert(1)</script>]]> <?php <script> ?>",
            "<p title='\"><script>alert(1)</script>'>x</p>",
            "<p \"onmouseover=alert(1)\" x<y=z>x</p>",
        ] {
            assert_safe(attack);
        }
    }

    #[test]
    fn ids_and_names_cannot_take_those_of_the_page() {
        let html = html("<h2 id=main>x</h2><p id=\"main\">y</p><a name=search></a>");
        for id in html.split("id=\"").skip(1) {
            assert!(id.starts_with(ID_PREFIX), "{html}");
        }
        assert_eq!(html.matches("id=\"").count(), 3);
    }

    #[test]
    fn deep_and_wide_input_stays_quick() {
        let unclosed: String = (0..3_000).map(|n| format!("<font color={n}><b><i title={n}>")).collect();
        let cases = [
            ("quotes", "> ".repeat(50_000) + "x"),
            ("tight quotes", ">".repeat(50_000) + "x"),
            ("lists", (0..2_000).map(|n| format!("{}- x\n", "  ".repeat(n))).collect()),
            ("list markers", "- ".repeat(50_000) + "x"),
            ("divs", "<div>".repeat(100_000)),
            ("closed divs", format!("{}{}", "<div>".repeat(50_000), "</div>".repeat(50_000))),
            ("formatting", format!("<p>{unclosed}{}", "</p><p>x".repeat(3_000))),
            ("tables", "<table><tr><td>".repeat(30_000)),
            ("links", "<a href=x>".repeat(50_000)),
            ("brackets", "[".repeat(100_000)),
            ("link openers", "[a](".repeat(50_000)),
            ("emphasis", "*a _b ".repeat(50_000)),
            ("backticks", (1..1_000).map(|n| "`".repeat(n) + " ").collect()),
            ("entities", "&amp;".repeat(100_000)),
            ("footnotes", (0..10_000).map(|n| format!("[^{n}]\n\n[^{n}]: x\n\n")).collect()),
            ("one footnote", format!("{}\n\n[^a]: x", "[^a]".repeat(20_000))),
            ("headings", "# a\n".repeat(50_000)),
            ("cells", format!("|{}\n|{}\n{}", "a|".repeat(1_000), "-|".repeat(1_000), "|a\n".repeat(300))),
            ("attributes", format!("<p {}>x</p>", (0..20_000).map(|n| format!("a{n}=b ")).collect::<String>())),
            ("comments", "<!-- ".repeat(50_000)),
        ];
        for (name, markdown) in cases {
            let start = Instant::now();
            let rendered = render(&markdown, &RenderOptions { links: &Repository });
            let took = start.elapsed();
            println!("{name}: {took:?}, {} → {} bytes", markdown.len(), rendered.html.len());
            // Built without optimisation, and on a busy machine: an order of magnitude above what it takes.
            assert!(took < Duration::from_secs(5), "{name}: {took:?}");
        }
    }

    #[test]
    fn code_that_is_hard_to_highlight_stays_quick() {
        for language in [
            "bash", "c++", "css", "go", "html", "java", "js", "json", "markdown", "php", "python", "rust", "ts", "yaml",
        ] {
            for piece in ["(", "[a:", "\"\\", "<a ", "a b ", "${", "- x: &", "/*", "r#\"", "`", "= \t"] {
                let line = piece.repeat(900 / piece.len());
                let block = format!("```{language}\n{}```\n\n", format!("{line}\n").repeat(30));
                let start = Instant::now();
                render(&block, &RenderOptions { links: &Repository });
                let took = start.elapsed();
                if took > Duration::from_secs(1) {
                    println!("{language} {piece:?}: {took:?}");
                }
                assert!(took < Duration::from_secs(20), "{language} {piece:?}: {took:?}");
            }
        }
    }

    #[test]
    fn depth_is_bounded_and_the_text_stays() {
        let html = html(&("> ".repeat(5_000) + "deep"));
        assert!(html.contains("deep"));
        assert!(html.matches("<blockquote>").count() <= tidy::MAX_DEPTH);
    }

    #[test]
    fn a_document_that_is_too_long_says_so() {
        let rendered = render(&"word ".repeat(300_000), &RenderOptions { links: &Repository });
        assert!(rendered.truncated);
        assert!(!render("# x", &RenderOptions { links: &Repository }).truncated);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_text_renders_safely(markdown in "\\PC{0,400}") {
            assert_safe(&markdown);
        }

        #[test]
        fn any_mix_of_markup_renders_safely(parts in proptest::collection::vec(part(), 0..40)) {
            assert_safe(&parts.concat());
        }
    }

    fn part() -> impl Strategy<Value = String> {
        let fixed = [
            "<script>",
            "</script>",
            "<a href=\"javascript:x\">",
            "</a>",
            "<img src=x onerror=y>",
            "<svg>",
            "</svg>",
            "<math>",
            "<table>",
            "<tr>",
            "<td>",
            "</table>",
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<style>",
            "</style>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "\n",
            "\n\n",
            "> ",
            "- ",
            "# ",
            "```",
            "|a|b|\n|-|-|\n",
            "[^1]",
            "[^1]: ",
            "[a](",
            "javascript:",
            ")",
            "<h1>",
            "</h1>",
            "<li>",
            "<pre>",
            "</pre>",
            "<textarea>",
            "</textarea>",
            "<template>",
            "<noscript>",
            "\u{0}",
            "<select>",
            "<option>",
            "\"",
            "'",
            "<details>",
            "<summary>",
            "[!NOTE]",
            "http://x.y/",
            "<input type=checkbox>",
        ];
        prop_oneof![proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned), "[ -~]{0,8}"]
    }
}
