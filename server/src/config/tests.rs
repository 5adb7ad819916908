#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn read(text: &str) -> Result<Config, Vec<String>> {
    read_with(text, &[])
}

fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("slipway.toml");
    std::fs::write(&file, text).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Some(&file), environment).map_err(|findings| {
        findings
            .into_iter()
            .map(|finding| format!("{}:{} {} {}", finding.line, finding.column, finding.message, finding.help))
            .collect()
    })
}

#[test]
fn the_example_holds_every_key_with_its_default() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = ") || rest.starts_with("[[") => rest,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    for key in keys::KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(uncommented.contains(&format!("\n{name} = ")), "{} is not in the example", key.path);
    }
    for key in keys::SOURCE_KEYS {
        let name = key.rsplit('.').next().unwrap();
        assert!(uncommented.contains(&format!("{name} = ")), "{key} is not in the example");
    }
    assert_eq!(read(EXAMPLE).unwrap(), Config::default());
    let full = read(&uncommented).unwrap();
    assert_eq!(full.sources.len(), 1);
    assert_eq!(full.sources[0].visibility, Visibility::Public);
    assert_eq!(full.public_url.as_deref(), Some("https://portal.example.com"));
}

#[test]
fn all_mistakes_are_reported_at_their_lines_with_the_nearest_key() {
    let text = "dta = \"x\"\n[server]\nlisten = 3000\nlistn = \"127.0.0.1:1\"\n[snyc]\na = 1\n[[source]]\nname = \"a\"\npaht = \"b\"\n[[source]]\nname = \"b\"\n";
    insta::assert_snapshot!(read(text).unwrap_err().join("\n"), @r#"
    1:1 there is no key dta Did you mean data?
    3:10 server.listen must be an address with a port, such as "127.0.0.1:3000" or "[::1]:3000" Correct the value.
    4:1 there is no key server.listn Did you mean server.listen?
    5:2 there is no key snyc Did you mean sync?
    9:1 there is no key source.paht Did you mean source.path?
    10:1 this source has no path Every source needs a name and a path.
    "#);
}

#[test]
fn broken_toml_is_located() {
    let errors = read("data = \"x\"\n[server\n").unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("2:"), "{errors:?}");
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = [
        ("SLIPWAY_WASM_STD", "source"),
        ("SLIPWAY_SERVER_LISTEN", "[::1]:8080"),
        ("SLIPWAY_SYNC_INTERVAL", "2m"),
        ("HOME", "/"),
    ];
    let config = read_with("[server]\nlisten = \"127.0.0.1:1\"\n", &environment).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:8080");
    assert_eq!(config.interval, Duration::from_secs(120));
}

#[test]
fn an_unknown_variable_is_an_error() {
    let errors = read_with("", &[("SLIPWAY_SERVER_LISTNE", "x")]).unwrap_err();
    assert_eq!(errors, ["0:0 there is no key SLIPWAY_SERVER_LISTNE Did you mean SLIPWAY_SERVER_LISTEN?"]);
}

#[test]
fn a_named_file_must_exist() {
    let findings = load(Some(Path::new("/nonexistent/slipway.toml")), std::iter::empty()).unwrap_err();
    assert_eq!(findings[0].rule, "config.read");
}

#[test]
fn sources_given_by_path_get_names_of_their_own() {
    let mut config = Config::default();
    for path in ["/a/work", "/b/work", "/c/demo"] {
        config.add_path(PathBuf::from(path));
    }
    let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["work", "work-2", "demo-2"]);
}

#[test]
fn durations_are_bounded() {
    for (text, expected) in
        [("30s", Some(30_000)), ("100ms", Some(100)), ("99ms", None), ("25h", None), ("5", None), ("s", None)]
    {
        let read = Value::Text(text).duration().ok().map(|duration| duration.as_millis());
        assert_eq!(read, expected, "{text}");
    }
}
