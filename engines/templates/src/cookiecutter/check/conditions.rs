//! Branches that no answer reaches, and conditions that are true whatever is answered.

use std::collections::BTreeMap;
use std::ops::Range;

use super::domain::Domains;
use super::expression::{Expression, Known};
use crate::jinja::{PieceKind, Syntax, pieces, tokens};

/// A condition, and where it stands in its text.
pub struct Condition {
    pub place: Range<usize>,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It depends, or nobody knows.
    Open,
    /// It is true for all answers.
    Always,
    /// No answer makes it true, or none that comes to it.
    Never,
    /// It stands in a branch that is never reached.
    Within,
}

/// A part of a text, and whether answers leave it away.
pub enum Part {
    /// Plain text, under these conditions.
    Text(Range<usize>, Path),
    /// An expression that is written.
    Written(Expression, Path),
}

/// Conditions that have to be true for a part, or false.
type Path = Vec<(Expression, bool)>;

/// An `if` that is open.
#[derive(Default)]
struct Frame {
    earlier: Path,
    current: Option<(Expression, bool)>,
    dead: bool,
}

/// Every condition of `if` and `elif`, in their order.
pub fn conditions(source: &str, syntax: &Syntax, domains: &Domains) -> Vec<Condition> {
    let mut found = Vec::new();
    let condition = |path: &[(Expression, bool)], outer_is_dead: bool, expression: Expression, place: Range<usize>| {
        let verdict = if outer_is_dead { Verdict::Within } else { verdict(path, &expression, domains) };
        found.push(Condition { place, verdict });
        outer_is_dead || verdict == Verdict::Never
    };
    walk(source, syntax, condition, |_| {});
    found
}

/// The parts of a text.
pub fn parts(source: &str, syntax: &Syntax) -> Vec<Part> {
    let mut found = Vec::new();
    walk(source, syntax, |_, _, _, _| false, |part| found.push(part));
    found
}

fn verdict(path: &[(Expression, bool)], expression: &Expression, domains: &Domains) -> Verdict {
    let mut variables = BTreeMap::new();
    expression.variables(&mut variables);
    if !variables.keys().any(|name| domains.get(name).is_some()) {
        return Verdict::Open;
    }
    let whole: Vec<&Expression> = path.iter().map(|(expression, _)| expression).chain([expression]).collect();
    let cases = domains.cases(&whole, false);
    let mut reached = cases.iter().filter(|case| may_be(path, case)).peekable();
    if reached.peek().is_some() && reached.all(|case| expression.truth(case) == Some(false)) {
        return Verdict::Never;
    }
    let alone = domains.cases(&[expression], false);
    if !alone.is_empty() && alone.iter().all(|case| expression.truth(case) == Some(true)) {
        return Verdict::Always;
    }
    Verdict::Open
}

/// Whether a path may be taken in a case.
pub fn may_be(path: &[(Expression, bool)], case: &BTreeMap<&str, Known>) -> bool {
    path.iter().all(|(expression, wanted)| expression.truth(case) != Some(!wanted))
}

/// Goes through a text. `condition` is told each condition with the path to it, and says whether its branch is dead; `part` is
/// told the parts.
fn walk(
    source: &str,
    syntax: &Syntax,
    mut condition: impl FnMut(&[(Expression, bool)], bool, Expression, Range<usize>) -> bool,
    mut part: impl FnMut(Part),
) {
    let mut frames: Vec<Frame> = Vec::new();
    for piece in pieces(source, syntax) {
        let path = |frames: &[Frame]| -> Path {
            frames.iter().flat_map(|frame| frame.earlier.iter().chain(&frame.current)).cloned().collect()
        };
        let words = tokens(source, piece.inner.clone());
        match piece.kind {
            PieceKind::Text => part(Part::Text(piece.whole, path(&frames))),
            PieceKind::Comment => {}
            PieceKind::Variable => part(Part::Written(Expression::read(source, &words), path(&frames))),
            PieceKind::Block => {
                let Some((first, rest)) = words.split_first() else { continue };
                let expression = Expression::read(source, rest);
                let place = rest.first().map_or(piece.inner.clone(), |word| word.range.start..piece.inner.end);
                match &source[first.range.clone()] {
                    "if" => {
                        let outer = frames.last().is_some_and(|frame| frame.dead);
                        let dead = condition(&path(&frames), outer, expression.clone(), place);
                        frames.push(Frame { earlier: Vec::new(), current: Some((expression, true)), dead });
                    }
                    "elif" => {
                        let outer = frames.len().checked_sub(2).is_some_and(|at| frames[at].dead);
                        let Some(frame) = frames.last_mut() else { continue };
                        frame.earlier.extend(frame.current.take().map(|(expression, _)| (expression, false)));
                        let dead = condition(&path(&frames), outer, expression.clone(), place);
                        if let Some(frame) = frames.last_mut() {
                            (frame.current, frame.dead) = (Some((expression, true)), dead);
                        }
                    }
                    "else" => {
                        let outer = frames.len().checked_sub(2).is_some_and(|at| frames[at].dead);
                        let Some(frame) = frames.last_mut() else { continue };
                        frame.earlier.extend(frame.current.take().map(|(expression, _)| (expression, false)));
                        frame.dead = outer;
                    }
                    // A loop may have an `else` too.
                    "for" => {
                        frames.push(Frame { dead: frames.last().is_some_and(|frame| frame.dead), ..Frame::default() })
                    }
                    "endif" | "endfor" => drop(frames.pop()),
                    _ => {}
                }
            }
        }
    }
}
