//! Opening a database: fresh, again, older, newer, not at all.

use ledger::{Book, load};
use store::{OpenError, Store};

use crate::lamp::{Lamp, hung, lit};
use crate::place::{Place, clock, lamps};

pub(crate) async fn what_was_written_is_there_after_opening_again(place: Place) {
    let store = place.open().await;
    let written = store.append(vec![hung("a", "hall"), lit("a")], vec![]).await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.head().await.unwrap().hash, written[1].hash);
    let more = store.append(vec![hung("b", "hall")], vec![]).await.unwrap();
    assert_eq!((more[0].seq, more[0].previous), (2, written[1].hash));
    assert!(load::<Lamp>(&store, "a").await.unwrap().unwrap().0.lit);
}

pub(crate) async fn a_database_of_a_newer_version_is_refused(place: Place) {
    place.open().await.close().await;
    place.by_hand("INSERT INTO schema_versions (version, applied) VALUES (99, 0)").await;
    let refused = Store::open(&place.url, &lamps(), clock()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
    assert!(!refused.to_string().contains('\n') && refused.to_string().contains("newer program"));
}

pub(crate) async fn records_of_a_kind_that_is_new_are_folded_from_the_entries(place: Place) {
    let store = Store::open(&place.url, &[], clock()).await.unwrap();
    store.append(vec![hung("a", "hall"), lit("a")], vec![]).await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert!(load::<Lamp>(&store, "a").await.unwrap().unwrap().0.lit);
}

pub(crate) async fn records_of_an_older_schema_are_folded_anew(place: Place) {
    let store = place.open().await;
    store.append(vec![hung("a", "hall"), lit("a")], vec![]).await.unwrap();
    store.close().await;
    place
        .by_hand(
            "UPDATE record_lamp SET document = '{\"older\": true}'; \
             UPDATE record_tables SET version = 0",
        )
        .await;
    let store = place.open().await;
    assert!(load::<Lamp>(&store, "a").await.unwrap().unwrap().0.lit);
    assert!(store.replay_check().await.unwrap().is_sound());
}

#[tokio::test]
async fn a_url_of_no_known_form_is_refused_without_repeating_it() {
    for url in ["", "mysql://root:secret@host/x", "sqlite:", "sqlite::memory:", "/var/lib/x.db"] {
        let refused = Store::open(url, &lamps(), clock()).await.unwrap_err();
        assert!(matches!(refused, OpenError::Url), "{url}: {refused}");
        assert!(!refused.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let refused = Store::open("sqlite:/nowhere/metadata.db", &lamps(), clock()).await.unwrap_err();
    assert!(refused.to_string().contains("`/nowhere/metadata.db`"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("metadata.db");
    std::fs::write(&path, "this is a letter, and a long one at that, to be sure").unwrap();
    let url = format!("sqlite:{}", path.display());
    let refused = Store::open(&url, &lamps(), clock()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Database(_)), "{refused}");
}

#[tokio::test]
async fn an_sqlite_database_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("metadata.db");
    let store =
        Store::open(&format!("sqlite:{}", path.display()), &lamps(), clock()).await.unwrap();
    store.append(vec![hung("a", "hall")], vec![]).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}
