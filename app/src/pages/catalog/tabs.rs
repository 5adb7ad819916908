//! What the tabs of an entity show.

use model::catalog::{EntityDetail, RelationView};
use model::repository::Activity;
use model::{Evidence, Kind};
use portal::repositories::{FileContent, FileView};

use super::{facts, template};
use crate::RequestContext;
use crate::address;
use crate::components::graph::{self, Node};
use crate::components::{Icon, activity as chart, evidence as why, findings as list, marks, state};
use crate::format;
use crate::html::Html;

/// Relations by the question that they answer, in the order in which they are shown.
const GROUPS: [(&str, &str, &str); 15] = [
    ("brings", "Brings", "What the files that it names declare."),
    ("dependsOn", "Depends on", "What it is built with, what it calls, and what it needs."),
    ("consumesApi", "Consumes", "APIs that it calls."),
    ("providesApi", "Provides", "APIs that others call."),
    ("dependencyOf", "Needed by", "What would notice if this were gone."),
    ("apiConsumedBy", "Consumed by", "Components that call it."),
    ("apiProvidedBy", "Provided by", "Components that answer it."),
    ("hasPart", "Parts", "What belongs to it."),
    ("partOf", "Part of", "What it belongs to."),
    ("ownerOf", "Owns", "What this team or person answers for."),
    ("hasMember", "Members", "People in this team."),
    ("memberOf", "Member of", "Teams that this person is in."),
    ("parentOf", "Teams in it", "Teams below this one."),
    ("childOf", "Team above", "The team that this one is in."),
    ("ownedBy", "Owned by", "Who answers for it."),
];

const USES: [&str; 2] = ["dependsOn", "consumesApi"];
const USED_BY: [&str; 3] = ["dependencyOf", "apiConsumedBy", "hasPart"];

/// README and facts; for what has no README, what it holds.
pub async fn overview(out: &mut Html, context: &RequestContext, detail: &EntityDetail) -> portal::Result<()> {
    let kind = detail.row.kind.parse::<Kind>();
    let own_text = matches!(kind, Ok(Kind::Component | Kind::Resource | Kind::Template));
    let readme = match (&detail.row.repository, own_text) {
        (Some(slug), true) => {
            let folder = &detail.entity.path;
            // A repository that cannot be read just now still has an entity: its page says what is known.
            portal::repositories::readme(&context.portal, &context.actor, slug, folder).await.unwrap_or_else(|error| {
                tracing::warn!(%error, slug, "a README could not be read");
                None
            })
        }
        _ => None,
    };
    out.raw("<div class=\"with-facts\"><div>");
    if kind == Ok(Kind::Template) {
        template::sections(out, &detail.entity.entity);
    }
    match (&readme, &detail.row.repository) {
        (Some(readme), Some(slug)) => document(out, slug, readme),
        _ if own_text => no_readme(out, detail),
        _ => relations(out, detail, is_connection),
    }
    out.raw("</div>");
    let launched = match detail.row.repository.as_deref().filter(|_| marks::has_code(&detail.row.kind)) {
        Some(slug) => portal::runs::of_project(&context.portal, &context.actor, slug).await?,
        None => None,
    };
    facts::column(out, context.now(), detail, launched.as_ref());
    out.raw("</div>");
    Ok(())
}

/// A file that is read as a text, with its name above it.
pub fn document(out: &mut Html, slug: &str, file: &FileView) {
    let FileContent::Markdown(rendered) = &file.content else { return };
    out.raw("<p class=\"document-head\">");
    Icon::Book.write(out);
    out.link(&address::file(slug, &file.path, None), "", &file.path).raw("</p>");
    out.raw("<article class=\"document\">").add(&Html::trusted(rendered.html.as_str())).raw("</article>");
    if rendered.truncated {
        state::notice(out, state::Tone::Plain, |out| {
            out.raw("This file is longer than a megabyte; its end is not shown.");
        });
    }
}

fn no_readme(out: &mut Html, detail: &EntityDetail) {
    state::empty(
        out,
        "No README",
        "What it is, how to run it and whom to ask would stand here. A README.md in its folder is shown with the next sync:",
        Some(&format!(
            "{}README.md",
            if detail.entity.path.is_empty() { String::new() } else { format!("{}/", detail.entity.path) }
        )),
    );
}

/// How many edges the dependencies tab speaks of.
pub fn dependency_count(detail: &EntityDetail) -> usize {
    detail.relations.iter().filter(|relation| is_connection(relation)).count()
}

/// Whoever answers for it, and the Location that led here, stand among the facts.
fn is_connection(relation: &RelationView) -> bool {
    !matches!(relation.kind.as_str(), "ownedBy" | "broughtBy")
}

/// Both directions, as a picture and in words.
pub fn dependencies(out: &mut Html, detail: &EntityDetail) {
    let uses: Vec<Node> = nodes(detail, &USES);
    let used_by: Vec<Node> = nodes(detail, &USED_BY);
    if !uses.is_empty() || !used_by.is_empty() {
        let row = &detail.row;
        let centre = Node {
            label: row.title.clone().unwrap_or_else(|| row.reference.name.clone()),
            address: None,
            hue: marks::look(&row.kind, row.spec_type.as_deref()).hue,
            calls: false,
        };
        graph::neighbourhood(out, &centre, &used_by, &uses);
    }
    if dependency_count(detail) == 0 {
        state::empty(
            out,
            "Nothing is known to be connected with it",
            "Slipway reads manifests, charts, compose files and API definitions. What it cannot see, a descriptor may say:",
            Some("slipway catalog discover . --format yaml > catalog-info.yaml"),
        );
        return;
    }
    relations(out, detail, is_connection);
}

fn nodes(detail: &EntityDetail, kinds: &[&str]) -> Vec<Node> {
    let relations = detail.relations.iter().filter(|relation| kinds.contains(&relation.kind.as_str()));
    relations
        .map(|relation| Node {
            label: name(relation).to_owned(),
            address: relation.row.as_ref().map(|row| address::entity(&row.reference)),
            hue: marks::look(&relation.target.kind, relation.row.as_ref().and_then(|row| row.spec_type.as_deref())).hue,
            calls: is_call(relation),
        })
        .collect()
}

/// Reached while running, rather than when building.
fn is_call(relation: &RelationView) -> bool {
    relation.kind.to_lowercase().contains("api")
        || relation.evidence.as_ref().is_some_and(|evidence| evidence.rule.contains("call"))
}

fn name(relation: &RelationView) -> &str {
    relation.row.as_ref().and_then(|row| row.title.as_deref()).unwrap_or(&relation.target.name)
}

fn relations(out: &mut Html, detail: &EntityDetail, shown: impl Fn(&RelationView) -> bool) {
    for (kind, title, about) in GROUPS {
        let group: Vec<&RelationView> =
            detail.relations.iter().filter(|relation| relation.kind == kind && shown(relation)).collect();
        if group.is_empty() {
            continue;
        }
        out.raw("<section class=\"section\"><div class=\"section-head\"><h2>").raw(title).raw("<span class=\"count\">");
        out.text(&format::number(group.len()))
            .raw("</span></h2></div><p class=\"about\">")
            .raw(about)
            .raw("</p><ul class=\"relations\">");
        for relation in group {
            relation_line(out, detail, relation);
        }
        out.raw("</ul></section>");
    }
}

fn relation_line(out: &mut Html, detail: &EntityDetail, relation: &RelationView) {
    let spec_type = relation.row.as_ref().and_then(|row| row.spec_type.as_deref());
    out.raw("<li class=\"relation\">");
    marks::glyph(out, &relation.target.kind, spec_type, marks::Size::Row);
    out.raw("<div class=\"row-text\"><div class=\"row-title\">");
    match &relation.row {
        Some(row) => {
            out.link(&address::entity(&row.reference), "row-link", name(relation));
            out.raw("<span class=\"row-type\">").text(&marks::kind_label(&row.kind, spec_type)).raw("</span>");
        }
        None => {
            out.raw("<span class=\"strong\">").text(&relation.target.to_string());
            out.raw("</span><span class=\"badge badge-amber\">not in the catalog</span>");
        }
    }
    if relation.kind == "dependsOn" && relation.evidence.is_some() {
        out.raw(if is_call(relation) {
            "<span class=\"badge badge-outline\">calls</span>"
        } else {
            "<span class=\"badge badge-outline\">builds with</span>"
        });
    }
    out.raw("</div>");
    if let Some(description) = relation.row.as_ref().and_then(|row| row.description.as_deref()) {
        out.raw("<div class=\"row-about\">").text(description).raw("</div>");
    }
    out.raw("</div><div class=\"relation-owner above\">");
    if let Some(row) = relation.row.as_ref().filter(|row| relation.kind != "ownerOf" && !marks::is_owner(&row.kind)) {
        marks::owner(out, row);
    }
    out.raw("</div><div>");
    if let Some(evidence) = &relation.evidence {
        why::mark(out, name(relation), evidence, detail.row.repository.as_deref());
    }
    out.raw("</div></li>");
}

/// Two years of commits and who makes them.
pub fn activity(out: &mut Html, detail: &EntityDetail) {
    let whole = detail.repository.as_ref().map(|repository| &repository.facts);
    let last_week = whole.map(|facts| facts.activity.last_week).unwrap_or_default();
    let activity = Activity { last_week, weeks: detail.entity.activity.clone() };
    if activity.weeks.iter().all(|&week| week == 0) {
        state::empty(
            out,
            "No commits in two years",
            "People’s commits are counted per week; those of bots are not.",
            None,
        );
        return;
    }
    let year: u32 = activity.recent(52);
    let quarter: u32 = activity.recent(13);
    out.raw("<div class=\"figures\">");
    figure(out, activity.weeks.iter().map(|&week| u64::from(week)).sum(), "commits in two years");
    figure(out, year.into(), "in the last year");
    figure(out, quarter.into(), "in the last quarter");
    if let Some(facts) = whole {
        figure(out, facts.people.last_year.into(), "people this year, in the repository");
        figure(out, facts.people.all_time.into(), "people in all");
    }
    out.raw("</div><figure class=\"chart-figure\"><figcaption>Commits by people, per week over two years");
    if !detail.entity.path.is_empty() {
        out.raw(", of the whole repository");
    }
    out.raw("</figcaption>");
    chart::chart(out, &activity);
    out.raw("</figure>");
    chart::table(out, &activity);
}

/// A number with what it counts.
pub fn figure(out: &mut Html, value: u64, label: &'static str) {
    out.raw("<div><span class=\"figure-value\">")
        .text(&format::number(value))
        .raw("</span><span class=\"figure-label\">");
    out.raw(label).raw("</span></div>");
}

pub fn findings(out: &mut Html, detail: &EntityDetail) {
    if detail.entity.findings.is_empty() {
        state::empty(
            out,
            "Nothing to mend",
            "What is wrong in its descriptor or manifests would stand here, with file and line.",
            None,
        );
        return;
    }
    list::list(out, &detail.entity.findings, detail.row.repository.as_deref());
}

/// Every inferred value with why, and the descriptor that would say the same.
pub fn evidence(out: &mut Html, detail: &EntityDetail, yaml: &str) {
    out.raw("<section class=\"section\"><h2>Where each value comes from</h2>");
    let slug = detail.row.repository.as_deref();
    let value = |pointer: &str| {
        let json = serde_json::to_value(&detail.entity.entity).unwrap_or_default();
        json.pointer(pointer)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .unwrap_or_default()
    };
    out.raw("<div class=\"table-wrap\"><table class=\"table table-plain\"><caption class=\"visually-hidden\">Values and their evidence</caption>");
    out.raw("<thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Value</th><th scope=\"col\">Sure</th><th scope=\"col\">Because</th></tr></thead><tbody>");
    for (pointer, evidence) in &detail.entity.evidence {
        evidence_row(out, pointer, &value(pointer), evidence, slug);
    }
    for guess in &detail.entity.guesses {
        evidence_row(out, &guess.field, &format!("probably {}?", guess.value), &guess.evidence, slug);
    }
    out.raw("</tbody></table></div></section><section class=\"section\"><div class=\"section-head\"><h2>As a descriptor</h2></div>");
    out.raw("<p class=\"about\">Committed as <code>catalog-info.yaml</code> it declares what is inferred now. Guesses are not in it.</p>");
    out.raw("<div class=\"source-text\" tabindex=\"0\" role=\"group\" aria-label=\"Descriptor\"><pre><code>")
        .text(yaml);
    out.raw("</code></pre></div></section>");
}

fn evidence_row(out: &mut Html, pointer: &str, value: &str, evidence: &Evidence, slug: Option<&str>) {
    out.raw("<tr><td><code class=\"small\">").text(pointer).raw("</code></td><td class=\"breakable\">").text(value);
    out.raw("</td><td class=\"nowrap\">");
    marks::confidence(out, Some(evidence.confidence));
    out.raw(" ")
        .text(evidence.confidence.as_str())
        .raw("</td><td class=\"breakable\">")
        .text(&evidence.why)
        .raw("<br><span class=\"small quiet\">");
    if let Some(file) = &evidence.file {
        why::place(out, file, evidence, slug);
        out.raw(" · ");
    }
    why::rule(out, &evidence.rule);
    out.raw("</span></td></tr>");
}
