//! What a template asks and does, as it says itself; nothing of it is run.

use model::Entity;
use serde_json::Value;

use crate::html::Html;

/// How many rows a page shows.
const MOST: usize = 200;

/// Questions and steps; nothing for a template that has neither.
pub fn sections(out: &mut Html, entity: &Entity) {
    questions(out, entity);
    steps(out, entity);
}

/// How many questions it asks.
pub fn question_count(entity: &Entity) -> usize {
    pages(entity).iter().map(|page| properties(page).count()).sum()
}

/// `spec.parameters` is one page of questions or a list of them.
fn pages(entity: &Entity) -> &[Value] {
    match entity.spec.get("parameters") {
        Some(Value::Array(pages)) => pages,
        Some(page) => std::slice::from_ref(page),
        None => &[],
    }
}

fn properties(page: &Value) -> impl Iterator<Item = (&String, &Value)> {
    page.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn questions(out: &mut Html, entity: &Entity) {
    let count = question_count(entity);
    if count == 0 {
        return;
    }
    head(out, "Questions", count);
    table(out, "What the template asks", &["Name", "Asks", "Type", "Default or choices"]);
    let required = |page: &Value, name: &str| {
        let list = page.get("required").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(name)))
    };
    let all = pages(entity).iter().flat_map(|page| properties(page).map(move |(name, schema)| (page, name, schema)));
    for (page, name, schema) in all.take(MOST) {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
        out.raw("<tr><td><code class=\"small\">").text(name).raw("</code>");
        if required(page, name) {
            out.raw(" <span class=\"badge badge-outline\">required</span>");
        }
        out.raw("</td><td class=\"breakable\">").text(text("title"));
        if !text("description").is_empty() {
            out.raw("<br><span class=\"small quiet\">").text(text("description")).raw("</span>");
        }
        out.raw("</td><td>")
            .text(text("type"))
            .raw("</td><td class=\"breakable\">")
            .text(&answers(schema))
            .raw("</td></tr>");
    }
    out.raw("</tbody></table></div></section>");
}

/// The choices where there are some, else the default.
fn answers(schema: &Value) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match schema.get("enum").and_then(Value::as_array) {
        Some(choices) => choices.iter().take(20).map(shown).collect::<Vec<_>>().join(", "),
        None => schema.get("default").map(shown).unwrap_or_default(),
    }
}

fn steps(out: &mut Html, entity: &Entity) {
    let steps = entity.spec.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if steps.is_empty() {
        return;
    }
    head(out, "Steps", steps.len());
    table(out, "What the template does", &["Step", "Action"]);
    for (at, step) in steps.iter().take(MOST).enumerate() {
        let text = |key: &str| step.get(key).and_then(Value::as_str);
        let name = text("name").or(text("id")).map_or_else(|| format!("Step {}", at + 1), str::to_owned);
        out.raw("<tr><td class=\"breakable\">").text(&name).raw("</td><td><code class=\"small\">");
        out.text(text("action").unwrap_or_default()).raw("</code></td></tr>");
    }
    out.raw("</tbody></table></div></section>");
}

fn head(out: &mut Html, title: &'static str, count: usize) {
    out.raw("<section class=\"section\"><div class=\"section-head\"><h2>").raw(title).raw("<span class=\"count\">");
    out.text(&crate::format::number(count)).raw("</span></h2></div>");
}

fn table(out: &mut Html, caption: &'static str, columns: &[&'static str]) {
    out.raw("<div class=\"table-wrap\"><table class=\"table table-plain\"><caption class=\"visually-hidden\">")
        .raw(caption);
    out.raw("</caption><thead><tr>");
    for column in columns {
        out.raw("<th scope=\"col\">").raw(column).raw("</th>");
    }
    out.raw("</tr></thead><tbody>");
}

#[cfg(test)]
mod tests {
    use model::Kind;

    use super::*;

    #[test]
    fn questions_and_steps_are_shown_as_text() {
        let mut entity = Entity::new(Kind::Template, "starter");
        let pages = serde_json::json!([
            { "required": ["name"], "properties": { "name": { "type": "string", "title": "What is <it> called?", "default": "x" } } },
            { "properties": { "licence": { "type": "string", "enum": ["MIT", "none"] } } },
        ]);
        entity.spec.insert("parameters".to_owned(), pages);
        let steps = serde_json::json!([{ "id": "fetch", "action": "fetch:template" }, { "name": "Publish", "action": "publish:github" }]);
        entity.spec.insert("steps".to_owned(), steps);
        assert_eq!(question_count(&entity), 2);
        let mut out = Html::new();
        sections(&mut out, &entity);
        let text = out.as_str();
        assert!(text.contains("What is &lt;it&gt; called?") && !text.contains("<it>"), "{text}");
        assert_eq!(text.matches("required</span>").count(), 1, "{text}");
        for shown in ["MIT, none", "fetch:template", "publish:github", "Publish", "Questions", "Steps"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }

    #[test]
    fn odd_parameters_are_passed_over() {
        for odd in [serde_json::json!("x"), serde_json::json!([1, null]), serde_json::json!({ "properties": [] })] {
            let mut entity = Entity::new(Kind::Template, "starter");
            entity.spec.insert("parameters".to_owned(), odd.clone());
            entity.spec.insert("steps".to_owned(), odd);
            let mut out = Html::new();
            sections(&mut out, &entity);
            assert_eq!(question_count(&entity), 0);
        }
    }
}
