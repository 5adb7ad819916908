//! How much happens: a sparkline for rows, two years as a chart with a table beside it.

use model::repository::{ACTIVITY_WEEKS, Activity};

use crate::format;
use crate::html::Html;

const WEEK: i64 = 7 * 24 * 3600 * 1000;
/// The sparkline's points: four weeks each.
const WEEKS_A_POINT: usize = 4;

/// 80 × 20: four weeks a point, scaled to the row's own highest.
pub fn sparkline(out: &mut Html, weeks: &[u32]) {
    let total: u32 = weeks.iter().sum();
    let label = if total == 0 {
        "No commits in two years".to_owned()
    } else {
        format!("{} in two years", format::count(total, "commit", "commits"))
    };
    out.raw("<svg class=\"sparkline\" viewBox=\"0 0 80 20\" role=\"img\"").attribute("aria-label", &label).raw(">");
    let points: Vec<u32> = weeks.rchunks(WEEKS_A_POINT).rev().map(|chunk| chunk.iter().sum()).collect();
    let highest = points.iter().copied().max().unwrap_or_default();
    if highest == 0 || points.len() < 2 {
        out.raw("<path class=\"flat\" d=\"M1 18H79\"/></svg>");
        return;
    }
    let line = Html::new()
        .with(|line| {
            for (at, &value) in points.iter().enumerate() {
                let x = 10 + at * 780 / (points.len() - 1);
                // Up to 16 of 20 units, in tenths, so that small differences stay visible.
                let y = 180 - u64::from(value) * 160 / u64::from(highest);
                line.raw(if at == 0 { "M" } else { "L" }).plain(x / 10).raw(".").plain(x % 10);
                line.raw(" ").plain(y / 10).raw(".").plain(y % 10);
            }
        })
        .clone();
    out.raw("<path class=\"area\" d=\"")
        .add(&line)
        .raw("V19H1Z\"/><path class=\"line\" d=\"")
        .add(&line)
        .raw("\"/></svg>");
}

/// Two years of weeks as bars. The caption says what it means; the table says it in words.
pub fn chart(out: &mut Html, activity: &Activity) {
    const WIDTH: usize = 936;
    const HEIGHT: u64 = 140;
    const BAR: usize = 9;
    let weeks = &activity.weeks;
    let highest = u64::from(weeks.iter().copied().max().unwrap_or_default()).max(4);
    out.raw("<svg class=\"chart\" viewBox=\"0 0 968 172\" aria-hidden=\"true\">");
    for share in [2_u64, 1] {
        let y = 6 + HEIGHT - HEIGHT * share / 2;
        out.raw("<path class=\"grid\" d=\"M0 ").plain(y).raw("H936\"/><text x=\"942\" y=\"").plain(y + 4).raw("\">");
        out.text(&format::number(highest * share / 2)).raw("</text>");
    }
    out.raw("<path class=\"base\" d=\"M0 146H936\"/>");
    for (at, &value) in weeks.iter().enumerate().filter(|(_, value)| **value > 0) {
        let height = (u64::from(value) * HEIGHT / highest).max(2);
        let from_right = weeks.len() - at;
        let x = WIDTH.saturating_sub(from_right * BAR) + 1;
        let begins = activity.last_week - (from_right as i64 - 1) * WEEK;
        out.raw("<rect class=\"bar\" x=\"").plain(x).raw("\" y=\"").plain(146 - height).raw("\" width=\"7\" height=\"");
        out.plain(height).raw("\" rx=\"1\"><title>").text(&format::count(value, "commit", "commits"));
        out.raw(" in the week of ").text(&format::day(begins)).raw("</title></rect>");
    }
    for quarter in 0..8_usize {
        let week = quarter * 13;
        let begins = activity.last_week - (ACTIVITY_WEEKS - 1 - week) as i64 * WEEK;
        out.raw("<text x=\"").plain(week * BAR).raw("\" y=\"166\">").text(&month(begins)).raw("</text>");
    }
    out.raw("</svg>");
}

/// The same as the chart, four weeks a row, newest first.
pub fn table(out: &mut Html, activity: &Activity) {
    out.raw("<details><summary class=\"button\">Show as a table</summary><div class=\"table-wrap\">");
    out.raw("<table class=\"table table-plain\"><caption class=\"visually-hidden\">Human commits, four weeks a row</caption>");
    out.raw("<thead><tr><th scope=\"col\">Four weeks from</th><th scope=\"col\" class=\"number\">Commits</th></tr></thead><tbody>");
    for (at, chunk) in activity.weeks.rchunks(WEEKS_A_POINT).enumerate() {
        let begins = activity.last_week - (at * WEEKS_A_POINT + chunk.len() - 1) as i64 * WEEK;
        out.raw("<tr><td>").text(&format::day(begins)).raw("</td><td class=\"number\">");
        out.text(&format::number(chunk.iter().sum::<u32>())).raw("</td></tr>");
    }
    out.raw("</tbody></table></div></details>");
}

/// `Nov 2024`
fn month(at: i64) -> String {
    format::day(at).split_once(' ').map(|(_, month)| month.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_scales_to_its_highest() {
        let mut weeks = vec![0; ACTIVITY_WEEKS];
        weeks[103] = 8;
        weeks[50] = 4;
        let mut out = Html::new();
        sparkline(&mut out, &weeks);
        insta::assert_snapshot!(out.as_str());
    }

    #[test]
    fn nothing_is_a_flat_line() {
        for weeks in [vec![], vec![0; ACTIVITY_WEEKS], vec![3]] {
            let mut out = Html::new();
            sparkline(&mut out, &weeks);
            assert!(out.as_str().contains("class=\"flat\""));
        }
    }

    #[test]
    fn the_table_counts_what_the_chart_shows() {
        let activity = Activity { last_week: 1_793_577_600_000, weeks: (0..104).collect() };
        let mut out = Html::new();
        table(&mut out, &activity);
        assert!(out.as_str().contains("<td class=\"number\">406</td>"), "100 + 101 + 102 + 103");
        chart(&mut out, &activity);
        assert_eq!(out.as_str().matches("<rect class=\"bar\"").count(), 103);
    }
}
