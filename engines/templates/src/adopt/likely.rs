//! The likeliest of several revisions.

use std::collections::BTreeMap;

/// What is near: revisions next to each other are seldom told apart, and hardly ever need be.
const NEAR: usize = 5;
/// What costs so much more than the least is out of the question.
const WORSE: f64 = 2.0;

/// Of revisions with what each costs (the negative logarithm of how likely it is) the one that has the true one most likely
/// near it. Of several, the middle one.
pub(super) fn likeliest(costs: &BTreeMap<usize, f64>) -> Option<usize> {
    let least = costs.values().copied().fold(f64::INFINITY, f64::min);
    if !least.is_finite() {
        return None;
    }
    let mass = |at: usize| -> f64 {
        costs.range(at.saturating_sub(NEAR)..=at + NEAR).map(|(_, cost)| (least - cost).exp()).sum()
    };
    let likely = costs.iter().filter(|(_, cost)| **cost <= least + WORSE).map(|(at, _)| (*at, mass(*at)));
    let likely: Vec<(usize, f64)> = likely.collect();
    let most = likely.iter().map(|(_, mass)| *mass).fold(0.0, f64::max);
    let best: Vec<usize> = likely.into_iter().filter(|(_, mass)| *mass >= most * 0.999).map(|(at, _)| at).collect();
    best.get(best.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_is_where_most_is_near() {
        let costs = |cost: fn(usize) -> f64| (0..100).map(|at| (at, cost(at))).collect::<BTreeMap<_, _>>();
        assert_eq!(likeliest(&costs(|at| if at == 40 { 0.0 } else { 9.0 })), Some(40));
        // Between 20 and 60 nothing tells them apart.
        let run = likeliest(&costs(|at| if (20..=60).contains(&at) { 0.0 } else { 9.0 }));
        assert_eq!(run, Some(40));
        // One alone is less likely than many that are nearly as good.
        let many = likeliest(&costs(|at| match at {
            5 => 0.0,
            50..=54 => 0.5,
            _ => 9.0,
        }));
        assert_eq!(many, Some(52));
        assert_eq!(likeliest(&BTreeMap::new()), None);
    }
}
