//! Findings on the lines of a pull request, in the shape of GitHub's check runs (REST API, "Create a check run").

use model::{Finding, Level};
use serde::Serialize;

/// GitHub takes no more with one call.
pub const MOST_IN_A_CALL: usize = 50;
/// All that are ever written: each call counts, and whoever reads a file looks at no more.
pub const MOST: usize = 10 * MOST_IN_A_CALL;
const LONGEST_TITLE: usize = 255;
/// In characters, of which each takes four bytes at most: GitHub takes 64 KB.
const LONGEST_MESSAGE: usize = 16_000;

/// One of `output.annotations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    /// Only where they are known, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
    /// `notice`, `warning` or `failure`.
    pub annotation_level: &'static str,
    pub title: String,
    pub message: String,
}

/// The annotations of the worst findings, one list for each call; `path` is that of the manifest from the root
/// of its repository, for findings that name no file.
pub fn annotations(path: &str, findings: &[Finding]) -> Vec<Vec<Annotation>> {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.level), finding.line, finding.column));
    findings.truncate(MOST);
    let calls = findings.chunks(MOST_IN_A_CALL);
    calls.map(|call| call.iter().map(|finding| annotation(path, finding)).collect()).collect()
}

fn annotation(path: &str, finding: &Finding) -> Annotation {
    let Finding { rule, level, file, line, column, message, help } = finding;
    let title = crate::rules::RULES.iter().find(|known| known.id == rule).map_or("", |known| known.title);
    let clipped = |text: String, most: usize| text.chars().take(most).collect();
    let column = Some(*column).filter(|column| *column > 0 && *line > 0);
    Annotation {
        path: if file.is_empty() { path.to_owned() } else { file.clone() },
        start_line: (*line).max(1),
        end_line: (*line).max(1),
        start_column: column,
        end_column: column,
        annotation_level: match level {
            Level::Error => "failure",
            Level::Warning => "warning",
            Level::Note => "notice",
        },
        title: clipped(format!("{rule} {title}").trim_end().to_owned(), LONGEST_TITLE),
        message: clipped(format!("{message} {help}").trim_end().to_owned(), LONGEST_MESSAGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_annotations_as_github_takes_them() {
        let error = Finding::new("ACC101", Level::Error, "It waits.", "Ask.").at("access.yaml", 9, 5);
        let nowhere = Finding::new("ACC015", Level::Warning, "Too much.", "");
        let calls = annotations("services/a/access.yaml", &[nowhere, error]);
        let expected = serde_json::json!([[
            {
                "path": "access.yaml", "start_line": 9, "end_line": 9, "start_column": 5, "end_column": 5,
                "annotation_level": "failure", "title": "ACC101 Access is asked for and not decided yet",
                "message": "It waits. Ask.",
            },
            {
                "path": "services/a/access.yaml", "start_line": 1, "end_line": 1, "annotation_level": "warning",
                "title": "ACC015 Access is granted that the file no longer requires", "message": "Too much.",
            },
        ]]);
        assert_eq!(serde_json::json!(calls), expected);
    }

    #[test]
    fn many_come_in_more_calls_the_worst_first() {
        let finding = |level: Level, line| Finding::new("x", level, "é".repeat(70_000), "").at("f", line, 0);
        let mut findings: Vec<Finding> = (1..=120).map(|line| finding(Level::Note, line)).collect();
        findings.push(finding(Level::Error, 500));
        let calls = annotations("f", &findings);
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 21]);
        assert_eq!((calls[0][0].start_line, calls[0][0].title.as_str()), (500, "x"));
        assert!(calls.iter().flatten().all(|one| one.message.len() < 65_536));
        findings.resize(10_000, finding(Level::Warning, 1));
        assert_eq!(annotations("f", &findings).iter().map(Vec::len).collect::<Vec<_>>(), [50; 10]);
    }
}
