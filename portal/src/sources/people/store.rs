//! SQL of teams, members and readers.

use std::collections::{BTreeMap, BTreeSet};

use engine_catalog::link::forge::{ForgeMember, ForgePeople, ForgeTeam, TeamRight};
use sqlx::QueryBuilder;

use super::read::{Asked, PeopleListing};
use crate::db::{Db, Tx, on};
use crate::error::Result;
use crate::forge::Role;
use crate::sources::store::mark_changed;

/// Rows of one statement.
const ROWS: usize = 500;

/// A holder of rights: a team, a person, or every member of the organisation.
const TEAM: &str = "team";
const PERSON: &str = "person";
const MEMBERS: &str = "members";

type Reader = (String, String, String, String);
type TeamRow = (String, String, Option<String>, bool, Option<String>);

/// Everything of one source, as it stands in the tables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    /// Slug, name, description, secret, parent.
    teams: BTreeSet<TeamRow>,
    members: BTreeSet<(String, bool)>,
    /// Team and login.
    in_teams: BTreeSet<(String, String)>,
    /// Stable key, holder, its name, role.
    readers: BTreeSet<Reader>,
}

/// When the people of a source were last listed: never if 0. Below 0 they are due, since something was told of them; each
/// time it is another number, so that what is told while they are listed is not taken for listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(i64);

impl Mark {
    /// `None` if they are due.
    pub fn listed_at(self) -> Option<i64> {
        Some(self.0).filter(|at| *at > 0)
    }
}

/// When the people of a source were last listed, and how many teams it has.
pub async fn mark(db: &Db, source: &str) -> Result<(Mark, i64)> {
    let at: Option<Option<i64>> = on!(db, p => sqlx::query_scalar("SELECT people_at FROM forge_accounts WHERE source = $1")
        .bind(source).fetch_optional(p).await)?;
    let teams = on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM forge_teams WHERE source = $1")
        .bind(source).fetch_one(p).await)?;
    Ok((Mark(at.flatten().unwrap_or_default()), teams))
}

/// Makes the people of a source due: the next look at it lists them. In the transaction of what told of teams and members.
pub async fn make_due(tx: &mut Tx, source: &str) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO forge_accounts (source, credentials, people_at) VALUES ($1, '', -1)
         ON CONFLICT (source) DO UPDATE SET people_at =
             CASE WHEN forge_accounts.people_at < 0 THEN forge_accounts.people_at - 1 ELSE -1 END")
        .bind(source).execute(p).await.map(drop))?;
    Ok(())
}

/// That the people of a source were asked for, when `before` was its mark.
pub async fn write_at(db: &Db, source: &str, before: Mark, now: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    mark_listed(&mut tx, source, before, now).await?;
    tx.commit().await
}

async fn mark_listed(tx: &mut Tx, source: &str, before: Mark, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO forge_accounts (source, credentials, people_at) VALUES ($1, '', $2)
         ON CONFLICT (source) DO UPDATE SET people_at = excluded.people_at
         WHERE COALESCE(forge_accounts.people_at, 0) = $3")
        .bind(source).bind(now).bind(before.0).execute(p).await.map(drop))?;
    Ok(())
}

/// The repositories of a source in sight that are not public at the forge.
pub async fn private(db: &Db, source: &str) -> Result<Vec<Asked>> {
    let rows: Vec<(String, String)> = on!(db, p => sqlx::query_as(
        "SELECT stable_key, name FROM repositories WHERE source = $1 AND gone_at IS NULL AND unseen_since IS NULL
         AND forge LIKE '%\"visibility\":\"private\"%' ORDER BY id")
        .bind(source).fetch_all(p).await)?;
    Ok(rows.into_iter().map(|(stable_key, name)| Asked { stable_key, name }).collect())
}

/// Stable key and whether it is private (else internal), of those in sight that are not public.
async fn closed(db: &Db, source: &str) -> Result<Vec<(String, bool)>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT stable_key, forge LIKE '%\"visibility\":\"private\"%' FROM repositories
         WHERE source = $1 AND gone_at IS NULL AND forge IS NOT NULL AND forge NOT LIKE '%\"visibility\":\"public\"%'")
        .bind(source).fetch_all(p).await)?)
}

/// Writes what was listed since `mark` in one transaction; gives whether anything changed.
pub async fn write(db: &Db, source: &str, listing: &PeopleListing, mark: Mark, now: i64) -> Result<bool> {
    let before = rows(db, source).await?;
    let after = listed(&before, listing, &closed(db, source).await?, &prefix(db, source).await?);
    let changed = before != after;
    let mut tx = db.begin().await?;
    if changed {
        replace(&mut tx, source, &after).await?;
        mark_changed(&mut tx).await?;
    }
    mark_listed(&mut tx, source, mark, now).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What stands before a number in the stable keys of a source: `github:github.com:`.
async fn prefix(db: &Db, source: &str) -> Result<String> {
    let key: Option<String> = on!(db, p => sqlx::query_scalar(
        "SELECT stable_key FROM repositories WHERE source = $1 AND stable_key LIKE 'github:%' ORDER BY id DESC LIMIT 1")
        .bind(source).fetch_optional(p).await)?;
    Ok(key.and_then(|key| Some(format!("{}:", key.rsplit_once(':')?.0))).unwrap_or_default())
}

fn listed(before: &Rows, listing: &PeopleListing, closed: &[(String, bool)], prefix: &str) -> Rows {
    let mut rows = Rows { members: listing.members.iter().cloned().collect(), ..Rows::default() };
    for one in &listing.teams {
        let team = &one.team;
        let slug = team.slug.clone();
        rows.in_teams.extend(one.members.iter().map(|login| (slug.clone(), login.clone())));
        let right = |(id, role): &(u64, Role)| {
            (format!("{prefix}{id}"), TEAM.to_owned(), slug.clone(), role_name(*role).to_owned())
        };
        rows.readers.extend(one.repositories.iter().map(right));
        let row = (slug.clone(), team.name.clone(), team.description.clone(), team.secret, team.parent.clone());
        rows.teams.insert(row);
    }
    for (key, is_private) in closed {
        let role = if *is_private { listing.everybody } else { listing.everybody.or(Some(Role::Read)) };
        let role = role.map(|role| role_name(role).to_owned());
        rows.readers.extend(role.map(|role| (key.clone(), MEMBERS.to_owned(), String::new(), role)));
    }
    let asked: BTreeMap<&str, &Vec<(String, Role)>> =
        listing.collaborators.iter().map(|(key, people)| (key.as_str(), people)).collect();
    let keys: BTreeSet<&str> = closed.iter().map(|(key, _)| key.as_str()).collect();
    let kept = before.readers.iter().filter(|(key, holder, ..)| {
        holder == PERSON && !asked.contains_key(key.as_str()) && keys.contains(key.as_str())
    });
    rows.readers.extend(kept.cloned());
    for (key, people) in asked {
        let person = |(login, role): &(String, Role)| {
            (key.to_owned(), PERSON.to_owned(), login.clone(), role_name(*role).to_owned())
        };
        rows.readers.extend(people.iter().map(person));
    }
    rows
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Triage => "triage",
        Role::Write => "write",
        Role::Maintain => "maintain",
        Role::Admin => "admin",
    }
}

async fn rows(db: &Db, source: &str) -> Result<Rows> {
    let teams: Vec<TeamRow> = on!(db, p => sqlx::query_as(
        "SELECT slug, name, description, secret, parent FROM forge_teams WHERE source = $1")
        .bind(source).fetch_all(p).await)?;
    let members: Vec<(String, bool)> = on!(db, p => sqlx::query_as(
        "SELECT login, owner FROM forge_members WHERE source = $1").bind(source).fetch_all(p).await)?;
    let in_teams: Vec<(String, String)> = on!(db, p => sqlx::query_as(
        "SELECT team, login FROM forge_team_members WHERE source = $1").bind(source).fetch_all(p).await)?;
    let readers: Vec<Reader> = on!(db, p => sqlx::query_as(
        "SELECT repository, holder, name, role FROM repository_readers WHERE source = $1")
        .bind(source).fetch_all(p).await)?;
    Ok(Rows {
        teams: teams.into_iter().collect(),
        members: members.into_iter().collect(),
        in_teams: in_teams.into_iter().collect(),
        readers: readers.into_iter().collect(),
    })
}

async fn replace(tx: &mut Tx, source: &str, rows: &Rows) -> Result<()> {
    for table in ["forge_teams", "forge_members", "forge_team_members", "repository_readers"] {
        on!(tx, p => {
            let mut query = QueryBuilder::new("DELETE FROM ");
            query.push(table).push(" WHERE source = ").push_bind(source);
            query.build().execute(p).await.map(drop)
        })?;
    }
    let teams: Vec<_> = rows.teams.iter().collect();
    for some in teams.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO forge_teams (source, slug, name, description, secret, parent) ");
            query.push_values(some, |mut row, (slug, name, description, secret, parent)| {
                row.push_bind(source).push_bind(slug).push_bind(name).push_bind(description).push_bind(*secret).push_bind(parent);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    let members: Vec<_> = rows.members.iter().collect();
    for some in members.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO forge_members (source, login, owner) ");
            query.push_values(some, |mut row, (login, owner)| {
                row.push_bind(source).push_bind(login).push_bind(*owner);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    let in_teams: Vec<_> = rows.in_teams.iter().collect();
    for some in in_teams.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO forge_team_members (source, team, login) ");
            query.push_values(some, |mut row, (team, login)| {
                row.push_bind(source).push_bind(team).push_bind(login);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    let readers: Vec<_> = rows.readers.iter().collect();
    for some in readers.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO repository_readers (source, repository, holder, name, role) ");
            query.push_values(some, |mut row, (repository, holder, name, role)| {
                row.push_bind(source).push_bind(repository).push_bind(holder).push_bind(name).push_bind(role);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}

/// What the login `$1` may read of `repositories r`: by itself, by a team, as a member, or as an owner of the organisation.
macro_rules! may_read {
    () => {
        "(EXISTS (SELECT 1 FROM repository_readers e WHERE e.source = r.source AND e.repository = r.stable_key
            AND (e.holder = 'person' AND e.name = $1
              OR e.holder = 'team' AND EXISTS (SELECT 1 FROM forge_team_members t
                   WHERE t.source = e.source AND t.team = e.name AND t.login = $1)
              OR e.holder = 'members' AND EXISTS (SELECT 1 FROM forge_members m
                   WHERE m.source = e.source AND m.login = $1)))
          OR EXISTS (SELECT 1 FROM forge_members o WHERE o.source = r.source AND o.login = $1 AND o.owner))"
    };
}

/// Whether the person with this login at the forge may read the repository with this id there, as was last mirrored. What
/// is public at the forge needs no such question; whoever is not known may not.
pub async fn may_read(db: &Db, login: &str, repository: &str) -> Result<bool> {
    let login = login.to_lowercase();
    let found: i64 = on!(db, p => sqlx::query_scalar(concat!(
        "SELECT COUNT(*) FROM repositories r WHERE r.gone_at IS NULL AND ", may_read!(), " AND r.id = $2"))
        .bind(&login).bind(repository).fetch_one(p).await)?;
    Ok(found > 0)
}

/// Ids and slugs of the repositories of a source, public ones aside, that the person with this login may read at the forge.
pub async fn readable(db: &Db, login: &str, source: &str) -> Result<Vec<(String, String)>> {
    let login = login.to_lowercase();
    Ok(on!(db, p => sqlx::query_as(concat!(
        "SELECT r.id, r.slug FROM repositories r WHERE r.gone_at IS NULL AND r.visibility = 'readers' AND ", may_read!(),
        " AND r.source = $2 ORDER BY r.id"))
        .bind(&login).bind(source).fetch_all(p).await)?)
}

/// Teams and people of a source for the catalog; the organisation's name is its settings'.
pub async fn for_catalog(db: &Db, source: &str, organisation: &str) -> Result<ForgePeople> {
    let rows = rows(db, source).await?;
    let mut in_teams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (team, login) in rows.in_teams {
        in_teams.entry(team).or_default().push(login);
    }
    let team = |(slug, name, description, secret, parent): TeamRow| ForgeTeam {
        members: in_teams.get(&slug).cloned().unwrap_or_default(),
        slug,
        name,
        description,
        secret,
        parent,
    };
    Ok(ForgePeople {
        source: source.to_owned(),
        organisation: organisation.to_owned(),
        teams: rows.teams.into_iter().map(team).collect(),
        members: rows.members.into_iter().map(|(login, _)| ForgeMember { login, name: None }).collect(),
    })
}

/// By source and stable key, the teams that administer or maintain a repository.
pub async fn rights(db: &Db) -> Result<BTreeMap<(String, String), Vec<TeamRight>>> {
    let rows: Vec<(String, String, String, String)> = on!(db, p => sqlx::query_as(
        "SELECT source, repository, name, role FROM repository_readers
         WHERE holder = 'team' AND role IN ('admin', 'maintain') ORDER BY source, repository, name")
        .fetch_all(p).await)?;
    let mut rights: BTreeMap<(String, String), Vec<TeamRight>> = BTreeMap::new();
    for (source, repository, team, role) in rows {
        rights.entry((source, repository)).or_default().push(TeamRight { team, admin: role == "admin" });
    }
    Ok(rights)
}
