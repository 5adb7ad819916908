//! Repositories that get other names, go and come back.

use super::*;

db_test! {
    async fn a_renamed_folder_is_the_same_repository(settings: Settings) {
        let folder = Folder::with(&["old", "other"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let before = row(&portal, "old").await;
        folder.rename("old", "new");
        let job = round(&portal).await;
        let after = row(&portal, "new").await;
        assert_eq!((&after.id, &after.slug, &after.read_at), (&before.id, &before.slug, &before.read_at));
        assert!(lines(&portal, &job).await.contains(&"old is now called new.".to_owned()));
        // Also with a commit in between: by the first commit.
        folder.rename("new", "newer");
        folder.commit("newer", "x.py", "x = 1\n");
        round(&portal).await;
        assert_eq!(row(&portal, "newer").await.id, before.id);
        assert_eq!(store::known(portal.db()).await.unwrap().len(), 2);
        portal.stop().await;
    }

    async fn copies_are_not_taken_for_a_rename(settings: Settings) {
        let folder = Folder::with(&["original"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let original = row(&portal, "original").await;
        let copy = |name: &str| {
            let done = Command::new("cp").arg("-r").arg(folder.path().join("original")).arg(folder.path().join(name)).status();
            assert!(done.unwrap().success());
        };
        copy("fork");
        round(&portal).await;
        assert_ne!(row(&portal, "fork").await.id, original.id);
        assert_eq!(row(&portal, "original").await.id, original.id);
        // Two candidates for one that is gone: nobody can tell.
        copy("fork-2");
        copy("fork-3");
        fs::remove_dir_all(folder.path().join("original")).unwrap();
        round(&portal).await;
        let rows = store::known(portal.db()).await.unwrap();
        assert_eq!(rows.iter().filter(|row| row.gone_at.is_none()).count(), 3);
        assert!(rows.iter().any(|row| row.id == original.id && row.gone_at.is_some()));
        portal.stop().await;
    }

    async fn a_renamed_default_branch_is_followed(settings: Settings) {
        let folder = Folder::with(&["one"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let before = row(&portal, "one").await;
        folder.git("one", &["branch", "-m", "main", "trunk"]);
        assert_eq!(round(&portal).await.progress.phase, "1 repositories, 1 read");
        let after = row(&portal, "one").await;
        assert_eq!(after.id, before.id);
        assert_ne!((after.fingerprint, after.standing.as_str()), (before.fingerprint, "failed"));
        portal.stop().await;
    }

    async fn one_that_is_removed_gets_out_of_sight_and_comes_back(settings: Settings) {
        let folder = Folder::with(&["here", "there"]);
        let away = tempfile::tempdir().unwrap();
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let before = row(&portal, "there").await;
        fs::rename(folder.path().join("there"), away.path().join("there")).unwrap();
        let job = round(&portal).await;
        assert_eq!(names(&portal).await, ["here"]);
        assert!(lines(&portal, &job).await.contains(&"there is no longer there.".to_owned()));
        fs::rename(away.path().join("there"), folder.path().join("again")).unwrap();
        round(&portal).await;
        assert_eq!(row(&portal, "again").await.id, before.id);
        portal.stop().await;
    }

    async fn names_that_are_alike_get_slugs_of_their_own(settings: Settings) {
        let (first, second) = (Folder::with(&["a/b", "a-b", "Größe"]), Folder::with(&["a-b"]));
        let portal = open(&settings, vec![first.source("one"), second.source("two")]).await;
        round(&portal).await;
        let slugs: Vec<_> = seen(&portal).await.into_iter().map(|(_, slug, _)| slug).collect();
        assert_eq!(slugs.len(), 4);
        for slug in ["a-b", "one-a-b", "two-a-b", "gr-e"] {
            assert!(slugs.iter().any(|other| other == slug), "{slug} in {slugs:?}");
        }
        portal.stop().await;
    }
}
