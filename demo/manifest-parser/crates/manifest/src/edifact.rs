//! UN/EDIFACT IFTMCS: segments end with `'`, elements with `+`, components with `:`.

use crate::{Container, Manifest, Problem};

pub fn parse(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut number = None;
    for (segment, line) in text.split('\'').zip(1..) {
        let elements: Vec<_> = segment.trim().split('+').collect();
        match elements.as_slice() {
            ["EQD", "CN", container, ..] => number = Some((*container).to_owned()),
            ["MEA", _, _, weight, ..] => match (number.take(), kilograms(weight)) {
                (Some(number), Some(kilograms)) => manifest.containers.push(Container { number, kilograms, line }),
                (Some(_), None) => manifest.problems.push(Problem {
                    line,
                    column: 1,
                    message: format!("weight \"{weight}\" is no number: EDIFACT wants a point"),
                }),
                (None, _) => {}
            },
            _ => {}
        }
    }
    manifest
}

fn kilograms(text: &str) -> Option<f64> {
    let (unit, value) = text.split_once(':')?;
    let value: f64 = value.parse().ok()?;
    match unit {
        "KGM" => Some(value),
        "LBR" => Some(value * 0.453_592_37),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn pounds_become_kilograms() {
        let manifest = super::parse("EQD+CN+CSQU3054383'MEA+AAE+G+LBR:1000'");
        assert_eq!(manifest.containers[0].kilograms.round(), 454.0);
    }
}
