//! The fields of the index, and an entity as a document of it.

use model::Visibility;
use model::catalog::{CatalogRow, Field};
use tantivy::TantivyDocument;
use tantivy::schema::{IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RawTokenizer, RemoveLongFilter, SimpleTokenizer, TextAnalyzer,
};

use super::row::{kind_position, values};

/// Grows when documents are made differently; an index of another version is thrown away.
pub const VERSION: u32 = 2;

/// Names of the columns that order lists.
pub const ORDER: &str = "order";
pub const KIND_ORDER: &str = "kind_order";
pub const OWNER_ORDER: &str = "owner_order";
pub const ACTIVITY_ORDER: &str = "activity_order";
pub const SIZE_ORDER: &str = "size_order";
pub const FINDINGS_ORDER: &str = "findings_order";

const WORDS: &str = "words";
const RAW: &str = "raw";
const LONGEST_WORD: usize = 100;
/// One error comes before any number of warnings.
const ERRORS_WEIGH: u64 = 1_000_000;

/// Handles of the fields.
#[derive(Debug, Clone)]
pub struct Fields {
    pub reference: tantivy::schema::Field,
    pub visibility: tantivy::schema::Field,
    /// `yes` where a value waits for somebody's word.
    pub unsure: tantivy::schema::Field,
    /// Name and title, whole.
    pub whole: tantivy::schema::Field,
    /// Every word that the text filter looks at.
    pub words: tantivy::schema::Field,
    /// The row as JSON.
    pub row: tantivy::schema::Field,
    order: tantivy::schema::Field,
    kind_order: tantivy::schema::Field,
    owner_order: tantivy::schema::Field,
    activity_order: tantivy::schema::Field,
    size_order: tantivy::schema::Field,
    findings_order: tantivy::schema::Field,
    by: Vec<tantivy::schema::Field>,
}

impl Fields {
    pub fn by(&self, field: Field) -> tantivy::schema::Field {
        self.by[field as usize]
    }
}

/// The schema and its handles.
pub fn schema() -> (Schema, Fields) {
    let exact = TextFieldIndexing::default()
        .set_tokenizer(RAW)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let term = TextOptions::default().set_indexing_options(exact.clone());
    let words = TextOptions::default().set_indexing_options(exact.set_tokenizer(WORDS));
    let column = TextOptions::default().set_fast(RAW);
    let number = tantivy::schema::FAST;
    let mut builder = SchemaBuilder::new();
    let fields = Fields {
        reference: builder.add_text_field("reference", term.clone()),
        visibility: builder.add_text_field("visibility", term.clone()),
        unsure: builder.add_text_field("unsure", term.clone()),
        whole: builder.add_text_field("whole", term.clone()),
        words: builder.add_text_field("words", words),
        row: builder.add_text_field("row", STORED),
        order: builder.add_text_field(ORDER, column.clone()),
        kind_order: builder.add_u64_field(KIND_ORDER, number.clone()),
        owner_order: builder.add_text_field(OWNER_ORDER, column.clone()),
        activity_order: builder.add_text_field(ACTIVITY_ORDER, column),
        size_order: builder.add_u64_field(SIZE_ORDER, number.clone()),
        findings_order: builder.add_u64_field(FINDINGS_ORDER, number),
        by: Field::ALL.iter().map(|field| builder.add_text_field(field.key(), term.clone().set_fast(RAW))).collect(),
    };
    (builder.build(), fields)
}

/// What an index needs to know to read and write [`Fields::words`].
pub fn register(index: &tantivy::Index) {
    index.tokenizers().register(WORDS, analyzer());
}

fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(AsciiFoldingFilter)
        .filter(LowerCaser)
        .build()
}

/// The words of a text, as the index holds them.
pub fn words(text: &str) -> Vec<String> {
    tokens(&mut analyzer(), text)
}

/// The whole text without case and accents.
pub fn fold(text: &str) -> String {
    let mut analyzer =
        TextAnalyzer::builder(RawTokenizer::default()).filter(AsciiFoldingFilter).filter(LowerCaser).build();
    tokens(&mut analyzer, text).concat()
}

fn tokens(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    analyzer.token_stream(text).process(&mut |token| found.push(token.text.clone()));
    found
}

/// One entity as a document; `json` is `row`.
pub fn document(
    fields: &Fields,
    row: &CatalogRow,
    json: &str,
    visibility: Visibility,
    unsure: bool,
) -> TantivyDocument {
    let reference = row.reference.to_string();
    let label = row.title.as_deref().unwrap_or(&row.reference.name);
    let mut document = TantivyDocument::default();
    document.add_text(fields.reference, &reference);
    document.add_text(fields.visibility, visibility.as_str());
    if unsure {
        document.add_text(fields.unsure, "yes");
    }
    document.add_text(fields.row, json);
    document.add_text(fields.whole, fold(&row.reference.name));
    document.add_text(fields.words, &row.reference.name);
    if let Some(title) = &row.title {
        document.add_text(fields.whole, fold(title));
        document.add_text(fields.words, title);
    }
    let owner = row.owner.as_ref().map(|owner| owner.name.as_str());
    for text in row.description.as_deref().into_iter().chain(owner).chain(row.tags.iter().map(String::as_str)) {
        document.add_text(fields.words, text);
    }
    // A reference cannot hold this separator, so that no two entities compare equal.
    document.add_text(fields.order, format!("{}\u{0}{reference}", fold(label)));
    document.add_u64(fields.kind_order, kind_position(row));
    if let Some(owner) = &row.owner {
        document.add_text(fields.owner_order, format!("{}/{}", owner.name, owner.namespace));
    }
    if let Some(at) = row.last_commit_at {
        document.add_text(fields.activity_order, format!("{:020}", at.max(0)));
    }
    document.add_u64(fields.size_order, row.languages.iter().map(|(_, lines)| lines).sum());
    let findings = u64::from(row.errors).saturating_mul(ERRORS_WEIGH).saturating_add(u64::from(row.warnings));
    document.add_u64(fields.findings_order, findings);
    for field in Field::ALL {
        for value in values(row, field) {
            document.add_text(fields.by(field), value);
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_neither_case_nor_accents_nor_punctuation() {
        assert_eq!(words("Payments-API, Übersicht_v2"), ["payments", "api", "ubersicht", "v2"]);
        assert_eq!(words("!? --"), Vec::<String>::new());
        assert_eq!(fold("Zürich Portal"), "zurich portal");
    }
}
