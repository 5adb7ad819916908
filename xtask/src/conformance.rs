pub fn conformance() -> anyhow::Result<()> {
    Ok(())
}
