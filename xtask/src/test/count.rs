//! Adding up what the test runners say.

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    /// Names of those that failed.
    pub failures: Vec<String>,
}

impl Count {
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failures.extend(other.failures);
    }

    /// Takes in one line of `cargo test`: the result line of a test binary, or the name of a test that failed.
    pub fn read_cargo_line(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            if let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<usize>), words.next()) {
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.skipped += number,
                    _ => {}
                }
            }
        }
    }

    /// Reads Playwright's JSON report. A test that passed only at its second try counts as failed.
    pub fn from_playwright(report: &str) -> Result<Self> {
        let report: Report = serde_json::from_str(report).context("Playwright's report could not be read")?;
        let mut failures = Vec::new();
        report.suites.iter().for_each(|suite| suite.collect_failures(&mut failures));
        failures.extend(report.errors.into_iter().map(|error| error.message));
        let Stats { expected, unexpected, flaky, skipped } = report.stats;
        Ok(Self { passed: expected, failed: unexpected + flaky, skipped, failures })
    }
}

#[derive(Deserialize)]
struct Report {
    stats: Stats,
    #[serde(default)]
    suites: Vec<Suite>,
    #[serde(default)]
    errors: Vec<ReportError>,
}

#[derive(Deserialize)]
struct Stats {
    expected: usize,
    unexpected: usize,
    flaky: usize,
    skipped: usize,
}

#[derive(Deserialize)]
struct ReportError {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Suite {
    title: String,
    #[serde(default)]
    suites: Vec<Suite>,
    #[serde(default)]
    specs: Vec<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    title: String,
    ok: bool,
}

impl Suite {
    fn collect_failures(&self, failures: &mut Vec<String>) {
        failures
            .extend(self.specs.iter().filter(|spec| !spec.ok).map(|spec| format!("{}: {}", self.title, spec.title)));
        self.suites.iter().for_each(|suite| suite.collect_failures(failures));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn result_lines_of_cargo_add_up() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.12s",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            count.read_cargo_line(line);
        }
        assert_eq!(count, Count { passed: 7, failed: 1, skipped: 4, failures: vec!["a::c".into()] });
    }

    #[test]
    fn a_flaky_browser_test_is_a_failure() {
        let report = r#"{"suites": [{"title": "a.spec.ts", "specs": [{"title": "x", "ok": false}],
            "suites": [{"title": "b", "specs": [{"title": "y", "ok": true}, {"title": "z", "ok": false}]}]}],
            "errors": [], "stats": {"expected": 1, "unexpected": 1, "flaky": 1, "skipped": 2}}"#;
        let count = Count::from_playwright(report).unwrap();
        assert_eq!((count.passed, count.failed, count.skipped), (1, 2, 2));
        assert_eq!(count.failures, ["a.spec.ts: x", "b: z"]);
    }
}
