//! What it costs to know who asks: the same page for a visitor, and for somebody in a hundred nested groups whom a proxy
//! vouches for.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::http::{Connection, latencies, latencies_with};
use crate::bench::measure::{LIST, milliseconds, share, synced};
use crate::bench::organisation as generated;
use crate::bench::report::Figure;
use crate::bench::server::{Server, wait};

/// Each is a child of the one before.
const GROUPS: usize = 100;
const ASKED: usize = 2_000;

pub fn authorised_page(binary: &Path, organisation: &Path, data: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let people = data.join("nested-groups/people.git");
    nested_groups(&people)?;
    let (entities, people) = (organisation.join("descriptors"), people.parent().context("it has a parent")?.to_owned());
    let configuration = format!(
        "[[sign-in]]\nname = \"gate\"\nkind = \"proxy\"\nproxies = [\"127.0.0.0/8\"]\nuser-header = \"X-Forwarded-User\"\n\
         email-header = \"X-Forwarded-Email\"\ntrust-email = true\n\n\
         [people]\nauditors = [\"user:default/auditor\"]\n\n\
         [[source]]\nname = \"entities\"\nkind = \"folder\"\npath = {:?}\nvisibility = \"public\"\n\n\
         [[source]]\nname = \"people\"\nkind = \"folder\"\npath = {:?}\nvisibility = \"public\"\ntrusted = true\n",
        entities, people
    );
    let mut server = Server::start_with(binary, &data.join("identity"), &[], &configuration)?;
    server.first_answer()?;
    let auditor = "X-Forwarded-User: auditor\r\nX-Forwarded-Email: auditor@example.com\r\n";
    let jane = "X-Forwarded-User: jane\r\nX-Forwarded-Email: jane@example.com\r\n";
    let mut connection = Connection::open(server.address)?.saying(auditor);
    wait(Duration::from_secs(120), || {
        let known = connection.get("/catalog/default/user/auditor")?.0 == 200;
        Ok(known && synced(&mut connection).unwrap_or(false))
    })?;
    // Whom the catalog has just learned of is known everywhere ten seconds later.
    thread::sleep(Duration::from_secs(11));
    let mut as_jane = Connection::open(server.address)?.saying(jane);
    let groups = as_jane.text("/me")?.matches("/catalog/default/group/g").count();
    anyhow::ensure!(groups == GROUPS, "jane is in {groups} groups, not in {GROUPS}");
    let public = latencies(server.address, LIST, ASKED)?;
    let authorised = latencies_with(server.address, LIST, jane, ASKED)?;
    for (name, at) in [("p50", 0.5), ("p99", 0.99)] {
        let more = milliseconds(share(&authorised, at)) - milliseconds(share(&public, at));
        let what = format!("a page for somebody in {GROUPS} nested groups, more than for a visitor, {name}");
        figures.push(Figure::new(&what, more, "ms", "≤ 0.3").at_most(0.3));
    }
    Ok(())
}

/// A bare repository with a chain of groups, somebody in the last of them, and an auditor.
fn nested_groups(folder: &Path) -> Result<()> {
    let mut text = String::new();
    for at in 0..GROUPS {
        let parent = if at == 0 { String::new() } else { format!(", parent: g{}", at - 1) };
        writeln!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: g{at}}}\nspec: {{type: team, children: []{parent}}}"
        )?;
    }
    for (name, member) in [("jane", format!("[g{}]", GROUPS - 1)), ("auditor", "[]".to_owned())] {
        writeln!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: {member}, \
             profile: {{email: {name}@example.com}}}}"
        )?;
    }
    generated::descriptor(folder, &text)
}
