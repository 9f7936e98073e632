//! A room for samples.

use std::sync::Arc;

use model::{Date, Lang, Timestamp};
use permit::Role;
use permit::policy::Action;
use room::{Limits, Outcome, Room, Run, RunEnd, State as RoomState, Waiting};

use super::{FileLine, HandedOver, Inside, OutputLine, RoomPage, Seen};
use crate::chrome::Chrome;
use crate::names::Names;
use crate::pages::bringing;
use crate::pages::ingress::sample_ingress;
use crate::parts::calendar::Calendar;
use crate::parts::rules::RulingLine;
use crate::parts::timeline::Happening;
use crate::parts::{Tag, Tone};
use crate::sample::literal;

/// A room with two runs, for samples.
#[expect(clippy::expect_used, reason = "the terms that a permit begins with give limits")]
pub(crate) fn sample_room(state: RoomState) -> Room {
    let at = literal::<Timestamp>;
    let run = |id: &str, script: &str, from: &str, to: &str, outcome, exit| Run {
        id: literal(id),
        by: literal("researcher"),
        command: vec!["Rscript".to_owned(), script.to_owned()],
        script: Some(script.to_owned()),
        script_sha256: None,
        notebook: false,
        desktop: false,
        private: true,
        started_at: at(from),
        ended: Some(RunEnd {
            at: at(to),
            outcome,
            exit: Some(exit),
            wall_ms: 14_200,
            cpu_ms: 13_900,
            peak_memory: 312 << 20,
            files_total: 6,
        }),
    };
    let mut runs = vec![
        run(
            "run-1a3c5e7g9j",
            "cox.R",
            "2026-03-01T08:12:00Z",
            "2026-03-01T08:12:14Z",
            Outcome::Finished,
            0,
        ),
        run(
            "run-2b4d6f8h0k",
            "cox.py",
            "2026-03-01T08:20:00Z",
            "2026-03-01T08:20:14Z",
            Outcome::Failed,
            1,
        ),
    ];
    if state == RoomState::Running {
        let script = Run {
            ended: None,
            ..run(
                "run-4d6f8h0k2m",
                "cox.R",
                "2026-03-01T08:30:00Z",
                "2026-03-01T08:30:14Z",
                Outcome::Finished,
                0,
            )
        };
        let notebook = Run {
            id: literal("run-5e7g9j1m3p"),
            by: literal("statistician"),
            command: vec!["jupyter".to_owned(), "lab".to_owned()],
            script: None,
            notebook: true,
            ..script.clone()
        };
        runs.extend([script, notebook]);
    }
    Room {
        id: literal(match state {
            RoomState::Waiting => "room-6s8v0x2z4b",
            RoomState::Running => "room-8v0x2z4b6d",
            _ => "room-3p5r7t9v1x",
        }),
        state,
        permit: literal("permit-7k3m9q2x4d"),
        extract: literal("extract-4q6s8v0x2z"),
        limits: Limits::of(&permit::RoomTerms::default()).expect("limits"),
        holds: room::Holds::default(),
        opened_by: literal("researcher"),
        opened_at: at("2026-03-01T08:10:00Z"),
        runs,
        runs_total: 2,
        clock: room::Clock::default(),
        waiting: (state == RoomState::Waiting).then(|| Waiting {
            run: literal("run-3c5e7g9j1m"),
            by: literal("researcher"),
            command: vec!["jupyter".to_owned(), "lab".to_owned()],
            script: None,
            notebook: true,
            desktop: false,
            stays: true,
            asked_at: at("2026-03-01T08:20:30Z"),
            seq: 61,
        }),
        frozen_until: None,
        removed: None,
        closed_at: None,
        closed: None,
    }
}

impl RoomPage {
    /// A sample: open, with a log.
    pub fn sample(lang: Lang) -> Self {
        Self::sample_in(lang, RoomState::Open)
    }

    /// A sample of one that waits for a place on the machine.
    pub fn waiting_sample(lang: Lang) -> Self {
        Self::sample_in(lang, RoomState::Waiting)
    }

    /// A sample of one in which two are at work.
    pub fn running_sample(lang: Lang) -> Self {
        Self::sample_in(lang, RoomState::Running)
    }

    fn sample_in(lang: Lang, state: RoomState) -> Self {
        let chrome = Chrome::sample(lang, "/rooms/room-3p5r7t9v1x").seen_by(&[Role::Researcher]);
        let words = chrome.words().clone();
        let at = literal::<Timestamp>;
        let file = |name: &str, bytes| FileLine {
            name: name.to_owned(),
            bytes,
            modified: at("2026-03-01T08:12:13Z"),
        };
        let ruling = |action: Action, allowed| RulingLine {
            action: action.as_str().to_owned(),
            what: words.say_or(&format!("may-{}", action.as_str()), action.as_str()),
            allowed,
            inactive: None,
            why: Vec::new(),
        };
        let inside = Inside {
            sight: super::Sight::Text,
            withheld: false,
            handed_over: HandedOver {
                files: vec![(
                    "results/cox.csv".to_owned(),
                    words.say("kind-model").into_owned(),
                    "Table 2".to_owned(),
                )],
                unread: None,
            },
            brought: bringing::lines(&words, &Names::sample(), &[Arc::new(sample_ingress())]),
            memory: 41 << 20,
            cpu_percent: Some(87),
            processes: Some(14),
            disk: 3 << 20,
            names: 3,
            files: vec![
                file("results/cox.csv", 412),
                file("results/small-cells.csv", 655),
                file("results/survival.svg", 18_220),
            ],
            refused: vec![("link-to-etc".to_owned(), "it is a symbolic link".to_owned())],
            chosen: Some("run-1a3c5e7g9j".to_owned()),
            log: Some(
                "> library(survival)\n> fit <- coxph(Surv(futime, status) ~ age + male + diabetes + hdl)\n\
                 n= 12208, number of events= 871\n              coef exp(coef) se(coef)\nage       0.087612  1.091564 0.003291\n"
                    .to_owned(),
            ),
            outputs: vec![OutputLine {
                id: "output-5v7x9z1b3d".to_owned(),
                name: "results/small-cells.csv".to_owned(),
                tag: Tag::new(Tone::Warning, words.say("state-output-held")),
                at: at("2026-03-01T08:30:00Z"),
            }],
            notebook: match state {
                RoomState::Open | RoomState::Running => super::Notebook::Shut,
                _ => super::Notebook::No,
            },
            in_line: (state == RoomState::Waiting).then(|| super::InLine::sample(&words)),
            language: "r".to_owned(),
            script: "library(survival)\n".to_owned(),
        };
        let seen = Seen {
            inside: Some(inside),
            until: Some(Date::constant(2027, 2, 28)),
            now: literal("2026-03-01T09:30:00Z"),
            title: crate::parts::terms::TermsTree::sample_terms(lang).title,
            rulings: vec![
                ruling(Action::EnterRoom, true),
                ruling(Action::RequestOutput, true),
                ruling(Action::CloseRoom, true),
            ],
            happenings: vec![Happening::sample(
                60,
                "2026-03-01T08:12:14Z",
                "researcher",
                "room.run-ended",
                "room/room-3p5r7t9v1x",
                "",
            )],
            may_read_ledger: false,
        };
        let calendar = Calendar::sample(&words);
        let room = sample_room(state);
        Self::of(chrome, &room, &Names::sample(), seen).with_calendar(Some(calendar))
    }
}
