//! Cells of tables that people open in a spreadsheet.

/// A spreadsheet runs a cell that begins like a formula (OWASP, "CSV Injection"); a quote before it makes it text.
pub fn defused(cell: impl Into<String>) -> String {
    let cell = cell.into();
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn cells_cannot_be_formulas() {
        for (cell, safe) in
            [("=cmd()", "'=cmd()"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("payments", "payments")]
        {
            assert_eq!(defused(cell), safe);
        }
    }
}
