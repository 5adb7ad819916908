//! Who wrote a file, and which push brought a commit.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::*;

const AT: i64 = NOW / 1_000;

fn head(made: &Made) -> String {
    made.git(&["rev-parse", "HEAD"])
}

#[test]
fn a_file_was_written_by_those_who_changed_it_since() {
    let made = Made::with(&[("access.yaml", "a"), ("README.md", "a")]);
    let start = head(&made);
    made.write(&[("README.md", "b")]);
    made.commit("Elsewhere", "Bob", "bob@example.com", AT);
    made.git(&["checkout", "--quiet", "-b", "more"]);
    made.write(&[("access.yaml", "b")]);
    made.commit("More\n\nCo-authored-by: Cid <cid@example.com>", "Ann", "1+ann@users.noreply.github.com", AT + 1);
    let more = head(&made);
    made.git(&["checkout", "--quiet", "main"]);
    made.write(&[("README.md", "c")]);
    made.commit("Elsewhere again", "Bob", "bob@example.com", AT + 2);
    made.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "more"]);

    let changes = made.open().changes_of("access.yaml", Some(&start), 100).unwrap();
    assert_eq!(changes.commits, BTreeSet::from([more.clone()]), "the merge changed nothing of it");
    let wrote: Vec<&str> = changes.authors.iter().map(|author| author.name.as_str()).collect();
    assert_eq!(wrote, ["Ann", "Cid"]);
    assert_eq!(changes.authors.first().unwrap().login(), Some("ann"));
    let all = made.open().changes_of("access.yaml", None, 100).unwrap();
    assert_eq!(all.commits, BTreeSet::from([more, start]));
    assert_eq!(made.open().changes_of("nothing", None, 100).unwrap().commits, BTreeSet::new());
}

#[test]
fn a_commit_came_with_the_first_that_has_it() {
    let made = Made::with(&[("a", "1")]);
    let mut ids = vec![head(&made)];
    for number in 1..5 {
        made.write(&[("a", &number.to_string())]);
        made.commit("More", "Ada", "ada@example.com", AT + number);
        ids.push(head(&made));
    }
    let (repository, wanted) = (made.open(), ids[..4].iter().cloned().collect());
    let tips = [ids[0].as_str(), &ids[2], &ids[4]];
    let found = repository.first_with(&wanted, &tips, 100).unwrap();
    let expected = [(0, 0), (1, 1), (2, 1), (3, 2)].map(|(commit, tip): (usize, usize)| (ids[commit].clone(), tip));
    assert_eq!(found, BTreeMap::from(expected));
    assert_eq!(repository.first_with(&wanted, &tips[..1], 100).unwrap().len(), 1, "what none has is left out");
    assert!(repository.first_with(&wanted, &tips, 2).is_err());
    assert!(repository.first_with(&wanted, &["0".repeat(40).as_str()], 100).is_err());
    assert!(repository.has_commit(&ids[1]) && !repository.has_commit(&"0".repeat(40)) && !repository.has_commit("x"));
    let tree = made.git(&["rev-parse", "HEAD^{tree}"]);
    assert!(!repository.has_commit(&tree));
}
