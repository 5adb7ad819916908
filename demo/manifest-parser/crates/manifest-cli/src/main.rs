//! `manifest check FILE…`

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut problems = 0;
    for file in std::env::args().skip(2) {
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let manifest = harbour_manifest::edifact(&text);
                for problem in &manifest.problems {
                    println!("{file}:{problem}");
                }
                problems += manifest.problems.len();
            }
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(3);
            }
        }
    }
    if problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
