//! Findings in the forms in which pipelines and code hosts read them.

use clap::ValueEnum;
use model::{Finding, Findings, Level};
use quick_xml::escape::escape;
use serde_json::{Value, json};

use super::print_findings;
use super::sarif::{fingerprint, sarif};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// For people
    Text,
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// A test report in XML, of which each finding is a failure
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's Code Quality report
    GitlabCodequality,
}

/// Prints findings: for people on standard error, and all other forms on standard output. `name` is that of the check.
pub fn print(findings: &Findings, report: Report, name: &str) {
    match report {
        Report::Text => {
            print_findings(&findings.findings);
            let summary = findings.summary;
            let count = |number, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
            let [errors, warnings, notes] =
                [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")]
                    .map(|(number, word)| count(number, word));
            println!("{errors}, {warnings}, {notes}");
        }
        Report::Json => print_json(&json!(findings)),
        Report::Sarif => print_json(&sarif(findings)),
        Report::Junit => print!("{}", junit(findings, name)),
        Report::Github => findings.findings.iter().for_each(|finding| println!("{}", annotation(finding))),
        Report::GitlabCodequality => print_json(&code_quality(findings)),
    }
}

pub fn print_json(value: &Value) {
    println!("{value:#}");
}

/// One test case a finding, which fails unless it is a note; one that passes if there are none.
fn junit(findings: &Findings, name: &str) -> String {
    let failures = findings.summary.errors + findings.summary.warnings;
    let tests = findings.findings.len().max(1);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\">\n",
        xml(name)
    );
    for finding in &findings.findings {
        let (rule, place, message) = (xml(&finding.rule), xml(&finding.location()), xml(&finding.message));
        text += &format!("    <testcase classname=\"{rule}\" name=\"{place}: {message}\">");
        if finding.level > Level::Note {
            let level = finding.level.as_str();
            text += &format!("<failure type=\"{level}\" message=\"{message}\">{}</failure>", xml(&finding.help));
        }
        text += "</testcase>\n";
    }
    if findings.findings.is_empty() {
        text += &format!("    <testcase classname=\"{0}\" name=\"{0}\"></testcase>\n", xml(name));
    }
    text + "  </testsuite>\n</testsuites>\n"
}

/// Escaped, and without the characters that XML 1.0 does not have.
fn xml(text: &str) -> String {
    let allowed: String = text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect();
    escape(allowed.as_str()).into_owned()
}

/// A workflow command, escaped as `@actions/core` does.
fn annotation(finding: &Finding) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut place = format!("file={}", property(&finding.file));
    for (name, number) in
        [("line", finding.line), ("col", finding.column)].into_iter().filter(|(_, number)| *number > 0)
    {
        place += &format!(",{name}={number}");
    }
    format!(
        "::{command} {place},title={}::{}%0A{}",
        property(&finding.rule),
        data(&finding.message),
        data(&finding.help)
    )
}

/// The subset of Code Climate's issues that GitLab reads.
fn code_quality(findings: &Findings) -> Value {
    let issue = |finding: &Finding| {
        json!({
            "check_name": finding.rule,
            "description": format!("{} {}", finding.message, finding.help).trim(),
            "fingerprint": fingerprint(finding),
            "severity": match finding.level {
                Level::Error => "major",
                Level::Warning => "minor",
                Level::Note => "info",
            },
            "location": { "path": finding.file, "lines": { "begin": finding.line.max(1) } },
        })
    };
    findings.findings.iter().map(issue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Findings {
        let finding =
            |level, message: &str| Finding::new("ACC001", level, message, "50 % of\nit").at("a,b:c.yaml", 3, 7);
        vec![finding(Level::Error, "a < b & \u{1}c"), finding(Level::Note, "d")].into()
    }

    #[test]
    fn github_reads_each_finding_as_one_command() {
        let said = annotation(&findings().findings[0]);
        let expected = "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=ACC001::a < b & \u{1}c%0A50 %25 of%0Ait";
        assert_eq!(said, expected);
    }

    #[test]
    fn junit_is_xml_whatever_was_found() {
        let text = junit(&findings(), "access");
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert!(text.contains("<failure type=\"error\" message=\"a &lt; b &amp; c\">50 % of\nit</failure>"), "{text}");
        assert!(junit(&Vec::new().into(), "access").contains("tests=\"1\" failures=\"0\""));
    }

    #[test]
    fn gitlab_reads_where_and_how_bad() {
        let report = code_quality(&findings());
        assert_eq!(report[0]["severity"], "major");
        assert_eq!(report[1]["location"], json!({ "path": "a,b:c.yaml", "lines": { "begin": 3 } }));
        assert_ne!(report[0]["fingerprint"], report[1]["fingerprint"]);
    }
}
