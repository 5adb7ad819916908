//! How a template marks what is not plain text.

/// The delimiters and whitespace rules of an environment. The default is Jinja's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    pub block: (String, String),
    pub variable: (String, String),
    pub comment: (String, String),
    pub line_statement: Option<String>,
    pub line_comment: Option<String>,
    pub trim_blocks: bool,
    pub lstrip_blocks: bool,
    /// What each line end of a template becomes before it is rendered.
    pub newline: String,
}

impl Default for Syntax {
    fn default() -> Self {
        let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        Self {
            block: pair("{%", "%}"),
            variable: pair("{{", "}}"),
            comment: pair("{#", "#}"),
            line_statement: None,
            line_comment: None,
            trim_blocks: false,
            lstrip_blocks: false,
            newline: "\n".to_owned(),
        }
    }
}

impl Syntax {
    /// Whether a text may hold anything but plain text.
    pub fn occurs_in(&self, text: &str) -> bool {
        [&self.block.0, &self.variable.0, &self.comment.0].into_iter().any(|start| text.contains(start.as_str()))
            || self.line_statement.is_some()
            || self.line_comment.is_some()
    }

    /// The same for minijinja.
    ///
    /// # Errors
    /// Delimiters that are empty or equal.
    pub fn build(&self) -> Result<minijinja::syntax::SyntaxConfig, minijinja::Error> {
        let mut builder = minijinja::syntax::SyntaxConfig::builder();
        builder
            .block_delimiters(self.block.0.clone(), self.block.1.clone())
            .variable_delimiters(self.variable.0.clone(), self.variable.1.clone())
            .comment_delimiters(self.comment.0.clone(), self.comment.1.clone())
            .trim_blocks(self.trim_blocks)
            .lstrip_blocks(self.lstrip_blocks)
            .keep_trailing_newline(true);
        if let Some(prefix) = &self.line_statement {
            builder.line_statement_prefix(prefix.clone());
        }
        if let Some(prefix) = &self.line_comment {
            builder.line_comment_prefix(prefix.clone());
        }
        builder.build()
    }
}
