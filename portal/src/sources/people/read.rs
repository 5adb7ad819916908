//! Asks GitHub for the people of an organisation.

use futures::stream::{self, StreamExt};

use crate::forge::{Cache, Coverage, Error, Forge, Listing, Role, Team};

/// Teams of one organisation; of more nothing is said.
const MOST_TEAMS: usize = 2_000;
/// Teams that are asked for at the same time.
const AT_ONCE: usize = 4;
/// Repositories whose collaborators are asked for at a time: those that were asked longest ago first.
const MOST_ASKED: usize = 100;

/// What a round found out of an organisation's people. Logins are lower-case.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PeopleListing {
    pub teams: Vec<TeamListing>,
    /// Login, and whether it is an owner.
    pub members: Vec<(String, bool)>,
    /// What every member may do in every repository; `None` where that is nothing, or not told.
    pub everybody: Option<Role>,
    /// Direct collaborators, of those repositories that were asked for, by their stable keys.
    pub collaborators: Vec<(String, Vec<(String, Role)>)>,
    /// For the log.
    pub notes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct TeamListing {
    pub team: Team,
    pub members: Vec<String>,
    /// By the repositories' numbers.
    pub repositories: Vec<(u64, Role)>,
}

/// A repository that is not public, as its collaborators are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub stable_key: String,
    pub name: String,
}

/// Everything at once, or why not.
pub async fn read(
    forge: &Forge,
    organisation: &str,
    private: &[Asked],
    (cache, turn): (&mut Cache, &mut usize),
) -> Result<PeopleListing, String> {
    let mut listing = PeopleListing::default();
    let teams = whole(forge.teams(organisation, cache).await)?;
    if teams.len() > MOST_TEAMS {
        return Err(format!("{organisation} has more than {MOST_TEAMS} teams"));
    }
    let owners = whole(forge.owners(organisation, cache).await)?;
    let is_owner = |login: &str| owners.iter().any(|owner| owner.login.eq_ignore_ascii_case(login));
    let members = whole(forge.members(organisation, cache).await)?;
    listing.members = members.into_iter().map(|one| (one.login.to_lowercase(), is_owner(&one.login))).collect();
    listing.everybody = forge.base_permission(organisation).await.map_err(|error| error.to_string())?;
    let mut asked = Vec::with_capacity(teams.len());
    for team in teams {
        let own = cache.of_team(organisation, &team.slug);
        asked.push(team_listing(forge, organisation, team, own));
    }
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut failed = None;
    for (answer, own) in answers {
        cache.join(own);
        match answer {
            Ok(team) => listing.teams.push(team),
            Err(why) => failed = Some(why),
        }
    }
    if let Some(why) = failed {
        return Err(why);
    }
    collaborators(forge, organisation, private, &mut listing, (cache, turn)).await;
    Ok(listing)
}

async fn team_listing(
    forge: &Forge,
    organisation: &str,
    team: Team,
    mut cache: Cache,
) -> (Result<TeamListing, String>, Cache) {
    let members = whole(forge.team_members(organisation, &team.slug, &mut cache).await);
    let repositories = whole(forge.team_repositories(organisation, &team.slug, &mut cache).await);
    let listing = members.and_then(|members| {
        let repositories = repositories?.into_iter().map(|one| (one.id, one.role)).collect();
        let members = members.into_iter().map(|one| one.login.to_lowercase()).collect();
        Ok(TeamListing { team, members, repositories })
    });
    (listing, cache)
}

/// Of some of the repositories that are not public, in turns. Where that is not permitted, nobody may read them by it.
async fn collaborators(
    forge: &Forge,
    organisation: &str,
    private: &[Asked],
    listing: &mut PeopleListing,
    (cache, turn): (&mut Cache, &mut usize),
) {
    for _ in 0..private.len().min(MOST_ASKED) {
        let one = &private[*turn % private.len()];
        *turn += 1;
        match whole_or_refused(forge.collaborators(organisation, &one.name, cache).await) {
            Ok(Some(people)) => {
                let people = people.into_iter().map(|one| (one.login.to_lowercase(), one.role)).collect();
                listing.collaborators.push((one.stable_key.clone(), people));
            }
            Ok(None) => {
                let note = "the credentials may not list collaborators: people who were added to a repository by \
                            themselves are not known as its readers";
                listing.notes.push(note.to_owned());
                return;
            }
            Err(why) => {
                listing.notes.push(format!("the collaborators of {} stay as they were: {why}", one.name));
                return;
            }
        }
    }
}

fn whole<T>(listing: Result<Listing<T>, Error>) -> Result<Vec<T>, String> {
    let listing = listing.map_err(|error| error.to_string())?;
    match listing.coverage {
        Coverage::Complete => Ok(listing.entries),
        Coverage::Partial(reasons) => Err(reasons.first().map_or_else(String::new, ToString::to_string)),
    }
}

fn whole_or_refused<T>(listing: Result<Listing<T>, Error>) -> Result<Option<Vec<T>>, String> {
    match listing {
        Err(Error::Forbidden { .. }) => Ok(None),
        // It is being deleted or renamed.
        Err(Error::NotFound { .. }) => Ok(Some(Vec::new())),
        listing => whole(listing).map(Some),
    }
}
