//! Pieces of queries that are put together.

use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::identity::Readable;

/// ` AND (…)`: only rows that may be read. `visibility` is the column of a row's visibility, `repository` that of the id of
/// the repository that it belongs to.
pub fn may_read<DB>(query: &mut QueryBuilder<DB>, readable: &Readable, visibility: &str, repository: &str)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    query.push(" AND (").push(visibility).push(" IN (");
    any_of(query, readable.visibilities().iter().map(|visibility| visibility.as_str()));
    if let Some(account) = readable.account() {
        query.push(" OR ").push(visibility).push(" = 'readers' AND ").push(repository);
        query.push(" IN (SELECT repository FROM account_repositories WHERE account = ");
        query.push_bind(account.to_owned()).push(")");
    }
    query.push(")");
}

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
