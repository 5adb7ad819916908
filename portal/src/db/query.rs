//! Pieces of queries that are put together.

use sqlx::{Database, Encode, QueryBuilder, Type};

/// The values of an `IN (…)`, with the bracket that closes it.
pub fn any_of<'a, DB>(query: &mut QueryBuilder<DB>, values: impl Iterator<Item = &'a str>)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value.to_owned());
    }
    query.push(")");
}

/// For `LIKE … ESCAPE '!'`: the word anywhere, with nothing in it that matches more than itself.
pub fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars().flat_map(char::to_lowercase) {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
