//! Markdown of repositories as safe HTML.
