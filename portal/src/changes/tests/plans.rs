//! What is inferred, written down; and owners, corrected.

use model::EntityRef;

use super::*;

const FILES: [(&str, &str); 4] = [
    ("Dockerfile", "FROM debian\nCOPY shop /\nCMD [\"/shop\"]\n"),
    (
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"1.0.0\"\ndescription = \"Sells\"\n\n[dependencies]\naxum = \"0.8\"\n",
    ),
    ("src/main.rs", "fn main() {}\n"),
    (".github/CODEOWNERS", "* @acme/payments\n"),
];

fn shop() -> EntityRef {
    EntityRef::new("component", "default", "shop")
}

async fn planned(world: &World, wish: &Wish) -> Planned {
    plan(&world.portal, &Actor::Operator, wish, &[shop()]).await.unwrap().pop().unwrap()
}

/// Everything of a plan, proposed, merged and read again.
async fn merged(world: &World, planned: Planned) -> ChangeDetail {
    let (changes, batch) = propose_all(&world.portal, &Actor::Operator, vec![planned], "/here").await.unwrap();
    assert_eq!((changes.len(), batch), (1, None));
    let open = settled(&world.portal, &changes[0].id).await;
    assert_eq!(open.change.state, ChangeState::Open, "{open:?}");
    world.fake.state().merge_pull(world.id, open.change.number.unwrap()).unwrap();
    world.fake.state().repositories.get_mut(&world.id).unwrap().pushed_at += 1;
    open
}

db_test! {
    async fn what_is_inferred_becomes_a_descriptor_and_its_owner_is_changed_there(settings: Settings) {
        let world = World::with(&settings, &FILES).await;
        let first = planned(&world, &Wish::Descriptor).await;
        assert!(first.is_possible(), "{first:?}");
        assert_eq!((first.title.as_str(), first.edits.len()), ("Add catalog-info.yaml", 1));
        let text = first.edits[0].after.clone().unwrap();
        assert!(text.contains("kind: Component") && text.contains("name: shop") && text.contains("owner: payments"), "{text}");
        assert!(first.text.contains("Component `shop`") && first.text.contains("owned by payments"), "{}", first.text);
        let made = merged(&world, first).await;
        assert_eq!((world.file("main", FILE), made.change.origin.as_deref()), (text.trim_end().to_owned(), Some("/here")));
        synced(&world.portal).await;
        let declared = crate::catalog::entity(&world.portal, &Actor::Operator, &shop()).await.unwrap();
        assert_eq!(declared.entity.descriptor.as_deref(), Some(FILE));
        assert_eq!(planned(&world, &Wish::Descriptor).await.problem.as_deref(), Some("The files say it already."));

        // With a comment of somebody's, which stays.
        let commented = text.replace("  owner: payments", "  owner: payments # since 2019");
        world.fake.state().commit(world.id, "main", &[(FILE, &commented)]).unwrap();
        world.fake.state().repositories.get_mut(&world.id).unwrap().pushed_at += 1;
        synced(&world.portal).await;
        let unknown = owner(&world.portal, &Actor::Operator, "paymnts");
        assert!(matches!(&unknown, Err(Error::Invalid(findings)) if findings.findings[0].help.contains("payments")), "{unknown:?}");
        let jane = EntityRef::new("user", "default", "jane");
        let change = planned(&world, &Wish::Owner(jane)).await;
        assert_eq!(change.title, "Make user:jane the owner of shop");
        let before_print = fingerprint(std::slice::from_ref(&change));
        merged(&world, change).await;
        let expected = text.replace("  owner: payments", "  owner: user:jane # since 2019");
        assert_eq!(world.file("main", FILE), expected.trim_end());
        synced(&world.portal).await;
        let again = planned(&world, &Wish::Owner(EntityRef::new("user", "default", "joe"))).await;
        assert_ne!(fingerprint(&[again]), before_print);
        world.portal.stop().await;
    }

    async fn many_at_once_are_bounded_and_say_which_cannot(settings: Settings) {
        let world = World::with(&settings, &FILES).await;
        let more = world.fake.state().add_repository("acme", "stock");
        let files = FILES.map(|(path, text)| (path, text.replace("shop", "stock")));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        world.fake.state().add_git(more, &files).unwrap();
        synced(&world.portal).await;
        let both = [shop(), EntityRef::new("component", "default", "stock"), EntityRef::new("group", "default", "payments")];
        let visitor = plan(&world.portal, &Actor::Visitor, &Wish::Descriptor, &both).await;
        assert!(matches!(visitor, Err(Error::Forbidden(_))));
        let plans = plan(&world.portal, &Actor::Operator, &Wish::Descriptor, &both).await.unwrap();
        let possible: Vec<bool> = plans.iter().map(Planned::is_possible).collect();
        assert_eq!(possible, [false, true, true], "{plans:?}");
        assert!(plans[0].problem.as_ref().unwrap().contains("no repository"));
        let (changes, batch) = propose_all(&world.portal, &Actor::Operator, plans, "/here").await.unwrap();
        assert_eq!(changes.len(), 2);
        for change in &changes {
            assert_eq!(settled(&world.portal, &change.id).await.change.state, ChangeState::Open);
        }
        let page = list(&world.portal, &Actor::Operator, &ChangeFilter { batch, ..ChangeFilter::default() }).await.unwrap();
        assert_eq!((page.total, page.states), (2, vec![(ChangeState::Open, 2)]));
        let none = plan(&world.portal, &Actor::Operator, &Wish::Descriptor, &[]).await;
        assert!(matches!(none, Err(Error::Conflict(_))));
        let many: Vec<EntityRef> = (0..=MOST).map(|number| EntityRef::new("component", "default", number.to_string())).collect();
        assert!(matches!(plan(&world.portal, &Actor::Operator, &Wish::Descriptor, &many).await, Err(Error::Conflict(_))));
        world.portal.stop().await;
    }
}
