//! What was done in a room, for samples.

use centre::journal::{Cell as Code, Deed, Done, Ran, Statement};
use room::{CellOutcome, Outcome, Script};

use crate::sample::literal;

pub(super) fn sample_run() -> Ran {
    let text = "library(survival)\nperson <- read.csv(\"/data/population.csv\")\n";
    Ran {
        run: literal("run-5v7x9z1b3d"),
        command: vec!["Rscript".to_owned(), "/run/script/script.R".to_owned()],
        script: Script::new("script.R", text.to_owned()).ok(),
        notebook: false,
        desktop: false,
        ended: Some(centre::journal::RanEnd {
            outcome: Outcome::Finished,
            exit: Some(0),
            wall_ms: 2_310,
            cpu_ms: 1_940,
            peak_memory: 321 << 20,
            files: 3,
            files_sha256: ledger::Hash([0x5a; 32]),
            opened: Some(vec![room::TableRead { table: "population".to_owned(), rows: 17_549 }]),
        }),
    }
}

fn sample_statement() -> Statement {
    Statement {
        statement: literal("statement-5v7x9z1b3d"),
        run: literal("run-5v7x9z1b3d"),
        sql: "SELECT test, count(*) FROM laboratory GROUP BY test".to_owned(),
        ended: Some(room::StatementEnd {
            answered: true,
            wall_ms: 84,
            rows: 10,
            read: vec![room::TableRead { table: "laboratory".to_owned(), rows: 400_123 }],
        }),
    }
}

pub(super) fn sample_deeds() -> Vec<Deed> {
    let deed = |at: &str, what| {
        let is_in_one = matches!(what, Done::Entered { .. } | Done::Cell(_));
        let session = is_in_one.then(|| literal("run-5v7x9z1b3d"));
        Deed { at: literal(at), by: literal("researcher"), session, what }
    };
    let code = Code {
        cell: literal("cell-5v7x9z1b3d"),
        kernel: "ir".to_owned(),
        code: "plot(survfit(Surv(futime, status) ~ diabetes, person))".to_owned(),
        ended: Some(centre::journal::CellEnd {
            outcome: CellOutcome::Ok,
            wall_ms: 412,
            opened: Some(vec![room::TableRead { table: "laboratory".to_owned(), rows: 400_123 }]),
        }),
    };
    vec![
        deed("2026-03-01T08:00:00Z", Done::Opened),
        deed(
            "2026-03-01T08:05:00Z",
            Done::Entered { wall_ms: Some(5_400_000), shown: Some(3 << 20) },
        ),
        deed("2026-03-01T08:10:00Z", Done::Cell(Box::new(code))),
        deed("2026-03-01T08:15:00Z", Done::Statement(Box::new(sample_statement()))),
        deed("2026-03-01T08:20:00Z", Done::Withheld { bytes: 9 << 20 }),
        deed("2026-03-01T08:30:00Z", Done::Ran(Box::new(sample_run()))),
        deed("2026-03-01T08:40:00Z", Done::Looked { file: "out/km.svg".to_owned(), bytes: 9_120 }),
        deed(
            "2026-03-01T08:45:00Z",
            Done::AskedIn {
                ingress: literal("ingress-2x4z6b8d0f"),
                file: "icd-10.zip".to_owned(),
                state: ingress::IngressState::Placed,
            },
        ),
        deed(
            "2026-03-01T08:50:00Z",
            Done::AskedOut {
                output: literal("output-5v7x9z1b3d"),
                file: "out/km.svg".to_owned(),
                state: release::OutputState::Released,
            },
        ),
    ]
}

/// One of each kind that there is.
#[cfg(test)]
pub(crate) fn sample_of_every_deed() -> Vec<Deed> {
    let (sha256, at) = (ledger::Hash([0x5a; 32]), "2026-03-01T08:00:00Z");
    let session = |notebook, desktop| {
        let session = Ran { script: None, notebook, desktop, ended: None, ..sample_run() };
        Done::Ran(Box::new(session))
    };
    let why = room::Closing::ByPerson;
    let others = [
        session(true, false),
        session(false, true),
        Done::Waited {
            run: literal("run-5v7x9z1b3d"),
            wall_ms: Some(9_000),
            why: Some(room::GivenUp::NobodyWaits),
        },
        Done::Fetched(Box::new(room::Fetched {
            language: room::packages::Language::R,
            name: literal("lme4"),
            version: literal("1.1-31"),
            file: "lme4_1.1-31.tar.gz".to_owned(),
            sha256,
            bytes: 9,
        })),
        Done::Saved { file: "a.ipynb".to_owned(), bytes: 9, sha256 },
        Done::Restored {
            file: "a.csv".to_owned(),
            version: literal("7"),
            kept_at: literal(at),
            sha256,
        },
        Done::Pasted { bytes: 9, sha256 },
        Done::Frozen { why, until: literal(at) },
        Done::Thawed,
        Done::Counted(room::Removed {
            files: 2,
            bytes: 9,
            files_sha256: sha256,
            versions: 1,
            versions_bytes: 3,
        }),
        Done::Closed { why },
    ];
    let deed = |what| Deed { at: literal(at), by: literal("researcher"), session: None, what };
    sample_deeds().into_iter().chain(others.map(deed)).collect()
}
