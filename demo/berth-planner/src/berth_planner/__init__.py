"""Which ship lies at which berth, and when."""
