//! A lineage as text.

use serde_json::{Map, Value, json};

use super::{FORMAT, Lineage, Programs, Record, RecordKind};

const HEAD: &str = "\
# What this project was made from. `slipway update` renders it again to tell what the template changed from what you did;
# `slipway diff` shows what you changed. Commit it with the project.
";

impl Lineage {
    /// The text of the file: the same for the same lineage, and one that a person can read and merge.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut file = Map::new();
        file.insert("format".to_owned(), FORMAT.into());
        let source = [("address", Some(&self.template.address)), ("directory", self.template.directory.as_ref())];
        file.insert("template".to_owned(), known(&source));
        let version = &self.version;
        let parts = [
            ("tag", version.tag.as_ref()),
            ("commit", version.commit.as_ref()),
            ("reference", version.reference.as_ref()),
        ];
        file.insert("version".to_owned(), known(&parts));
        file.insert("dialect".to_owned(), json!(self.dialect));
        if let Some(render) = self.render {
            let clock = render.clock.display_with_offset(render.offset).to_string();
            // As a text: numbers of YAML are exact up to 2⁵³ only.
            file.insert("render".to_owned(), json!({ "clock": clock, "seed": render.seed.to_string() }));
        }
        if self.programs == Programs::Skipped {
            file.insert("programs".to_owned(), json!("skipped"));
        }
        file.insert("answers".to_owned(), json!(self.answers));
        for (key, list) in [("secrets", &self.secrets), ("skip", &self.skip)] {
            if !list.is_empty() {
                file.insert(key.to_owned(), json!(list));
            }
        }
        if !self.unresolved.is_empty() {
            let entries = self.unresolved.iter().map(|left| (left.path.clone(), json!(left.sha256)));
            file.insert("unresolved".to_owned(), entries.collect::<Map<_, _>>().into());
        }
        let files = self.files.iter().map(|(path, record)| (path.clone(), record.to_string().into()));
        file.insert("files".to_owned(), files.collect::<Map<_, _>>().into());
        format!("{HEAD}{}", engine_yaml::emit(&file.into()))
    }
}

/// `644 6b86b2…` or `link 6b86b2…`.
impl std::fmt::Display for Record {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            RecordKind::File { mode } => write!(formatter, "{mode:o} {}", self.sha256),
            RecordKind::Link => write!(formatter, "link {}", self.sha256),
        }
    }
}

fn known(parts: &[(&str, Option<&String>)]) -> Value {
    parts
        .iter()
        .filter_map(|(key, value)| Some(((*key).to_owned(), json!(value.as_ref()?))))
        .collect::<Map<_, _>>()
        .into()
}
