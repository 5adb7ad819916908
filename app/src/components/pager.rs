//! Which part of a list this is, and the way to the others.

use crate::format;
use crate::html::Html;

/// The links of a list of `total` rows. `at` gives the address of a page.
pub fn pager(out: &mut Html, page: usize, per_page: usize, total: usize, at: impl Fn(usize) -> String) {
    let pages = total.div_ceil(per_page.max(1));
    if pages <= 1 {
        return;
    }
    out.raw("<nav class=\"pager-links\" aria-label=\"Pages\">");
    if page > 1 {
        out.raw("<a rel=\"prev\"").attribute("href", &at(page - 1)).raw(">Previous</a>");
    }
    for shown in shown(page, pages) {
        match shown {
            None => out.raw("<span aria-hidden=\"true\">…</span>"),
            Some(number) if number == page => {
                out.raw("<span aria-current=\"page\">").text(&format::number(number)).raw("</span>")
            }
            Some(number) => {
                out.raw("<a").attribute("href", &at(number)).attribute("aria-label", &format!("Page {number}"));
                out.raw(">").text(&format::number(number)).raw("</a>")
            }
        };
    }
    if page < pages {
        out.raw("<a rel=\"next\"").attribute("href", &at(page + 1)).raw(">Next</a>");
    }
    out.raw("</nav>");
}

/// `21–40 of 5 000`
pub fn range(page: usize, per_page: usize, total: usize) -> String {
    if total == 0 {
        return "0".to_owned();
    }
    let first = (page - 1) * per_page + 1;
    let last = (page * per_page).min(total);
    format!("{}–{} of {}", format::number(first), format::number(last), format::number(total))
}

/// First, last, and those around; `None` is a gap.
fn shown(page: usize, pages: usize) -> Vec<Option<usize>> {
    let mut shown = Vec::new();
    let mut before = 0;
    for number in 1..=pages {
        if number != 1 && number != pages && number.abs_diff(page) > 1 {
            continue;
        }
        if number > before + 1 {
            shown.push(if number == before + 2 { Some(number - 1) } else { None });
        }
        shown.push(Some(number));
        before = number;
        if number == page + 1 && pages > number + 1 {
            // The rest is a gap and the last one: do not walk over a million pages.
            shown.extend([if pages == number + 2 { Some(number + 1) } else { None }, Some(pages)]);
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_last_and_neighbours_are_shown() {
        let line = |page, pages| {
            shown(page, pages).iter().map(|n| n.map_or("…".to_owned(), |n| n.to_string())).collect::<Vec<_>>().join(" ")
        };
        let table = [
            (1, 2, "1 2"),
            (1, 9, "1 2 … 9"),
            (5, 9, "1 … 4 5 6 … 9"),
            (3, 5, "1 2 3 4 5"),
            (9, 9, "1 … 8 9"),
            (2, 4, "1 2 3 4"),
        ];
        for (page, pages, expected) in table {
            assert_eq!(line(page, pages), expected, "{page} of {pages}");
        }
    }

    #[test]
    fn ranges_count_from_one() {
        assert_eq!(range(2, 20, 33), "21–33 of 33");
        assert_eq!(range(1, 20, 0), "0");
    }
}
