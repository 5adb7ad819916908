//! How long the index takes; run by hand: `cargo test -p portal --release -- --ignored --nocapture speed`.

use std::time::Instant;

use super::*;

#[tokio::test]
#[ignore = "measures, and asserts nothing"]
async fn of_five_thousand_entities() {
    crate::db::testing::on_sqlite(async |portal: Portal| {
        let entities: Vec<CatalogEntity> = (0..5000)
            .map(|number| {
                let spec = json!({
                    "type": format!("type-{}", number % 3),
                    "owner": format!("team-{}", number % 60),
                    "system": format!("system-{}", number % 40),
                    "lifecycle": "production",
                });
                let mut entity = component(&format!("service-{number}"), spec);
                entity.entity.metadata.tags = vec![format!("tag-{}", number % 200), "common".to_owned()];
                entity.entity.metadata.description = Some(format!("Does what number {number} needs to have done."));
                entity.activity = vec![1; 104];
                entity.languages = vec![("Rust".to_owned(), 1000), ("YAML".to_owned(), 200)];
                entity
            })
            .collect();
        let start = Instant::now();
        put(&portal, &entities).await;
        println!("{}: 5 000 entities written and found after {:?}", portal.db().name(), start.elapsed());
        let start = Instant::now();
        put(&portal, &entities[..1]).await;
        println!("one more change after {:?}", start.elapsed());
        let questions = [
            ("first page", CatalogFilter::default()),
            ("text", text("need 12")),
            ("two filters", filter(&[(Field::Type, &["type-0", "type-1"]), (Field::Owner, &["team-1", "team-2"])])),
            ("by findings", CatalogFilter { sort: Sort::Findings, descending: true, ..CatalogFilter::default() }),
        ];
        for (what, question) in questions {
            let mut taken = Vec::new();
            for _ in 0..1000 {
                let start = Instant::now();
                catalog::list(&portal, &OPERATOR, &question).await.unwrap();
                taken.push(start.elapsed());
            }
            let first = taken[0];
            taken.sort_unstable();
            println!("{what}: first {first:?}, p50 {:?}, p99 {:?}", taken[500], taken[990]);
        }
    })
    .await;
}
