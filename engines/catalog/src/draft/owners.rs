//! Who CODEOWNERS names for the files of a module.

use std::collections::HashMap;

use engine_repo::codeowners::{self, Codeowners, Owner};

use super::modules::nearest;
use super::survey::{Survey, TEXT_BYTES};
use super::{Mention, Module, OwnerShare};

/// How many files are looked at, evenly spaced: of all modules together, and of one at least.
const SAMPLE: usize = 10_000;
const SAMPLE_OF_ONE: usize = 50;

/// How many owners of one module are kept.
const SHARES: usize = 5;

/// How many owners of one repository are kept.
const MENTIONS: usize = 300;

/// Where GitHub looks, in its order.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Fills in the owners of every module, and returns everybody who is named.
pub(super) fn assign(survey: &Survey, modules: &mut [Module]) -> Vec<Mention> {
    let Some(file) = PLACES.into_iter().find(|place| survey.tree.file(place).is_some()) else { return Vec::new() };
    let Some(text) = survey.text(file, 8 * TEXT_BYTES) else { return Vec::new() };
    let (codeowners, _) = codeowners::parse(file, &text);
    let mut files: Vec<Vec<&str>> = vec![Vec::new(); modules.len()];
    let index: HashMap<&str, usize> =
        modules.iter().enumerate().map(|(at, module)| (module.path.as_str(), at)).collect();
    for entry in survey.tree.files().iter().filter(|entry| entry.speaks()) {
        if let Some(at) = nearest(&index, entry.folder()) {
            files[at].push(&entry.path);
        }
    }
    let sample = (SAMPLE / modules.len().max(1)).max(SAMPLE_OF_ONE);
    let shares: Vec<Vec<OwnerShare>> = files.iter().map(|paths| shares(&codeowners, file, paths, sample)).collect();
    for (module, shares) in modules.iter_mut().zip(shares) {
        module.owners = shares;
    }
    mentions(&codeowners, file)
}

fn shares(codeowners: &Codeowners, file: &str, paths: &[&str], sample: usize) -> Vec<OwnerShare> {
    let step = paths.len().div_ceil(sample).max(1);
    let mut counts: HashMap<&Owner, (u32, HashMap<u32, u32>, usize)> = HashMap::new();
    let mut looked_at = 0u32;
    for path in paths.iter().step_by(step) {
        looked_at += 1;
        let Some(entry) = codeowners.owners_of(path) else { continue };
        for (position, owner) in entry.owners.iter().enumerate() {
            let (files, lines, first) = counts.entry(owner).or_insert((0, HashMap::new(), position));
            *files += 1;
            *lines.entry(entry.line).or_default() += 1;
            *first = (*first).min(position);
        }
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    // Among those who own the same files, the one that is named first leads.
    ranked.sort_by(|(a, (files_a, _, first_a)), (b, (files_b, _, first_b))| {
        files_b.cmp(files_a).then(first_a.cmp(first_b)).then(a.cmp(b))
    });
    let share = |(owner, (files, lines, _)): (&Owner, (u32, HashMap<u32, u32>, usize))| {
        let line =
            lines.into_iter().max_by_key(|&(line, count)| (count, std::cmp::Reverse(line))).map_or(0, |(line, _)| line);
        OwnerShare { owner: written(owner), files, of: looked_at, file: file.to_owned(), line }
    };
    ranked.into_iter().take(SHARES).map(share).collect()
}

fn mentions(codeowners: &Codeowners, file: &str) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for entry in codeowners.entries() {
        for owner in &entry.owners {
            if known.insert(owner) && found.len() < MENTIONS {
                found.push(Mention { owner: written(owner), file: file.to_owned(), line: entry.line });
            }
        }
    }
    found
}

fn written(owner: &Owner) -> String {
    match owner {
        Owner::User(login) => format!("@{login}"),
        Owner::Team { organisation, team } => format!("@{organisation}/{team}"),
        Owner::Email(address) => address.clone(),
    }
}
