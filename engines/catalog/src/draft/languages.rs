//! Languages below the folder of a module.

use std::collections::HashMap;

use super::Module;
use super::modules::nearest;
use super::survey::Survey;

/// Languages by the ends of their files' names, as the counter of lines calls them.
const ENDS: [(&str, &str); 33] = [
    ("py", "Python"),
    ("rs", "Rust"),
    ("go", "Go"),
    ("js", "JavaScript"),
    ("mjs", "JavaScript"),
    ("cjs", "JavaScript"),
    ("jsx", "JSX"),
    ("ts", "TypeScript"),
    ("mts", "TypeScript"),
    ("tsx", "TSX"),
    ("java", "Java"),
    ("kt", "Kotlin"),
    ("cs", "C#"),
    ("c", "C"),
    ("h", "C Header"),
    ("cpp", "C++"),
    ("cc", "C++"),
    ("rb", "Ruby"),
    ("php", "PHP"),
    ("swift", "Swift"),
    ("scala", "Scala"),
    ("ex", "Elixir"),
    ("exs", "Elixir"),
    ("sh", "Shell"),
    ("html", "HTML"),
    ("css", "CSS"),
    ("scss", "Sass"),
    ("vue", "Vue"),
    ("svelte", "Svelte"),
    ("proto", "Protocol Buffers"),
    ("sql", "SQL"),
    ("tf", "HCL"),
    ("yaml", "YAML"),
];

/// Shares out the repository's lines of each language by how many of its files lie below each module. The root keeps
/// none of its own: the repository's stand for it.
pub(super) fn assign(survey: &Survey, modules: &mut [Module]) {
    if modules.len() < 2 {
        return;
    }
    let index: HashMap<&str, usize> =
        modules.iter().enumerate().map(|(at, module)| (module.path.as_str(), at)).collect();
    let ends: HashMap<&str, &str> = ENDS.into_iter().collect();
    let mut counts: Vec<HashMap<&str, u64>> = vec![HashMap::new(); modules.len()];
    let mut totals: HashMap<&str, u64> = HashMap::new();
    for file in survey.tree.files().iter().filter(|file| file.speaks()) {
        let Some(language) = file.name().rsplit_once('.').and_then(|(_, end)| ends.get(end)) else { continue };
        *totals.entry(language).or_default() += 1;
        if let Some(at) = nearest(&index, file.folder()) {
            *counts[at].entry(language).or_default() += 1;
        }
    }
    for (module, counts) in modules.iter_mut().zip(counts).filter(|(module, _)| !module.path.is_empty()) {
        let lines = survey.facts.languages.iter().filter_map(|language| {
            let (own, all) = (counts.get(language.language.as_str())?, totals.get(language.language.as_str())?);
            let code = language.code.saturating_mul(*own) / (*all).max(1);
            (code > 0).then(|| (language.language.clone(), code))
        });
        module.languages = lines.take(12).collect();
        module.languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        module.languages.truncate(6);
    }
}
