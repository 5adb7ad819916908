//! Structured logs, for people or for machines, on standard error.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts logging; the level was checked when the configuration was read.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| OneLine(io::stderr()));
    match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Keeps each entry on its line: what others say may hold line breaks, and would read as an entry of its own (ASVS 5.0,
/// 16.4.1). tracing-subscriber hands over one whole entry at a time.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let (text, end): (&[u8], &[u8]) = match entry.split_last() {
            Some((b'\n', text)) => (text, b"\n"),
            _ => (entry, b""),
        };
        let mut line = Vec::with_capacity(entry.len());
        for byte in text {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                byte => line.push(*byte),
            }
        }
        line.extend_from_slice(end);
        self.0.write_all(&line)?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_whatever_others_say() {
        let mut written = Vec::new();
        for entry in ["INFO one\n", "WARN two: the host says\r\nINFO nothing happened\n", "cut"] {
            assert!(OneLine(&mut written).write_all(entry.as_bytes()).is_ok());
        }
        let text = String::from_utf8(written).unwrap_or_default();
        assert_eq!(text, "INFO one\nWARN two: the host says\\r\\nINFO nothing happened\ncut");
    }
}
