//! From parser events to trees. Iterative, so that no nesting can exhaust the stack.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Span};

use super::scalar::resolve;
use super::{Document, Entry, Limits, Node, Value, YamlError};

/// Longer lists and mappings are no keys.
const LONGEST_COLLECTION_KEY: usize = 4096;

/// Takes the events of one stream and keeps the documents that are complete.
pub struct Builder<'a> {
    limits: &'a Limits,
    /// Of the whole file, to look at indentation.
    lines: &'a [&'a str],
    /// Index of the line at which the events begin.
    from: usize,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    /// Nodes so far, of all documents of the file.
    pub nodes: usize,
    pub documents: Vec<Document>,
    root: Option<Node>,
}

/// What an alias repeats.
struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

/// A collection that is not complete yet.
struct Frame {
    at: (u32, u32),
    anchor: usize,
    /// The count of nodes before it.
    nodes: usize,
    /// Of its highest child.
    height: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, keys: HashMap<String, (usize, Value)>, key: Option<Node> },
}

impl<'a> Builder<'a> {
    pub fn new(limits: &'a Limits, lines: &'a [&'a str], from: usize, nodes: usize) -> Self {
        Self {
            limits,
            lines,
            from,
            frames: Vec::new(),
            anchors: HashMap::new(),
            nodes,
            documents: Vec::new(),
            root: None,
        }
    }

    pub fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let at = inside(self.lines, place(span.start, self.from));
        match event {
            Event::DocumentStart(_) => {
                // Aliases do not reach into other documents.
                self.anchors.clear();
                self.root = None;
            }
            Event::DocumentEnd => {
                let root = self.root.take().unwrap_or(Node { line: at.0, column: at.1, value: Value::Null });
                self.documents.push(Document { root });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(at, 1)?;
                let at = if text.is_empty() && span.is_empty() { self.key_place().unwrap_or(at) } else { at };
                let value = resolve(&text, style, tag.as_deref());
                self.add(Node { line: at.0, column: at.1, value }, anchor, 1, 0)?;
            }
            Event::SequenceStart(anchor, _) => self.open(at, anchor, Content::Sequence(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                let content = Content::Mapping { entries: Vec::new(), keys: HashMap::new(), key: None };
                self.open(at, anchor, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => self.alias(at, anchor)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
        }
        Ok(())
    }

    /// Nothing that is written stands for an empty value: its key does.
    fn key_place(&self) -> Option<(u32, u32)> {
        match &self.frames.last()?.content {
            Content::Mapping { key: Some(key), .. } => Some((key.line, key.column)),
            Content::Mapping { .. } | Content::Sequence(_) => None,
        }
    }

    fn count(&mut self, at: (u32, u32), more: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes <= self.limits.nodes {
            return Ok(());
        }
        let message =
            format!("The file has more than {} values, aliases counted with what they repeat.", self.limits.nodes);
        Err(YamlError::new("yaml.limit", at, message, "Split the file, or write less through aliases."))
    }

    fn deep_enough(&self, at: (u32, u32), height: usize) -> Result<(), YamlError> {
        if self.frames.len() + height <= self.limits.depth {
            return Ok(());
        }
        Err(too_deep(at, self.limits))
    }

    fn open(&mut self, at: (u32, u32), anchor: usize, content: Content) -> Result<(), YamlError> {
        self.deep_enough(at, 1)?;
        let nodes = self.nodes;
        self.count(at, 1)?;
        self.frames.push(Frame { at, anchor, nodes, height: 0, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { entries, .. } => Value::Mapping(entries),
        };
        let node = Node { line: frame.at.0, column: frame.at.1, value };
        self.add(node, frame.anchor, self.nodes - frame.nodes, frame.height + 1)
    }

    fn alias(&mut self, at: (u32, u32), anchor: usize) -> Result<(), YamlError> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "The alias names an anchor that this document does not have before it.";
            return Err(YamlError::new("yaml.syntax", at, message, "Write the value out, or set the anchor above."));
        };
        let (nodes, height) = (anchored.nodes, anchored.height);
        self.deep_enough(at, height)?;
        self.count(at, nodes)?;
        let Some(value) = self.anchors.get(&anchor).map(|anchored| anchored.node.value.clone()) else { return Ok(()) };
        self.add(Node { line: at.0, column: at.1, value }, 0, nodes, height)
    }

    /// Puts a complete node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, nodes: usize, height: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, height });
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, keys, key } => match key.take() {
                None => {
                    no_tab_before(self.lines, &node)?;
                    *key = Some(node);
                }
                Some(key) => insert(entries, keys, key, node)?,
            },
        }
        Ok(())
    }
}

/// Adds an entry. Two keys that are the same are an error; two that only become the same as text (`1` and `"1"`) are
/// not, and the last one counts, as in a JavaScript object.
fn insert(
    entries: &mut Vec<Entry>,
    keys: &mut HashMap<String, (usize, Value)>,
    key: Node,
    value: Node,
) -> Result<(), YamlError> {
    let name = key_text(&key);
    let (line, column) = (key.line, key.column);
    // Within the text of a key that of another is escaped, which doubles it with every level.
    if matches!(key.value, Value::Sequence(_) | Value::Mapping(_)) && name.len() > LONGEST_COLLECTION_KEY {
        let message = format!("The key takes more than {LONGEST_COLLECTION_KEY} characters to write.");
        let help = "Use a text as the key: nothing that is read here needs lists or mappings there.";
        return Err(YamlError::new("yaml.limit", (line, column), message, help));
    }
    if let Some((index, known)) = keys.get_mut(&name) {
        if *known == key.value {
            let first = entries.get(*index).map_or(0, |entry| entry.line);
            let message = format!("The key `{name}` is written twice; it stands in line {first} already.");
            return Err(YamlError::new("yaml.duplicate-key", (line, column), message, "Keep one of the two."));
        }
        *known = key.value;
        if let Some(entry) = entries.get_mut(*index) {
            *entry = Entry { key: name, line, column, value };
        }
        return Ok(());
    }
    keys.insert(name.clone(), (entries.len(), key.value));
    entries.push(Entry { key: name, line, column, value });
    Ok(())
}

fn key_text(key: &Node) -> String {
    match &key.value {
        Value::Null => String::new(),
        Value::Sequence(_) | Value::Mapping(_) => key.to_json().to_string(),
        Value::String(_) | Value::Number(_) | Value::Bool(_) => key.scalar_text().unwrap_or_default(),
    }
}

/// The parser accepts tabs as indentation of a block mapping; YAML, and Backstage's parser, do not.
fn no_tab_before(lines: &[&str], key: &Node) -> Result<(), YamlError> {
    let line = lines.get(key.line as usize - 1).copied().unwrap_or_default();
    let indent: String = line.chars().take(key.column as usize - 1).collect();
    let opens_flow = |line: &str| line.trim_start().starts_with(['{', '[', '"', '}', ']']);
    if !indent.contains('\t') || !indent.trim().is_empty() || opens_flow(line) {
        return Ok(());
    }
    let message = "A tab indents this line; YAML allows only spaces there.";
    Err(YamlError::new("yaml.tab", (key.line, 1), message, "Put spaces in the place of the tab."))
}

pub fn too_deep(at: (u32, u32), limits: &Limits) -> YamlError {
    let message = format!("The values are nested more than {} levels deep.", limits.depth);
    YamlError::new("yaml.limit", at, message, "Nest less; nothing that is read here needs that depth.")
}

/// Line and column from 1, for a marker of a text that begins at the line with the index `from`.
pub fn place(marker: Marker, from: usize) -> (u32, u32) {
    let line = u32::try_from(from + marker.line().max(1)).unwrap_or(u32::MAX);
    let column = u32::try_from(marker.col() + 1).unwrap_or(u32::MAX);
    (line, column)
}

/// The parser puts what is missing at the end of the text one line too far: the place where the text ends.
pub fn inside(lines: &[&str], (line, column): (u32, u32)) -> (u32, u32) {
    let length =
        |line: &str| u32::try_from(line.trim_end_matches(['\r', '\n']).chars().count()).unwrap_or(u32::MAX - 1);
    match lines.get(line as usize - 1) {
        // Only the end of the text can be on a last line that is empty.
        Some(text) if (line as usize) < lines.len() || !text.is_empty() => (line, column.min(length(text) + 1)),
        _ => {
            let last = lines.iter().rposition(|line| !line.trim().is_empty()).unwrap_or(0);
            let column = lines.get(last).map_or(1, |line| length(line) + 1);
            (u32::try_from(last + 1).unwrap_or(u32::MAX), column)
        }
    }
}
