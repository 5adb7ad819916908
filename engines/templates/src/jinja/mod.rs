//! Jinja as the dialects share it.
