//! Those who have starred something hear what becomes of it.

use super::*;
use crate::identity::tests::{claims, signed_in};
use crate::inbox::{self, Topic};
use crate::sources::tests::{Folder, open, round};
use crate::{catalog, preferences};

fn descriptor(name: &str, owner: &str, lifecycle: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{type: service, lifecycle: \
         {lifecycle}, owner: {owner}}}\n"
    )
}

db_test! {
    async fn a_star_follows_its_entity_and_tells_what_became_of_it(settings: Settings) {
        let folder = Folder::new();
        folder.repository("berths");
        folder.commit("berths", "catalog-info.yaml", &descriptor("berths", "quay", "production"));
        let portal = open(&settings, vec![folder.source("work").trusted()]).await;
        round(&portal).await;
        let (ada, grace) = (signed_in(&portal, &claims("ada")).await, signed_in(&portal, &claims("grace")).await);
        let berths = EntityRef::new("component", "default", "berths");
        assert_eq!(preferences::star(&portal, &ada, &berths, true).await.unwrap(), berths);
        assert!(preferences::is_starred(&portal, &ada, &berths).await.unwrap());
        assert_eq!(preferences::starred(&portal, &ada).await.unwrap()[0].reference, berths);
        let titles = async |actor: &Actor| -> Vec<String> {
            let told = inbox::list(&portal, actor, false, None, 9).await.unwrap();
            assert!(told.iter().all(|one| one.topic == Topic::Star));
            told.into_iter().map(|one| one.title).collect()
        };
        let mut tx = portal.db().begin().await.unwrap();
        let before = store::row_before(&mut tx, &berths.to_string()).await.unwrap().unwrap();
        assert!(before.0.contains("quay") && before.1.is_some());
        assert_eq!(store::row_before(&mut tx, "component:default/nowhere").await.unwrap(), None);
        assert_eq!(store::renamed_in(&mut tx, &berths.to_string()).await.unwrap(), None);
        drop(tx);

        // A commit that changes nothing of it is no news.
        folder.commit("berths", "README.md", "# Berths\n");
        round(&portal).await;
        assert!(titles(&ada).await.is_empty());
        folder.commit("berths", "catalog-info.yaml", &descriptor("berths", "crane", "deprecated"));
        round(&portal).await;
        assert_eq!(titles(&ada).await, ["berths is owned by crane now, and is deprecated now"]);
        folder.commit("berths", "catalog-info.yaml", &descriptor("moorings", "crane", "deprecated"));
        round(&portal).await;
        let moorings = EntityRef::new("component", "default", "moorings");
        assert_eq!(catalog::entity(&portal, &ada, &berths).await.unwrap().row.reference, moorings);
        assert!(titles(&ada).await.contains(&"berths is now called moorings".to_owned()));
        assert!(preferences::is_starred(&portal, &ada, &moorings).await.unwrap());
        assert!(titles(&grace).await.is_empty());
    }
}
