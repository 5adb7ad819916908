//! Containers by their number.

/// ISO 6346: the last digit is the weighted sum of the ten before it, modulo 11, modulo 10.
pub fn is_valid(container: &str) -> bool {
    container.len() == 11 && check_digit(&container[..10]).is_some_and(|digit| container.ends_with(digit))
}

fn check_digit(start: &str) -> Option<char> {
    let mut sum = 0;
    for (index, character) in start.chars().enumerate() {
        sum += value(character)? << index;
    }
    char::from_digit(sum % 11 % 10, 10)
}

/// Letters count from 10 and leave out the multiples of 11.
fn value(character: char) -> Option<u32> {
    let number = character.to_digit(36)?;
    Some(match number {
        0..=10 => number,
        11..=20 => number + 1,
        21..=30 => number + 2,
        _ => number + 3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standard() {
        assert!(is_valid("CSQU3054383"));
        assert!(!is_valid("CSQU3054384"));
        assert!(!is_valid("CSQU305438"));
    }
}
