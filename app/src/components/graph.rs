//! The neighbourhood of one entity as a picture. The lists below it say the same in words.

use crate::html::Html;

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub label: String,
    /// `None` for what the catalog does not have.
    pub address: Option<String>,
    /// A class of `tokens.css`.
    pub hue: &'static str,
    /// Reached while running, not when building: the line is dashed.
    pub calls: bool,
}

/// The most boxes on one side; the rest is a number.
const MOST: usize = 8;
const BOX_WIDTH: u64 = 220;
const BOX_HEIGHT: u64 = 34;
const STEP: u64 = 44;
const TOP: u64 = 44;

/// Who uses it on the left, what it uses on the right.
pub fn neighbourhood(out: &mut Html, centre: &Node, uses_it: &[Node], it_uses: &[Node]) {
    let rows = side_rows(uses_it).max(side_rows(it_uses)).max(1) as u64;
    let height = TOP + rows * STEP + 8;
    let middle = TOP + (rows * STEP - STEP) / 2;
    out.raw("<div class=\"graph-wrap\" tabindex=\"0\" role=\"region\" aria-label=\"Neighbourhood, as a picture\">");
    out.raw("<svg class=\"graph\" viewBox=\"-24 0 928 ").plain(height).raw("\" role=\"group\" aria-label=\"");
    out.text(&centre.label).raw(" and what it is connected with\">");
    out.raw(
        "<text class=\"heading\" x=\"0\" y=\"26\">Used by</text><text class=\"heading\" x=\"660\" y=\"26\">Uses</text>",
    );
    side(out, uses_it, 0, rows, |out, y, class| {
        let (from, to) = (y + BOX_HEIGHT / 2, middle + BOX_HEIGHT / 2);
        edge(out, class, BOX_WIDTH, from, 330, to);
    });
    side(out, it_uses, 660, rows, |out, y, class| {
        let (from, to) = (middle + BOX_HEIGHT / 2, y + BOX_HEIGHT / 2);
        edge(out, class, 330 + BOX_WIDTH, from, 660, to);
    });
    out.raw("<g class=\"self\">");
    node(out, centre, 330, middle);
    out.raw("</g></svg></div>");
}

fn side_rows(nodes: &[Node]) -> usize {
    if nodes.len() > MOST { MOST + 1 } else { nodes.len() }
}

fn side(out: &mut Html, nodes: &[Node], x: u64, rows: u64, line: impl Fn(&mut Html, u64, &'static str)) {
    let shown = &nodes[..nodes.len().min(MOST)];
    let offset = (rows - side_rows(nodes) as u64) * STEP / 2;
    let y = |at: usize| TOP + offset + at as u64 * STEP;
    for (at, neighbour) in shown.iter().enumerate() {
        line(out, y(at), if neighbour.calls { "edge edge-calls" } else { "edge" });
        let class = if neighbour.address.is_some() { "" } else { "missing" };
        out.raw("<g").attribute("class", class).raw(">");
        node(out, neighbour, x, y(at));
        out.raw("</g>");
    }
    if nodes.len() > MOST {
        out.raw("<text class=\"heading\" x=\"").plain(x + 12).raw("\" y=\"").plain(y(MOST) + 20).raw("\">and ");
        out.plain(nodes.len() - MOST).raw(" more, listed below</text>");
    }
}

fn edge(out: &mut Html, class: &'static str, x1: u64, y1: u64, x2: u64, y2: u64) {
    let bend = (x1 + x2) / 2;
    out.raw("<path")
        .attribute("class", class)
        .raw(" d=\"M")
        .plain(x1)
        .raw(" ")
        .plain(y1)
        .raw("C")
        .plain(bend)
        .raw(" ")
        .plain(y1);
    out.raw(" ").plain(bend).raw(" ").plain(y2).raw(" ").plain(x2 - 6).raw(" ").plain(y2).raw("\"/>");
    out.raw("<path class=\"arrow\" d=\"M").plain(x2 - 8).raw(" ").plain(y2 - 4).raw("l8 4-8 4z\"/>");
}

fn node(out: &mut Html, node: &Node, x: u64, y: u64) {
    if let Some(address) = &node.address {
        out.raw("<a").attribute("href", address).raw(">");
    }
    out.raw("<rect class=\"box\" x=\"")
        .plain(x)
        .raw("\" y=\"")
        .plain(y)
        .raw("\" width=\"220\" height=\"34\" rx=\"6\"/>");
    out.raw("<rect class=\"bar ").raw(node.hue).raw("\" x=\"").plain(x + 10).raw("\" y=\"").plain(y + 11);
    out.raw("\" width=\"4\" height=\"12\" rx=\"2\"/><text x=\"")
        .plain(x + 22)
        .raw("\" y=\"")
        .plain(y + 21)
        .raw("\">")
        .text(&shortened(&node.label))
        .raw("</text>");
    if node.address.is_some() {
        out.raw("</a>");
    }
}

/// What fits into a box.
fn shortened(label: &str) -> String {
    const FITS: usize = 27;
    if label.chars().count() <= FITS {
        return label.to_owned();
    }
    label.chars().take(FITS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize) -> Vec<Node> {
        (0..count)
            .map(|at| Node {
                label: format!("service-{at}"),
                address: Some(format!("/{at}")),
                hue: "hue-blue",
                calls: at % 2 == 0,
            })
            .collect()
    }

    #[test]
    fn what_does_not_fit_is_a_number() {
        let centre = Node {
            label: "a-very-long-name-of-a-component-here".to_owned(),
            address: None,
            hue: "hue-blue",
            calls: false,
        };
        let mut out = Html::new();
        neighbourhood(&mut out, &centre, &nodes(11), &nodes(1));
        assert!(out.as_str().contains("and 3 more, listed below"));
        assert!(out.as_str().contains("a-very-long-name-of-a-comp…"));
        assert_eq!(out.as_str().matches("edge-calls").count(), 5);
    }

    #[test]
    fn alone_it_is_one_box() {
        let mut out = Html::new();
        neighbourhood(&mut out, &nodes(1)[0], &[], &[]);
        assert_eq!(out.as_str().matches("class=\"box\"").count(), 1);
    }
}
