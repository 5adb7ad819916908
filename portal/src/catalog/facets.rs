//! Counts of many fields in one pass over the matching documents.

use std::collections::HashMap;

use model::catalog::Field;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

/// Counts the values of some fields, and the documents.
pub struct Counting(pub Vec<Field>);

/// The counts, in the order of the fields that were asked for.
#[derive(Debug, Default)]
pub struct Counts {
    pub total: usize,
    pub values: Vec<HashMap<String, usize>>,
}

impl Collector for Counting {
    type Fruit = Counts;
    type Child = CountingSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<CountingSegment> {
        let columns = self.0.iter().map(|field| {
            let column = segment.fast_fields().str(field.key())?;
            let terms = column.as_ref().map_or(0, |column| column.num_terms());
            Ok(column.map(|column| (column, vec![0; terms])))
        });
        Ok(CountingSegment { total: 0, columns: columns.collect::<tantivy::Result<_>>()? })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Counts>>) -> tantivy::Result<Counts> {
        let mut all = Counts { total: 0, values: vec![HashMap::new(); self.0.len()] };
        for segment in segments {
            let segment = segment?;
            all.total += segment.total;
            for (all, counts) in all.values.iter_mut().zip(segment.values) {
                for (value, count) in counts {
                    *all.entry(value).or_default() += count;
                }
            }
        }
        Ok(all)
    }
}

/// Counts ordinals; they become texts only at the end, and only those that occur.
pub struct CountingSegment {
    total: usize,
    columns: Vec<Option<(StrColumn, Vec<u32>)>>,
}

impl SegmentCollector for CountingSegment {
    type Fruit = tantivy::Result<Counts>;

    fn collect(&mut self, document: DocId, _: Score) {
        self.collect_block(&[document]);
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        self.total += documents.len();
        for (column, counts) in self.columns.iter_mut().flatten() {
            for document in documents {
                for ordinal in column.ords().values_for_doc(*document) {
                    if let Some(count) = counts.get_mut(ordinal as usize) {
                        *count += 1;
                    }
                }
            }
        }
    }

    fn harvest(self) -> tantivy::Result<Counts> {
        let values = self.columns.into_iter().map(|column| column.map_or(Ok(HashMap::new()), texts));
        Ok(Counts { total: self.total, values: values.collect::<tantivy::Result<_>>()? })
    }
}

fn texts((column, counts): (StrColumn, Vec<u32>)) -> tantivy::Result<HashMap<String, usize>> {
    let occurring = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let (ordinals, counts): (Vec<u64>, Vec<usize>) =
        occurring.map(|(ordinal, count)| (ordinal as u64, *count as usize)).unzip();
    let mut texts = Vec::with_capacity(ordinals.len());
    let complete = column
        .dictionary()
        .sorted_ords_to_term_cb(&ordinals, |term| texts.push(String::from_utf8_lossy(term).into_owned()))?;
    if !complete {
        return Err(TantivyError::InternalError("a term of a column is missing from its dictionary".to_owned()));
    }
    Ok(texts.into_iter().zip(counts).collect())
}
