#![allow(clippy::unwrap_used, clippy::expect_used)]

use portal::settings::{GitHubLogin, GitHubOwner, Password};

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
    for key in source::SOURCE_KEYS {
        assert!(uncommented.contains(&format!("{} = ", key.name)), "{} is not in the example", key.name);
    }
    for key in sign_in::SIGN_IN_KEYS {
        assert!(uncommented.contains(&format!("{} = ", key.name)), "{} is not in the example", key.name);
    }
    for key in publish::PUBLISH_KEYS {
        assert!(uncommented.contains(&format!("{key} = ")), "{key} is not in the example");
    }
    for key in step::STEP_KEYS {
        assert!(uncommented.contains(&format!("{} = ", key.name)), "{} is not in the example", key.name);
    }
    for key in approval::APPROVAL_KEYS {
        assert!(uncommented.contains(&format!("{} = ", key.name)), "{} is not in the example", key.name);
    }
    assert_eq!(read(EXAMPLE).unwrap(), Config::default());
    let full = read(&uncommented).unwrap();
    assert_eq!(full.sources.len(), 3);
    let ids: Vec<&str> = full.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["billing", "step-2", "step-3"]);
    assert!(full.publish[0].input.protect_default_branch && full.publish[0].input.collaborators.len() == 2);
    let rule = &full.approvals[0];
    assert_eq!((rule.count, rule.reviewers.len(), rule.expires.as_secs()), (1, 2, 7 * 24 * 60 * 60));
    assert_eq!(full.sources[0].visibility, Visibility::Public);
    let SourceKind::Git(git) = &full.sources[1].kind else { panic!("{full:?}") };
    assert_eq!((git.addresses.len(), git.time_limit), (2, portal::git::TIME_LIMIT));
    let SourceKind::GitHub(github) = &full.sources[2].kind else { panic!("{full:?}") };
    assert_eq!(github.owner, GitHubOwner::Organisation("acme".to_owned()));
    assert_eq!(github.login, GitHubLogin::Token(Password::File("/run/secrets/github".into())));
    assert_eq!((github.host().as_str(), full.sources[2].visibility), ("github.example.com", Visibility::Public));
    assert_eq!(full.public_url.as_deref(), Some("https://portal.example.com"));
    let issuers: Vec<String> = full.identity.providers.iter().map(portal::settings::ProviderSettings::issuer).collect();
    assert_eq!(issuers, ["https://acme.okta.com", "https://github.example.com", "proxy:gate"]);
    assert_eq!(full.identity.trusted_proxies.len(), 2);
}

#[test]
fn access_is_as_the_keys_say() {
    let text = "[access]\nenvironments = [\"dev\", \"live\"]\ntime-zone = \"Europe/Berlin\"\napprovals = 2\nlongest-days = 90\n\
                review-days = 30\nreport-only = [\"acme/*\", \"shop\"]\nfrom-portal = false\n";
    let access = read(text).unwrap().settings().access;
    assert_eq!(access.environments, ["dev", "live"]);
    assert_eq!(access.zone.iana_name(), Some("Europe/Berlin"));
    let policy = &access.default_policy;
    assert_eq!((policy.max_ttl.to_string(), policy.review_every.unwrap().to_string()), ("90d".into(), "30d".into()));
    let asked: Vec<String> = policy.deciders().iter().map(|need| format!("{} {}", need.count, need.from)).collect();
    assert_eq!(asked, ["2 owner"]);
    assert!(access.only_reports("acme/boat") && access.only_reports("shop") && !access.only_reports("shops"));
    assert!(!access.from_portal);
    let none = read("[access]\napprovals = 0\n").unwrap().access.default_policy;
    assert_eq!((none.decision, none.review_every), (engine_access::terms::Decision::AutoApprove, None));
    let wrong = "[access]\nenvironments = [\"*\"]\ntime-zone = \"Mars\"\napprovals = 21\nlongest-days = 0\nreview-days = -1\n\
                 report-only = [\"a*b\"]\nfrom-portal = \"maybe\"\n";
    insta::assert_snapshot!(read(wrong).unwrap_err().join("\n"));
}

#[test]
fn a_provider_is_whole_or_says_what_it_lacks() {
    let provider = |keys: &str| read(&format!("[[sign-in]]\nname = \"id\"\n{keys}\n"));
    let errors = [
        "",
        "kind = \"saml\"",
        "kind = \"oidc\"",
        "kind = \"oidc\"\nissuer = \"https://id.example.com\"",
        "kind = \"oidc\"\nissuer = \"http://id.example.com\"",
        "kind = \"oidc\"\nissuer = \"https://id.example.com?a\"",
        "kind = \"oidc\"\nissuer = \"https://id.example.com\"\nclient-id = \"a\"\nlogin-claim = \"login\"",
        "kind = \"oidc\"\nissuer = \"https://id.example.com\"\nclient-id = \"a\"\nclient-secret-env = \"NOT_SET\"",
        "kind = \"oidc\"\nproxies = [\"10.0.0.0/8\"]",
        "kind = \"github\"\nclient-id = \"a\"",
        "kind = \"github\"\norganisations = [\"a/b\"]",
        "kind = \"proxy\"",
        "kind = \"proxy\"\nproxies = [\"everybody\"]",
        "kind = \"proxy\"\nproxies = [\"10.0.0.0/8\"]\nuser-header = \"a b\"",
        "kind = \"proxy\"\nproxies = [\"10.0.0.0/8\"]\nlogin-suffix = \"_acme\"",
        "kind = \"proxy\"\nproxis = []",
        "kind = \"proxy\"\nproxies = [\"::1\"]\n[[sign-in]]\nname = \"id\"\nkind = \"proxy\"\nproxies = [\"::1\"]",
        "kind = \"proxy\"\nproxies = [\"::1\"]\n[[sign-in]]\nname = \"first\"\nkind = \"proxy\"\nproxies = [\"::1\"]",
    ];
    insta::assert_snapshot!(errors.map(|keys| provider(keys).unwrap_err().join("\n")).join("\n"));
    let secret = [("SLIPWAY_OIDC_SECRET", "s3cret")];
    let text = "[[sign-in]]\nname = \"id\"\nkind = \"oidc\"\nissuer = \"http://127.0.0.1:9000/a\"\nclient-id = \"a\"\n\
                client-secret-env = \"SLIPWAY_OIDC_SECRET\"\n";
    let config = read_with(text, &secret).unwrap();
    assert_eq!(config.identity.providers[0].title, "id");
    assert!(!format!("{config:?}").contains("s3cret"));
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
    assert!(config.settings().sources.iter().all(|source| source.policy.trusted));
    for url in ["https://h/team/a.git", "git@h:a.git", "https://h/%C3%A9"] {
        config.add_address(Address::parse(url).unwrap());
    }
    let names: Vec<&str> = config.sources.iter().skip(3).map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a", "a-2", "-"]);
    assert!(config.sources.iter().skip(3).all(|source| source.policy == SourcePolicy::open()));
}

#[test]
fn only_a_trusted_source_may_declare_teams() {
    let source = |keys: &str| read(&format!("[[source]]\nname = \"g\"\npath = \"p\"\n{keys}\n"));
    let policy = |keys: &str| source(keys).unwrap().sources[0].policy.clone();
    assert_eq!(policy(""), SourcePolicy::open());
    assert_eq!(policy("trusted = true"), SourcePolicy::trusted());
    let few = policy("kinds = [\"Component\", \"API\"]");
    assert_eq!((few.kinds.len(), few.trusted), (2, false));
    let few = policy("kinds = [\"group\"]\ntrusted = true");
    assert_eq!((few.kinds.len(), few.trusted), (1, true));
    let errors = ["kinds = [\"Group\"]", "kinds = [\"Thing\"]", "kinds = []", "trusted = \"yes\""]
        .map(|keys| source(keys).unwrap_err().join("\n"));
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn git_sources_take_addresses_apart() {
    let text = "[[source]]\nname = \"g\"\nkind = \"git\"\nurls = [\"https://ada:s3cret@h/a.git\", \"git@h:b.git\"]\n\
                username = \"slipway\"\npassword-env = \"SLIPWAY_GIT_TOKEN\"\nca-file = \"ca.pem\"\n\
                proxy = \"http://ada:s3cret@proxy:3128\"\ntime-limit = \"5m\"\nvisibility = \"signed-in\"\n";
    let config = read_with(text, &[("SLIPWAY_GIT_TOKEN", "s3cret")]).unwrap();
    let SourceKind::Git(git) = &config.sources[0].kind else { panic!("{config:?}") };
    assert_eq!(git.addresses[0].url.as_str(), "https://h/a.git");
    assert_eq!(git.addresses[0].username.as_deref(), Some("ada"));
    assert_eq!(git.addresses[1].url.as_str(), "git@h:b.git");
    assert_eq!((git.username.as_deref(), git.time_limit), (Some("slipway"), Duration::from_secs(300)));
    assert!(git.password.is_some() && git.connection.ca_file.is_some() && git.connection.proxy.is_some());
    // However it is looked at.
    assert!(!format!("{config:?} {:?}", config.settings()).contains("s3cret"));
}

#[test]
fn mistakes_in_git_sources_are_told_without_their_passwords() {
    let source = |keys: &str| read(&format!("[[source]]\nname = \"g\"\n{keys}\n"));
    let errors = [
        "kind = \"git\"",
        "kind = \"git\"\nurls = []",
        "kind = \"git\"\nurls = [\"https://h/a\", \"https://ada:s3cret@h/a?x\"]",
        "kind = \"git\"\nurls = [\"--upload-pack=x\"]",
        "kind = \"git\"\nurls = [\"ext::sh -c s3cret\"]",
        "kind = \"git\"\nurls = [\"https://h/a\"]\npath = \"/srv\"",
        "path = \"/srv\"\nproxy = \"http://p:1\"",
        "kind = \"git\"\nurls = [\"https://h/a\"]\nproxy = \"s3cret\"",
        "kind = \"git\"\nurls = [\"https://h/a\"]\npassword-file = \"a\"\npassword-env = \"B\"",
        "kind = \"git\"\nurls = [\"https://h/a\"]\npassword-env = \"UNSET\"",
        "kind = \"git\"\nurls = [\"https://h/a\"]\npassword-env = \"SLIPWAY_DATABASE_URL\"",
        "kind = \"git\"\nurls = [\"https://h/a\"]\ntime-limit = \"0\"",
    ]
    .map(|keys| source(keys).unwrap_err().join("\n"));
    let errors = errors.join("\n");
    assert!(!errors.contains("s3cret"), "{errors}");
    insta::assert_snapshot!(errors);
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

#[test]
fn a_github_source_is_whole_or_says_what_it_lacks() {
    let source = |keys: &str| read(&format!("[[source]]\nname = \"a\"\nkind = \"github\"\n{keys}"));
    let table = [
        ("", "this source has no organisation and no user"),
        ("organisation = \"acme\"\nuser = \"ada\"\n", "this source has both organisation and user"),
        ("organisation = \"acme\"\napp-id = \"1\"\n", "an App has both app-id and app-key-file"),
        ("organisation = \"acme\"\npath = \"b\"\n", "a source of the kind github has no path"),
        (
            "organisation = \"acme\"\ntoken-env = \"NOT_SET\"\n",
            "the variable NOT_SET, which token-env names, is not set",
        ),
        ("organisation = \"a/b\"\n", "source.organisation must be a name as it stands in addresses"),
        (
            "organisation = \"acme\"\nurl = \"https://git.example.com/api/v3\"\n",
            "source.url must be an address without a path",
        ),
    ];
    for (keys, message) in table {
        let errors = source(keys).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains(message), "{keys}: {errors:?}");
    }
    let config = source("user = \"ada\"\nforks = false\nexclude = [\"old-*\"]\n").unwrap();
    let SourceKind::GitHub(github) = &config.sources[0].kind else { panic!("{config:?}") };
    assert_eq!((github.filter.archived, github.filter.forks, github.filter.exclude.len()), (true, false, 1));
    assert_eq!((github.login.clone(), github.location()), (GitHubLogin::Nobody, "https://github.com/ada".to_owned()));
}

#[test]
fn secrets_are_read_from_files_that_variables_name() {
    let provider = "[[sign-in]]\nname = \"id\"\nkind = \"github\"\nclient-id = \"a\"\nclient-secret-env = \"ID\"\n";
    let secret = |environment: &[(&str, &str)]| {
        let config = read_with(provider, environment)?;
        let portal::settings::ProviderKind::GitHub(github) = config.identity.providers[0].kind.clone() else {
            panic!()
        };
        Ok::<_, Vec<String>>(github.client_secret)
    };
    assert_eq!(secret(&[("ID_FILE", "/run/secrets/id")]).unwrap(), Password::File("/run/secrets/id".into()));
    assert!(matches!(secret(&[("ID", "x"), ("ID_FILE", "")]).unwrap(), Password::Known(_)));
    assert!(secret(&[("ID", "x"), ("ID_FILE", "y")]).unwrap_err()[0].contains("are both set"));
    assert!(secret(&[]).unwrap_err()[0].contains("_FILE"));
    let provider = provider.replace("\"ID\"", "\"SLIPWAY_ID\"");
    assert!(read_with(&provider, &[("SLIPWAY_ID_FILE", "/x")]).is_ok(), "it sets no key");

    let database = |environment: &[(&str, &str)]| read_with("", environment).unwrap().settings().database;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "postgres://slipway:s3cret@db/slipway\n").unwrap();
    let named = database(&[("SLIPWAY_DATABASE_URL_FILE", file.path().to_str().unwrap())]);
    assert_eq!(named.postgres().unwrap().as_deref(), Some("postgres://slipway:s3cret@db/slipway"));
    assert!(!format!("{named:?}").contains("s3cret"));
    assert!(database(&[("SLIPWAY_DATABASE_URL_FILE", "/nowhere")]).postgres().is_err());
}

#[test]
fn a_rule_for_approvals_names_who_may_give_them() {
    let rule = |keys: &str| read(&format!("[[approval]]\n{keys}\n"));
    let good =
        rule("template = \"go-service\"\nreviewers = [\"platform\", \"user:jane\"]\ncount = 2\ndays = 3").unwrap();
    let references: Vec<String> = good.approvals[0].reviewers.iter().map(ToString::to_string).collect();
    assert_eq!(references, ["group:default/platform", "user:default/jane"]);
    assert_eq!(good.approvals[0].template.as_ref().unwrap().to_string(), "template:default/go-service");
    for wrong in [
        "count = 1",
        "reviewers = []",
        "reviewers = [\"component:x\"]",
        "reviewers = [\"platform\"]\ncount = 0",
        "reviewers = [\"platform\"]\ntemplate = \"api:x\"",
        "reviewers = [\"platform\"]\nwho = \"x\"",
    ] {
        assert!(rule(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_further_step_is_told_only_what_it_takes_and_what_is_known_by_then() {
    let step = |keys: &str| read(&format!("[runs]\nat-once = 2\n[[runs.step]]\n{keys}\n"));
    let http = "action = \"http:backstage:request\"";
    let good = step(&format!(
        "{http}\nfor = [\"go-service\"]\ninput = {{ path = \"https://h/\", timeout = 0x10, body = {{ a = [1, true, 1.5] }} }}"
    ));
    let good = good.unwrap();
    assert_eq!((good.steps[0].id.as_str(), good.steps[0].name.as_str()), ("step-1", "http:backstage:request"));
    assert_eq!(good.steps[0].templates[0].to_string(), "template:default/go-service");
    let expected = serde_json::json!({ "path": "https://h/", "timeout": 16, "body": { "a": [1, true, 1.5] } });
    assert_eq!(good.steps[0].input, expected);
    let url = "input = { path = \"https://h/\" }";
    let wrong = [
        "name = \"x\"".to_owned(),
        "action = \"fetch:template\"".to_owned(),
        http.to_owned(),
        format!("{http}\ninput = {{ path = \"https://h/\", uri = \"x\" }}"),
        format!("{http}\ninput = {{ path = \"https://h/${{{{ steps.later.output.x }}}}\" }}"),
        format!("{http}\ninput = {{ path = \"https://h/${{{{ parameters.x | upper }}}}\" }}"),
        format!("{http}\ninput = {{ path = \"https://h/\", body = 1979-05-27 }}"),
        format!("{http}\n{url}\nfor = [\"api:x\"]"),
        format!("{http}\n{url}\nid = \"publish\""),
        format!("{http}\n{url}\nid = \"a\"\n[[runs.step]]\n{http}\n{url}\nid = \"a\""),
        format!("{http}\n{url}\nif = true"),
        "action = \"catalog:fetch\"\ninput = { entityRef = \"a\" }\ntoken-file = \"/x\"".to_owned(),
        "action = \"github:actions:dispatch\"\ninput = { workflowId = \"a\", branchOrTagName = \"b\", repoUrl = \"x\" }".to_owned(),
        "action = \"publish:github:pull-request\"\ninput = { branchName = \"a\" }".to_owned(),
    ];
    insta::assert_snapshot!(wrong.map(|keys| step(&keys).unwrap_err().join("\n")).join("\n"));
    // One for other templates is no step before this one.
    let both = |first: &str| {
        step(&format!(
            "{http}\n{url}\nid = \"a\"\n{first}\n[[runs.step]]\n{http}\nfor = [\"b\"]\ninput = {{ path = \"https://h/${{{{ steps.a.output.code }}}}\" }}"
        ))
    };
    assert!(both("for = [\"a\", \"b\"]").is_ok() && both("").is_ok());
    assert!(both("for = [\"a\"]").is_err());
}

#[test]
fn new_repositories_get_what_backstage_calls_so() {
    let rule = |keys: &str| read(&format!("[runs]\n[[runs.publish]]\n{keys}\n"));
    let all = rule("for = [\"go-service\"]\ninput = { protectDefaultBranch = true, requiredApprovingReviewCount = 2 }")
        .unwrap();
    assert_eq!((all.publish[0].input.required_approving_review_count, all.publish[0].templates.len()), (2, 1));
    for wrong in [
        "input = { protectEverything = true }",
        "input = { requiredApprovingReviewCount = 2 }",
        "input = { protectDefaultBranch = true, requiredApprovingReviewCount = 1.5 }",
        "input = { collaborators = [{ access = \"push\" }] }",
        "input = { collaborators = [{ user = \"a\", team = \"b\", access = \"push\" }] }",
        "for = [\"api:x\"]",
        "id = \"x\"",
    ] {
        assert!(rule(wrong).is_err(), "{wrong}");
    }
}
