//! What was meant by a word that is not known.

/// The nearest of `known`, if it is near enough to be what was meant: a slip or two, a few more in a long word; or else
/// the word of which it is the beginning.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    let length = lower.chars().count();
    // Nothing that is longer was typed by mistake.
    if length > 200 {
        return None;
    }
    let slips = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let begins = length > SLIPS && candidate.starts_with(&lower);
        let is_short = candidate.chars().count().abs_diff(length) <= SLIPS;
        let slips = is_short.then(|| strsim::damerau_levenshtein(&lower, &candidate));
        slips.filter(|slips| *slips <= (length / 3).clamp(1, SLIPS)).or_else(|| begins.then_some(SLIPS + 1))
    };
    let alike = known.into_iter().filter_map(|candidate| Some((slips(candidate)?, candidate)));
    alike.min_by_key(|(slips, _)| *slips).map(|(_, candidate)| candidate)
}

/// How many letters of a word may be wrong.
const SLIPS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        assert_eq!(nearest("Componnent", ["Component", "API"]), Some("Component"));
        assert_eq!(nearest("Deployment", ["Component", "API"]), None);
        assert_eq!(nearest("paymnets", ["slipway-bot", "payments", "payment"]), Some("payments"));
        assert_eq!(nearest("payroll", ["payments", "slipway-bot"]), None);
        assert_eq!(nearest("ap", ["api", "app-server"]), Some("api"));
    }
}
