//! What chance makes: the keys and passwords that a script of the template draws anew each time it runs. Two renders of the same
//! version show where, and there the project keeps what it has.

use model::{Finding, Level};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::three::put;
use crate::lineage::FILE;
use crate::tree::{Entry, Tree};

/// What stands before and behind a value in its line.
const EDGES: &[char] = &[' ', '\t', '=', ':', ',', '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>'];

/// A render of the recorded version and one of the wanted version, in which chance made what the project has.
#[derive(Clone, Debug, PartialEq)]
pub struct Steady {
    pub base: Tree,
    pub theirs: Tree,
    /// The files in which something is made by chance.
    pub paths: Vec<String>,
}

/// Takes chance out of an update: `base` and `again` are two renders of the recorded version, `theirs` is the wanted one. A line
/// that differs between the two becomes the project's own in `base` and `theirs`, so that it is no change of the template; where
/// lines cannot be told apart, the whole file does.
#[must_use]
pub fn steady(project: &Tree, base: &Tree, again: &Tree, theirs: &Tree) -> Steady {
    let mut steady = Steady { base: base.clone(), theirs: theirs.clone(), paths: Vec::new() };
    for (path, entry) in base.iter() {
        let (Some(once), Some(twice)) = (content(Some(entry)), content(again.get(path))) else { continue };
        if once == twice {
            continue;
        }
        steady.paths.push(path.to_owned());
        let Some(ours) = content(project.get(path)) else { continue };
        let wanted = content(theirs.get(path));
        match by_line(once, twice, ours, wanted.unwrap_or_default()) {
            Some((base, theirs)) => {
                replace(&mut steady.base, path, &base);
                if wanted.is_some() {
                    replace(&mut steady.theirs, path, &theirs);
                }
            }
            None => {
                replace(&mut steady.base, path, ours);
                if wanted.is_some() {
                    replace(&mut steady.theirs, path, ours);
                }
            }
        }
    }
    steady
}

impl Steady {
    /// What whoever updates should know of it.
    #[must_use]
    pub fn note(&self) -> Option<Finding> {
        let (first, more) = (self.paths.first()?, self.paths.len() - 1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message =
            format!("A script of the template makes something by chance in {first}{more}: the project keeps its own.");
        let help = "Nothing has to be done: keys and passwords of the project stay what they are.";
        Some(Finding::new("update.chance", Level::Note, message, help).at(FILE, 0, 0))
    }
}

fn content(entry: Option<&Entry>) -> Option<&[u8]> {
    match entry {
        Some(Entry::File { content, .. }) => Some(content),
        _ => None,
    }
}

fn replace(tree: &mut Tree, path: &str, content: &[u8]) {
    if let Some(Entry::File { mode, .. }) = tree.get(path) {
        let entry = Entry::file(content, *mode);
        put(tree, path, Some(&entry));
    }
}

/// `once` and `theirs` with the lines of `ours` where chance made them; `None` where it cannot be said by the line.
fn by_line(once: &[u8], twice: &[u8], ours: &[u8], theirs: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let [mut once, twice, ours, mut theirs] = [once, twice, ours, theirs].map(|it| std::str::from_utf8(it).map(lines));
    let (once, twice, ours, theirs) = (once.as_mut().ok()?, twice.ok()?, ours.ok()?, theirs.as_mut().ok()?);
    if once.len() != twice.len() {
        return None;
    }
    let mut drawn = Vec::new();
    for (number, (one, other)) in once.iter().zip(&twice).enumerate() {
        if one != other {
            drawn.push((number, Around::both(one, other)?));
        }
    }
    let (in_ours, in_theirs) = (found(once, &ours, &drawn), found(once, theirs, &drawn));
    for ((&(number, _), in_ours), in_theirs) in drawn.iter().zip(in_ours).zip(in_theirs) {
        let kept = in_ours.and_then(|it| ours.get(it)).or(once.get(number)).copied()?;
        *once.get_mut(number)? = kept;
        if let Some(line) = in_theirs.and_then(|it| theirs.get_mut(it)) {
            *line = kept;
        }
    }
    Some((once.concat().into_bytes(), theirs.concat().into_bytes()))
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Where each drawn line of `once` stands in `other`: at the same place between lines that are equal, with the same around its value.
fn found(once: &[&str], other: &[&str], drawn: &[(usize, Around<'_>)]) -> Vec<Option<usize>> {
    let mut places = vec![None; drawn.len()];
    for op in capture_diff_slices(Algorithm::Myers, once, other) {
        let (old, new) = (op.old_range(), op.new_range());
        let mut from = new.start;
        for ((number, around), place) in drawn.iter().zip(&mut places).filter(|((number, _), _)| old.contains(number)) {
            *place = match op {
                DiffOp::Equal { .. } => Some(new.start + (number - old.start)),
                _ => (from..new.end).find(|&line| other.get(line).is_some_and(|line| around.is_of(line))),
            };
            from = place.map_or(from, |place| place + 1);
        }
    }
    places
}

/// What a line has before and behind the value that chance made.
#[derive(Clone, Copy)]
struct Around<'a> {
    before: &'a str,
    behind: &'a str,
}

impl<'a> Around<'a> {
    /// What both lines have in common, to the edges of the value. `None` where that says nothing.
    fn both(one: &'a str, other: &str) -> Option<Self> {
        let (one, other) = (one.trim_end_matches(['\r', '\n']), other.trim_end_matches(['\r', '\n']));
        let before: usize = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        let before = one.get(..before)?;
        let before = before.rfind(EDGES).and_then(|edge| before.get(..=edge)).unwrap_or_default();
        let (one, other) = (one.get(before.len()..)?, other.get(before.len()..)?);
        let common = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b);
        let behind: usize = common.map(|(a, _)| a.len_utf8()).sum();
        let behind = one.get(one.len() - behind..)?;
        let behind = behind.find(EDGES).and_then(|edge| behind.get(edge..)).unwrap_or_default();
        let says_something = |text: &str| text.chars().any(char::is_alphanumeric);
        (says_something(before) || says_something(behind)).then_some(Self { before, behind })
    }

    fn is_of(&self, line: &str) -> bool {
        let line = line.trim_end_matches(['\r', '\n']);
        line.strip_prefix(self.before).is_some_and(|rest| rest.ends_with(self.behind))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn tree(text: &str) -> Tree {
        let mut tree = Tree::default();
        tree.insert("env", Entry::file(text.as_bytes(), 0o644)).unwrap();
        tree
    }

    fn texts(project: &str, base: &str, again: &str, theirs: &str) -> (String, String) {
        let steady = steady(&tree(project), &tree(base), &tree(again), &tree(theirs));
        let text = |tree: &Tree| String::from_utf8(content(tree.get("env")).unwrap().to_vec()).unwrap();
        (text(&steady.base), text(&steady.theirs))
    }

    #[test]
    fn the_project_keeps_its_key_and_takes_what_is_new() {
        let (base, theirs) = texts(
            "# env\nKEY=project\nURL=a/\nDEBUG=no\n",
            "# env\nKEY=one\nURL=b/\nDEBUG=no\n",
            "# env\nKEY=other\nURL=c/\nDEBUG=no\n",
            "# env\nNEW=drawn\nKEY=third\nURL=d/\nDEBUG=yes\n",
        );
        assert_eq!(base, "# env\nKEY=project\nURL=a/\nDEBUG=no\n");
        assert_eq!(theirs, "# env\nNEW=drawn\nKEY=project\nURL=a/\nDEBUG=yes\n");
    }

    #[test]
    fn lines_that_look_alike_are_told_by_their_place() {
        let (base, theirs) = texts(
            "    default=\"p1\",\n# two\n    default=\"p2\",\n    default=\"sqlite\",\n",
            "    default=\"a1\",\n# two\n    default=\"a2\",\n    default=\"sqlite\",\n",
            "    default=\"b1\",\n# two\n    default=\"b2\",\n    default=\"sqlite\",\n",
            "    default=\"c1\",\n# two\n    default=\"c2\",\n    default=\"sqlite\",\n",
        );
        assert_eq!(base, "    default=\"p1\",\n# two\n    default=\"p2\",\n    default=\"sqlite\",\n");
        assert_eq!(theirs, base);
    }

    #[test]
    fn a_line_that_the_team_took_out_is_no_change_of_the_template() {
        let (base, theirs) = texts("A=1\n", "A=1\nKEY=a\n", "A=1\nKEY=b\n", "A=2\nKEY=c\n");
        assert_eq!((base.as_str(), theirs.as_str()), ("A=1\nKEY=a\n", "A=2\nKEY=a\n"));
    }

    #[test]
    fn what_cannot_be_told_by_the_line_stays_as_a_whole() {
        for (base, again) in [("abc\n", "xyz\n"), ("a: 1\n", "a: 1\nb: 2\n"), ("\"k1\"\n", "\"k2\"\n")] {
            let (base, theirs) = texts("mine\n", base, again, "new\n");
            assert_eq!((base.as_str(), theirs.as_str()), ("mine\n", "mine\n"));
        }
    }

    #[test]
    fn what_is_the_same_each_time_is_left_alone() {
        let (base, theirs) = texts("KEY=mine\n", "KEY=a\n", "KEY=a\n", "KEY=b\n");
        assert_eq!((base.as_str(), theirs.as_str()), ("KEY=a\n", "KEY=b\n"));
        assert_eq!(steady(&tree("x"), &tree("a"), &tree("a"), &tree("b")).note(), None);
    }
}
