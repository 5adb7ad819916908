//! What the lines of a rendered file end with.

use model::Findings;

use super::{Template, one};

/// What every line ends with where `_new_lines` says it.
pub fn configured(template: &Template) -> Result<Option<String>, Findings> {
    match template.manifest.variables.get("_new_lines") {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => Ok(None),
        Some(serde_json::Value::String(text)) if text.is_empty() => Ok(None),
        Some(serde_json::Value::String(text)) if matches!(text.as_str(), "\n" | "\r" | "\r\n") => {
            Ok(Some(text.clone()))
        }
        Some(other) => {
            let message = format!("lines cannot end with {other}");
            Err(one(template.manifest.finding("template.newline", &["_new_lines"], message, "give \\n, \\r\\n or \\r")))
        }
    }
}

/// What the lines of a file end with, as cookiecutter finds it: it reads one line of the file, for which Python reads blocks
/// of 8 192 bytes, and takes the first of the line ends in them in the order `\r`, `\n`, `\r\n`.
pub fn first(content: &[u8]) -> &'static str {
    const BLOCK: usize = 8_192;
    let line = content.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let Some(line) = line else { return "\n" };
    // A `\r` at the end of a block may be the first half of a `\r\n`: the line ends only in the next block.
    let split = usize::from(content[line] == b'\r' && (line + 1).is_multiple_of(BLOCK));
    let read = &content[..content.len().min((line / BLOCK + 1 + split) * BLOCK)];
    let (mut unix, mut windows) = (false, false);
    for (at, byte) in read.iter().enumerate() {
        match byte {
            // The last byte of a block waits for the next one.
            b'\r' if at + 1 == read.len() && read.len() < content.len() => {}
            b'\r' if read.get(at + 1) == Some(&b'\n') => windows = true,
            b'\r' => return "\r",
            b'\n' if at == 0 || read[at - 1] != b'\r' => unix = true,
            _ => {}
        }
    }
    if unix || !windows { "\n" } else { "\r\n" }
}
