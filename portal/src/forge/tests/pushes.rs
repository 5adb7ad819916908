//! Who brought commits, and where a branch began.

use fake_forge::{APP_ID, APP_KEY, Profile};

use super::*;

#[tokio::test]
async fn pushes_come_with_who_was_signed_in() {
    let (fake, forge) = acme(Profile::GitHub, 1).await;
    let push = |login: &str, branch: &str, text: &str| {
        fake.state().push(1_000, login, "Ann <ann@example.com>", branch, &[("a", text)]).unwrap()
    };
    fake.state().add_git(1_000, &[("a", "0")]).unwrap();
    let name = "acme/service-000";
    let first = push("mallory", "main", "1");
    let second = push("ann", "more/of-it", "2");
    let third = push("bob", "main", "3");
    let pushes = forge.pushes(name, "main", None).await.unwrap();
    let by: Vec<(&str, &str)> =
        pushes.iter().map(|push| (push.by.as_deref().unwrap(), push.after.as_deref().unwrap())).collect();
    assert_eq!(by, [("bob", third.as_str()), ("mallory", &first)], "the latest first");
    assert!(pushes.iter().all(|push| !push.is_merge) && pushes[0].before.as_ref() == Some(&first));
    let made = forge.pushes(name, "more/of-it", None).await.unwrap();
    assert_eq!((made.len(), made[0].before.as_deref(), made[0].after.as_ref()), (1, None, Some(&second)));
    assert_eq!(forge.merge_base(name, "main", "more/of-it").await.unwrap(), first);
    assert_eq!(forge.pushes(name, "nothing", None).await.unwrap(), []);

    // Page after page, until what is looked for, or to the end of patience.
    let one = fake.state().activities[0].clone();
    fake.state().activities.splice(0..0, std::iter::repeat_n(one, 250));
    assert_eq!(forge.pushes(name, "main", None).await.unwrap().len(), 252);
    assert_eq!(forge.pushes(name, "main", Some(&third)).await.unwrap().len(), 100);
}

#[tokio::test]
async fn pull_requests_of_a_commit_need_a_permission_of_their_own() {
    let (fake, settings) = acme_settings(Profile::GitHub, 1).await;
    let commit = {
        let mut state = fake.state();
        state.add_git(1_000, &[("a", "0")]).unwrap();
        let number = state.propose_from_fork(1_000, &[("a", "1")]).unwrap();
        state.merge(1_000, number, "ada", true).unwrap();
        state.pulls[&1_000][0].merged.clone().unwrap().commit
    };
    let pulls = Forge::new(&settings).unwrap().pulls_of_commit("acme/service-000", &commit).await.unwrap();
    assert_eq!(
        (pulls.len(), &*pulls[0].by, &pulls[0].branch),
        (1, &["stranger".to_owned(), "stranger".to_owned()][..], &None)
    );

    let app = App { id: APP_ID.to_owned(), key: Secret::new(APP_KEY), account: "acme".to_owned() };
    let forge = Forge::new(&ForgeSettings { authentication: Authentication::App(app), ..settings }).unwrap();
    for (permissions, may) in [(&[("contents", "read")][..], false), (&[("pull_requests", "read")], true)] {
        fake.state().add_installation(77, "acme", permissions);
        let answer = forge.pulls_of_commit("acme/service-000", &commit).await;
        assert_eq!(answer.is_ok(), may, "{answer:?}");
        assert!(may || matches!(answer, Err(Error::Forbidden { .. })));
    }
}
