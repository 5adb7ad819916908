//! Findings as SARIF 2.1.0, which code hosts show beside the lines they speak of.

use model::{Finding, Findings, Level};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where the rules are described.
const RULES: &str = "https://slipway.dev/rules";

/// One run of this program with all its findings.
pub fn sarif(findings: &Findings) -> Value {
    let mut rules: Vec<&str> = findings.findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let described: Vec<Value> =
        rules.iter().map(|rule| json!({ "id": rule, "helpUri": format!("{RULES}#{rule}") })).collect();
    let results: Vec<Value> = findings.findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "slipway",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://slipway.dev",
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let text = match finding.help.as_str() {
        "" => finding.message.clone(),
        help => format!("{}\n{help}", finding.message),
    };
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": text },
        "partialFingerprints": { "slipwayFinding/v1": fingerprint(finding) },
    });
    if !finding.file.is_empty() {
        let mut place = json!({ "artifactLocation": { "uri": uri(&finding.file) } });
        if finding.line > 0 {
            place["region"] = json!({ "startLine": finding.line });
            if finding.column > 0 {
                place["region"]["startColumn"] = json!(finding.column);
            }
        }
        result["locations"] = json!([{ "physicalLocation": place }]);
    }
    result
}

/// The same finding in another line of the file is the same.
pub fn fingerprint(finding: &Finding) -> String {
    let hash = Sha256::digest(format!("{}\0{}\0{}", finding.rule, finding.file, finding.message));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A path as a relative reference (RFC 3986): names of templates hold braces and spaces.
fn uri(path: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    path.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_its_place_and_a_fingerprint_that_stays() {
        let finding = Finding::new("template.undefined", Level::Error, "no x", "did you mean y?");
        let one: Findings = vec![finding.clone().at("{{ cookiecutter.a }}/b c", 3, 7)].into();
        let moved: Findings = vec![finding.at("{{ cookiecutter.a }}/b c", 9, 1)].into();
        let (one, moved) = (sarif(&one), sarif(&moved));
        let result = &one["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "%7B%7B%20cookiecutter.a%20%7D%7D/b%20c");
        assert_eq!(place["region"], json!({ "startLine": 3, "startColumn": 7 }));
        assert_eq!(result["partialFingerprints"], moved["runs"][0]["results"][0]["partialFingerprints"]);
        assert_eq!(one["runs"][0]["tool"]["driver"]["rules"][0]["id"], "template.undefined");
    }
}
