//! A writer that dies: what it was writing is wholly there or wholly absent, and
//! what it was told is written stays written.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use ledger::Draft;
use model::{Secret, SeededEntropy, entropy::Entropy};
use store::{CredentialChange, Store};

use crate::lamp::{actor, hung, lit};
use crate::place::{Place, clock, lamps};

const URL: &str = "HELSEROM_STORE_TEST_URL";
const NAME: &str = "HELSEROM_STORE_TEST_NAME";
const COUNT: &str = "HELSEROM_STORE_TEST_COUNT";

/// How many entries each append of a child writes.
const TOGETHER: u64 = 3;

/// This test program, started once more to append until it is killed.
pub(crate) struct Child {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(url: &str, name: &str, count: u32) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["crash::the_child_appends", "--exact", "--nocapture"])
            .env(URL, url)
            .env(NAME, name)
            .env(COUNT, count.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        Self { process, said }
    }

    /// The first entry of the next append that was acknowledged.
    fn acknowledged(&mut self) -> Option<u64> {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            // The line may follow what the test runner printed.
            if let Some((_, seq)) = line.trim_end().split_once("wrote ") {
                return Some(seq.parse().unwrap());
            }
            line.clear();
        }
        None
    }

    fn rest(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.acknowledged()).collect()
    }

    /// Waits until it has appended as often as it should.
    pub(crate) fn finish(&mut self) -> Vec<u64> {
        let acknowledged = self.rest();
        assert!(self.process.wait().unwrap().success());
        acknowledged
    }

    fn kill(&mut self) -> Vec<u64> {
        self.process.kill().unwrap();
        let acknowledged = self.rest();
        self.process.wait().unwrap();
        acknowledged
    }
}

/// Not a test: what [`Child`] does. Without its environment it does nothing.
#[test]
fn the_child_appends() {
    let Ok(url) = std::env::var(URL) else { return };
    let name = std::env::var(NAME).unwrap();
    let count: u32 = std::env::var(COUNT).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url, &lamps(), clock()).await.unwrap();
        for n in 0..count {
            let id = format!("{name}-{n}");
            let drafts: Vec<Draft> = vec![hung(&id, "hall"), lit(&id), noted(n)];
            let phc = Secret::new(format!("$argon2id${n}"));
            let account = name.parse().unwrap();
            let change = vec![CredentialChange::Set(account, phc)];
            let written = store.append_with(drafts, vec![], change).await.unwrap();
            println!("wrote {}", written[0].seq);
        }
    });
}

fn noted(n: u32) -> Draft {
    Draft {
        actor: actor(),
        act: "centre.noted".to_owned(),
        subject: ledger::Subject::new("centre", "centre"),
        body: serde_json::json!({ "n": n, "padding": "x".repeat(2_000) }),
    }
}

pub(crate) async fn a_writer_killed_at_any_moment_leaves_all_of_an_append_or_nothing(place: Place) {
    // Chosen so that a round is short and the moments differ; the seed is fixed,
    // the moment is not: it depends on the machine.
    let entropy = SeededEntropy::new(20);
    let rounds = if place.is_sqlite() { 25 } else { 12 };
    let mut cut_short = 0;
    for round in 0..rounds {
        let name = format!("child-{round}");
        let mut child = Child::start(&place.url, &name, 100_000);
        let first = child.acknowledged().expect("the child did not begin");
        tokio::time::sleep(Duration::from_micros(entropy.below(40_000))).await;
        let mut acknowledged = vec![first];
        acknowledged.extend(child.kill());

        let store = place.open().await;
        let next = store.head().await.unwrap().next;
        assert_eq!(next % TOGETHER, 0, "round {round}: part of an append is there");
        let last = *acknowledged.last().unwrap();
        assert!(next >= last + TOGETHER, "round {round}: an acknowledged append is gone");
        cut_short += u32::from(next > last + TOGETHER);
        let report = store.verify(&[]).await.unwrap();
        assert!(report.is_sound() && report.entries == next, "round {round}: {report:?}");
        let replay = store.replay_check().await.unwrap();
        assert!(replay.is_sound(), "round {round}: {replay:?}");
        assert_eq!(replay.records * TOGETHER, next);
        // The credential is that of the last append, which is there whole.
        let sql = format!("SELECT seq FROM credentials WHERE account = '{name}'");
        let set = u64::try_from(place.count(&sql).await).unwrap();
        assert_eq!(set, next - TOGETHER, "round {round}");
        store.close().await;
    }
    println!("{cut_short} of {rounds} were killed between writing and saying so");
}
