//! A full disk: nothing is half written, the message says what to do, and it goes
//! on when there is room again.

use std::path::Path;
use std::process::Command;

use ledger::{Book, BookError, Draft, EntryFilter};
use store::Store;

use crate::lamp::{actor, hung};
use crate::place::{clock, lamps};

const FOLDER: &str = "HELSEROM_STORE_TEST_SMALL_DISK";

/// Runs this program once more with a disk of 2 MiB mounted at a folder, in user
/// and mount namespaces of its own.
#[test]
fn on_a_full_disk_an_append_is_wholly_absent_and_the_message_says_why() {
    let folder = tempfile::TempDir::new().unwrap();
    let mounted = "mount -t tmpfs -o size=2m none \"$0\" && exec \"$@\"";
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", mounted])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["disk::the_child_fills_the_disk", "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success());
}

fn noted(n: u32) -> Draft {
    Draft {
        actor: actor(),
        act: "centre.noted".to_owned(),
        subject: ledger::Subject::new("centre", "centre"),
        body: serde_json::json!({ "n": n, "padding": "x".repeat(20_000) }),
    }
}

/// Not a test: what runs on the small disk. Without its environment it does
/// nothing.
#[test]
fn the_child_fills_the_disk() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![0; 900_000]).unwrap();
    let url = format!("sqlite:{}", folder.join("metadata.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url, &lamps(), clock()).await.unwrap();
        let mut written = 0;
        let refused = loop {
            let drafts = vec![hung(&format!("lamp-{written}"), "hall"), noted(written)];
            match store.append(drafts, vec![]).await {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
            assert!(written < 10_000, "the disk was never full");
        };
        assert!(written > 0);
        assert!(matches!(&refused, BookError::Database(_)), "{refused}");
        assert!(refused.to_string().contains("disk it is on is full"), "{refused}");

        let whole = async |written: u32| {
            let entries = store.entries(&EntryFilter::default()).await.unwrap();
            assert_eq!(entries.total, u64::from(written) * 2);
            assert!(store.verify(&[]).await.unwrap().is_sound());
            let replay = store.replay_check().await.unwrap();
            assert!(replay.is_sound() && replay.records == u64::from(written), "{replay:?}");
        };
        whole(written).await;
        // Several at once: each hears it.
        let draft = |n: u32| vec![hung(&format!("lamp-{n}"), "hall"), noted(n)];
        let [one, two, three] = [0, 1, 2].map(|n| store.append(draft(written + n), vec![]));
        let (one, two, three) = tokio::join!(one, two, three);
        for refused in [one, two, three] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("disk it is on is full"), "{refused}");
        }
        whole(written).await;
        std::fs::remove_file(&ballast).unwrap();
        let drafts = vec![hung(&format!("lamp-{written}"), "hall"), noted(written)];
        store.append(drafts, vec![]).await.unwrap();
        whole(written + 1).await;
    });
}
