//! Reads the contents of a tree once: counts lines by language, and sees what only a file's own head says.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::Kind;
use model::repository::{LanguageLines, PathClass};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokei::LanguageType;

use crate::objects::{Lent, Objects};
use crate::repository::hexadecimal;
use crate::{File, FileKind, ReadError, classify};

/// Files above this size, in bytes, are not counted: nobody wrote them by hand.
const LARGEST_COUNTED: usize = 1024 * 1024;

/// Files that are read together at most; also what a [`ScanCache`] remembers together.
const TOGETHER: usize = 256;

/// Below this many files, reading everything again costs less than remembering.
const WORTH_REMEMBERING: usize = 2_000;

/// Changes when the same contents could give another result.
const VERSION: u8 = 1;

/// Sizes up to which a file that is not counted is looked into for a Git LFS pointer.
const LARGEST_POINTER: u64 = 300;

/// What an earlier scan counted, by the hash of what was read. Kept by the caller between two snapshots of a large
/// repository, so that a commit costs only the folders that it touched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScanCache(BTreeMap<String, Part>);

/// What was counted last in large repositories, by where they are. A hint only: keys are hashes of what was read.
static REMEMBERED: Mutex<BTreeMap<PathBuf, Arc<ScanCache>>> = Mutex::new(BTreeMap::new());

/// At most this many repositories are remembered; each takes some hundred kilobytes.
const MOST_REMEMBERED: usize = 32;

/// What this process counted last in the repository at `path`.
pub(crate) fn recall(path: &Path) -> Option<Arc<ScanCache>> {
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
}

pub(crate) fn remember(path: &Path, cache: Arc<ScanCache>) {
    let mut remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    if remembered.len() >= MOST_REMEMBERED && !remembered.contains_key(path) {
        remembered.pop_first();
    }
    remembered.insert(path.to_owned(), cache);
}

/// What the contents said.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// By name of the language.
    pub(crate) languages: BTreeMap<String, Lines>,
    pub(crate) bytes: u64,
    /// By index of the file.
    pub(crate) notes: Vec<(usize, Note)>,
    pub(crate) cache: Option<Arc<ScanCache>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lines {
    files: u64,
    code: u64,
    comments: u64,
    blanks: u64,
}

/// What is remarkable about one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Note {
    Generated(String),
    /// A description of an API: `OpenAPI`, `Swagger`, `AsyncAPI`.
    Api(String),
    /// Size of what the Git LFS pointer stands for, in bytes.
    Lfs(u64),
    /// Bytes of a file that is never loaded.
    Large(u64),
    Unreadable(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    #[serde(rename = "l")]
    languages: BTreeMap<String, Lines>,
    #[serde(rename = "b")]
    bytes: u64,
    /// By position in the part.
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<(usize, Note)>,
}

/// Reads what may be counted of `files`, whose blobs are `ids`.
pub(crate) fn scan(files: &[File], ids: &[ObjectId], objects: &Objects, previous: Option<&ScanCache>) -> Scanned {
    let parts = parts(files);
    let read: Vec<(&Vec<usize>, String, Part)> = parts
        .par_iter()
        .map_init(
            || (objects.lend(), Vec::new()),
            |(lent, buffer), part| {
                let key = key(part, files, ids);
                let known = previous.and_then(|cache| cache.0.get(&key)).cloned();
                let result = known.unwrap_or_else(|| read_part(part, files, ids, lent, buffer));
                (part, key, result)
            },
        )
        .collect();
    let mut scanned = Scanned::default();
    let mut cache = (files.len() >= WORTH_REMEMBERING).then(ScanCache::default);
    for (indices, key, part) in read {
        scanned.bytes += part.bytes;
        for (language, lines) in &part.languages {
            scanned.languages.entry(language.clone()).or_default().add(*lines);
        }
        scanned.notes.extend(part.notes.iter().filter_map(|(at, note)| Some((*indices.get(*at)?, note.clone()))));
        let whole = !part.notes.iter().any(|(_, note)| matches!(note, Note::Unreadable(_)));
        if let Some(cache) = cache.as_mut().filter(|_| whole) {
            cache.0.insert(key, part);
        }
    }
    scanned.notes.sort_by_key(|(at, _)| *at);
    scanned.cache = cache.map(Arc::new);
    scanned
}

/// The indices of the files by folder, small folders together. Where one part ends depends on the names of folders more
/// than on what is in them, so that a new file changes the part that it is in and few others.
fn parts(files: &[File]) -> Vec<Vec<usize>> {
    let mut folders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate().filter(|(_, file)| file.is_blob()) {
        folders.entry(file.folder()).or_default().push(at);
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new()];
    for (folder, indices) in folders {
        let ends = Sha256::digest(folder.as_bytes())[0] % 16 == 0;
        for piece in indices.chunks(TOGETHER) {
            match parts.last_mut() {
                Some(part) if part.len() + piece.len() <= TOGETHER => part.extend_from_slice(piece),
                _ => parts.push(piece.to_vec()),
            }
        }
        if ends {
            parts.push(Vec::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Covers everything that [`read_part`] depends on.
fn key(part: &[usize], files: &[File], ids: &[ObjectId]) -> String {
    let mut hash = Sha256::new();
    hash.update([VERSION]);
    for &at in part {
        hash.update(ids[at].as_bytes());
        hash.update([files[at].class as u8, u8::from(files[at].kind == FileKind::Executable)]);
        hash.update(files[at].path.as_bytes());
        hash.update([0]);
    }
    hexadecimal(&hash.finalize()[..12])
}

fn read_part(part: &[usize], files: &[File], ids: &[ObjectId], lent: &Lent<'_>, buffer: &mut Vec<u8>) -> Part {
    let mut result = Part::default();
    for (position, &at) in part.iter().enumerate() {
        let (bytes, note) = match read_file(&files[at], ids[at], lent, buffer, &mut result.languages) {
            Ok(read) => read,
            Err(ReadError::TooLarge { size, .. }) => (size, Some(Note::Large(size))),
            Err(error) => (0, Some(Note::Unreadable(error.to_string()))),
        };
        result.bytes += bytes;
        result.notes.extend(note.map(|note| (position, note)));
        // One large file must not make every thread keep its size.
        if buffer.capacity() > 2 * LARGEST_COUNTED {
            *buffer = Vec::new();
        }
    }
    result
}

/// The size of the file in bytes and what is remarkable about it; its lines are added to `languages`.
fn read_file(
    file: &File,
    id: ObjectId,
    lent: &Lent<'_>,
    buffer: &mut Vec<u8>,
    languages: &mut BTreeMap<String, Lines>,
) -> Result<(u64, Option<Note>), ReadError> {
    let counted = matches!(file.class, PathClass::Source | PathClass::Test);
    let by_name = if counted { language_of(file.name()) } else { None };
    if by_name.is_none() && !(counted && may_be_script(file)) {
        let (_, size) = lent.size(&id)?;
        if size > LARGEST_POINTER {
            return Ok((size, (size > crate::objects::LARGEST_OBJECT as u64).then_some(Note::Large(size))));
        }
    }
    lent.read_as(&id, Kind::Blob, buffer)?;
    let size = buffer.len() as u64;
    if let Some(pointed) = classify::lfs_pointer(buffer) {
        return Ok((size, Some(Note::Lfs(pointed))));
    }
    let Some(language) = by_name.or_else(|| shebang(buffer)).filter(|_| counted) else { return Ok((size, None)) };
    if buffer.len() > LARGEST_COUNTED || classify::is_binary(buffer) {
        return Ok((size, None));
    }
    if let Some(why) = classify::generated_header(buffer).or_else(|| classify::minified(file.name(), buffer)) {
        return Ok((size, Some(Note::Generated(why.to_owned()))));
    }
    if let Some(lines) = count(language, buffer) {
        languages.entry(language.name().to_owned()).or_default().add(lines);
    }
    let data = matches!(language, LanguageType::Yaml | LanguageType::Json);
    let api = api(buffer).filter(|_| data && file.class == PathClass::Source);
    Ok((size, api.map(|api| Note::Api(api.to_owned()))))
}

/// The language that a name stands for.
///
/// Tokei opens files without an ending to look for `#!`. The zero byte in front makes that fail before anything is
/// opened: these are names of a tree and not of this machine's files.
fn language_of(name: &str) -> Option<LanguageType> {
    let language = LanguageType::from_path(Path::new(&format!("\0/{name}")), &tokei::Config::default())?;
    let uncounted = matches!(language, LanguageType::Svg | LanguageType::Text);
    (!uncounted).then_some(language)
}

fn may_be_script(file: &File) -> bool {
    !file.name().trim_start_matches('.').contains('.')
}

fn shebang(bytes: &[u8]) -> Option<LanguageType> {
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.get(..200).unwrap_or(line)).ok()?;
    let mut words = line.split_whitespace().filter(|word| !word.starts_with('-') && !word.contains('='));
    let mut program = words.next()?.rsplit('/').next()?;
    if program == "env" {
        program = words.next()?.rsplit('/').next()?;
    }
    match program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "sh" | "dash" | "ash" => Some(LanguageType::Sh),
        "bash" => Some(LanguageType::Bash),
        "zsh" => Some(LanguageType::Zsh),
        "fish" => Some(LanguageType::Fish),
        "python" | "uv" => Some(LanguageType::Python),
        "node" | "nodejs" | "bun" => Some(LanguageType::JavaScript),
        "deno" | "tsx" | "ts-node" => Some(LanguageType::TypeScript),
        "ruby" => Some(LanguageType::Ruby),
        "perl" => Some(LanguageType::Perl),
        "php" => Some(LanguageType::Php),
        "lua" => Some(LanguageType::Lua),
        "awk" | "gawk" => Some(LanguageType::AWK),
        _ => None,
    }
}

/// Lines of one file. A counter that fails on odd input must not take the reading of a repository with it.
fn count(language: LanguageType, bytes: &[u8]) -> Option<Lines> {
    let stats = catch_unwind(AssertUnwindSafe(|| language.parse_from_slice(bytes, &tokei::Config::default()))).ok()?;
    let mut lines =
        Lines { files: 1, code: stats.code as u64, comments: stats.comments as u64, blanks: stats.blanks as u64 };
    for (inner, blob) in &stats.blobs {
        let all = blob.summarise();
        // Markdown inside of code is its documentation; other languages inside (a script in HTML) are code.
        if *inner == LanguageType::Markdown {
            lines.comments += (all.code + all.comments) as u64;
        } else {
            lines.code += all.code as u64;
            lines.comments += all.comments as u64;
        }
        lines.blanks += all.blanks as u64;
    }
    Some(lines)
}

/// The kind of API description that the head of a YAML or JSON text declares at its top level.
fn api(bytes: &[u8]) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]);
    let json = head.trim_start().starts_with('{');
    head.lines().take(100).find_map(|line| {
        let line = if json { line.trim_start_matches(|c: char| c.is_whitespace() || "{,".contains(c)) } else { line };
        let line = line.trim_start_matches(['"', '\'']);
        let (key, value) = line.split_once(':')?;
        let digit = value.trim_start().trim_start_matches(['"', '\'']).starts_with(|c: char| c.is_ascii_digit());
        match key.trim_end().trim_end_matches(['"', '\'']) {
            "openapi" if digit => Some("OpenAPI"),
            "swagger" if digit => Some("Swagger"),
            "asyncapi" if digit => Some("AsyncAPI"),
            _ => None,
        }
    })
}

impl Lines {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.code += other.code;
        self.comments += other.comments;
        self.blanks += other.blanks;
    }
}

/// Formats of data and prose: they stand behind what somebody programmed, however long they are.
const NOT_PROGRAMMED: &[&str] = &[
    "YAML",
    "JSON",
    "JSON5",
    "TOML",
    "XML",
    "XSL",
    "INI",
    "Properties File",
    "Markdown",
    "MDX",
    "ReStructuredText",
    "AsciiDoc",
    "Org",
    "TeX",
    "HTML",
    "CSV",
    "Protocol Buffers",
    "GraphQL",
    "Po File",
    "Jupyter Notebooks",
    "Module-Definition",
    "Hex",
    "Intel HEX",
    "DOT",
    "License",
    "Mustache",
    "Pan",
];

impl Scanned {
    /// Programming languages first, then data and prose; most lines first in each.
    pub(crate) fn languages(&self) -> Vec<LanguageLines> {
        let mut languages: Vec<LanguageLines> = self
            .languages
            .iter()
            .map(|(language, lines)| LanguageLines {
                language: language.clone(),
                files: lines.files,
                code: lines.code,
                comments: lines.comments,
                blanks: lines.blanks,
            })
            .collect();
        let programmed = |lines: &LanguageLines| !NOT_PROGRAMMED.contains(&lines.language.as_str());
        languages.sort_by(|a, b| {
            programmed(b)
                .cmp(&programmed(a))
                .then(b.code.cmp(&a.code))
                .then(b.comments.cmp(&a.comments))
                .then(a.language.cmp(&b.language))
        });
        languages
    }
}
