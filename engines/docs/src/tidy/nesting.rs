//! Which element ends which, in as much of HTML's rules as keeps the output well-formed.

/// Elements without content.
pub fn is_void(name: &str) -> bool {
    matches!(name, "br" | "col" | "hr" | "img" | "input" | "source")
}

pub fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Ends an open paragraph (HTML standard, "if the stack of open elements has a p element in button scope").
fn is_block(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "blockquote"
                | "center"
                | "details"
                | "div"
                | "dl"
                | "dd"
                | "dt"
                | "figcaption"
                | "figure"
                | "hr"
                | "li"
                | "ol"
                | "p"
                | "pre"
                | "section"
                | "summary"
                | "table"
                | "ul"
        )
}

/// The part of a table that ends where `name` begins, and where the search for it stops.
fn table_part(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "td" | "th" => Some(&["td", "th"]),
        "tr" => Some(&["td", "th", "tr"]),
        "thead" | "tbody" | "tfoot" => Some(&["td", "th", "tr", "thead", "tbody", "tfoot", "caption", "colgroup"]),
        _ => None,
    }
}

/// The outermost open element that a start tag `name` ends, as an index into `open`.
pub fn closed_by(open: &[String], name: &str) -> Option<usize> {
    let within = |parts: &[&str], stops: &[&str]| {
        let mut found = None;
        for (index, element) in open.iter().enumerate().rev() {
            if parts.contains(&element.as_str()) {
                found = Some(index);
            } else if stops.contains(&element.as_str()) {
                break;
            }
        }
        found
    };
    if let Some(parts) = table_part(name) {
        return within(parts, &["table"]);
    }
    let item = match name {
        "li" => within(&["li"], &["ol", "ul", "table", "td", "th"]),
        "dd" | "dt" => within(&["dd", "dt"], &["dl", "table", "td", "th"]),
        _ => None,
    };
    let heading = open.last().filter(|last| is_heading(name) && is_heading(last)).map(|_| open.len() - 1);
    let paragraph = if is_block(name) {
        within(&["p"], &["table", "td", "th", "caption", "li", "blockquote", "div"])
    } else {
        None
    };
    [item, heading, paragraph].into_iter().flatten().min()
}

/// The open element that an end tag `name` ends; a cell keeps what was open around its table from being closed in it.
pub fn may_close(open: &[String], name: &str) -> Option<usize> {
    let stops: &[&str] = match name {
        "table" => &[],
        _ if table_part(name).is_some() || matches!(name, "caption" | "colgroup") => &["table"],
        _ => &["table", "td", "th", "caption"],
    };
    for (index, element) in open.iter().enumerate().rev() {
        if element == name {
            return Some(index);
        }
        if stops.contains(&element.as_str()) {
            return None;
        }
    }
    None
}
