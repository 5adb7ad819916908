//! Cargo manifests, whatever they are written in.

mod edifact;

pub use edifact::parse as edifact;

/// One container on a ship.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub number: String,
    pub kilograms: f64,
    /// Where it stood in the file.
    pub line: u32,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{line}:{column} {message}")]
pub struct Problem {
    pub line: u32,
    pub column: u32,
    pub message: String,
}

/// Everything that could be read, and everything that could not.
#[derive(Debug, Default)]
pub struct Manifest {
    pub containers: Vec<Container>,
    pub problems: Vec<Problem>,
}
