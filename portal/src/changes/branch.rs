//! A change at a Git host without an API of ours: a branch that is pushed. A person goes on from there.

use super::github::{message, needs, not_a_file, taken};
use super::job::{Outcome, Stop, Work};
use crate::git::{Failure, Kind, NewFile, Pushed, Remote, RemoteUrl, Watch, Workshop};
use crate::sources;

const REGULAR: &str = "100644";

pub(super) async fn propose(work: &mut Work<'_>, remote: &Remote) -> Result<Outcome, Stop> {
    let context = work.context;
    let mirrors = sources::mirrors(&context.portal().settings().data);
    let title = work.row.title.clone();
    let watch = Watch::new(context.halted().clone(), move |step: &str| {
        context.progress(|progress| progress.current = format!("{title}: {step}"));
    });
    work.step("fetching");
    let shop = Workshop::open(&mirrors, remote, &watch).await.map_err(|failure| failed("Fetching", &failure))?;
    let Some((base, base_commit)) = shop.base() else {
        let text = format!("{} has no commit yet: push a first one, then try again.", remote.url);
        return Ok(Outcome::Failed(text));
    };
    work.keep(|row| row.base = Some(base.to_owned())).await?;
    let branch = work.row.branch.clone();
    let there = shop.branch(&branch);
    let open = || Outcome::Open { number: None, url: page(&remote.url, base, &branch) };
    match there {
        Some(commit) if !work.row.is_ours(commit) => return Ok(taken(&branch, commit)),
        Some(commit) if work.row.ready() == Some(commit) => return Ok(open()),
        _ => {}
    }
    let Some(commit) = commit(work, &shop, base, base_commit).await? else {
        return Ok(Outcome::Merged(format!("{base} has this content already.")));
    };
    work.keep_commit(&commit).await?;
    work.step("pushing the branch");
    let pushed = shop.push(&branch, Some(&commit), there).await.map_err(|failure| failed("Pushing", &failure))?;
    Ok(match pushed {
        Pushed::Done => open(),
        Pushed::Moved => taken(&branch, "just now"),
        Pushed::Rejected(why) => Outcome::Failed(format!(
            "Pushing the branch {branch}: the host does not take it ({why}). Allow the account of the source to push \
             branches that begin with slipway/, then try again."
        )),
    })
}

/// Removes the branch, unless somebody else has pushed to it.
pub(super) async fn close(work: &mut Work<'_>, remote: &Remote) -> Result<Outcome, Stop> {
    work.step("removing the branch");
    let mirrors = sources::mirrors(&work.context.portal().settings().data);
    let watch = Watch::new(work.context.halted().clone(), |_: &str| {});
    let shop = Workshop::open(&mirrors, remote, &watch).await.map_err(|failure| failed("Fetching", &failure))?;
    let branch = &work.row.branch;
    let kept = format!("Closed here; the branch {branch} stays, since somebody else has pushed to it.");
    let text = match shop.branch(branch) {
        None => "Closed here.".to_owned(),
        Some(commit) if !work.row.is_ours(commit) => kept,
        Some(commit) => {
            let pushed = shop.push(branch, None, Some(commit)).await;
            match pushed.map_err(|failure| failed("Removing the branch", &failure))? {
                Pushed::Done => "Closed here, and its branch removed.".to_owned(),
                Pushed::Moved => kept,
                Pushed::Rejected(why) => format!("Closed here; the host does not let us remove {branch} ({why})."),
            }
        }
    };
    Ok(Outcome::Closed(text))
}

/// The commit on top of the default branch; `None` where that has everything already.
async fn commit(work: &Work<'_>, shop: &Workshop<'_>, base: &str, base_commit: &str) -> Result<Option<String>, Stop> {
    work.step("making the commit");
    let edits = work.row.edits()?;
    let mut files = Vec::new();
    for edit in &edits {
        let found = shop.file(base_commit, &edit.path).await;
        let (mode, now) = match found.map_err(|failure| failed("Reading the files", &failure))? {
            Some((_, None)) => return Err(Stop::Ended(Outcome::Conflict(not_a_file(&edit.path, base)))),
            Some((mode, now)) => (mode, now),
            None => (REGULAR.to_owned(), None),
        };
        if needs(edit, now.as_deref(), base).map_err(Stop::Ended)? {
            files.push((edit, mode));
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let files: Vec<NewFile<'_>> =
        files.iter().map(|(edit, mode)| NewFile { path: &edit.path, mode, text: edit.after.as_deref() }).collect();
    let made = shop.commit(base_commit, &files, &message(&work.row.title)).await;
    made.map(Some).map_err(|failure| failed("Making the commit", &failure))
}

fn failed(step: &str, failure: &Failure) -> Stop {
    let text = format!("{step}: {}. {}", failure.reason, failure.help);
    Stop::Ended(match failure.kind {
        Kind::Halted | Kind::TimedOut | Kind::Unreachable | Kind::Busy | Kind::DiskFull => Outcome::Again(text),
        _ => Outcome::Failed(text),
    })
}

/// The page at which the host makes a pull or merge request of a branch, where we know what it looks like.
fn page(url: &RemoteUrl, base: &str, branch: &str) -> Option<String> {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let path = url.name();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (base, branch) = (encoded(base), encoded(branch));
    Some(match url.host() {
        "github.com" => format!("https://github.com/{path}/compare/{base}...{branch}?expand=1"),
        "gitlab.com" => {
            format!("https://gitlab.com/{path}/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}")
        }
        "bitbucket.org" => format!("https://bitbucket.org/{path}/pull-requests/new?source={branch}"),
        "codeberg.org" => format!("https://codeberg.org/{path}/compare/{base}...{branch}"),
        _ => return None,
    })
}
