use model::Lang;

use super::sample::sample_room;
use super::*;

fn page_rulings() -> Vec<RulingLine> {
    [Action::EnterRoom, Action::RequestOutput].map(RulingLine::allowed).to_vec()
}

fn page(state: RoomState, inside: bool) -> RoomPage {
    let seen =
        Seen { inside: inside.then(Inside::default), rulings: page_rulings(), ..Seen::default() };
    RoomPage::of(Chrome::sample(Lang::En, "/"), &sample_room(state), &Names::sample(), seen)
}

#[test]
fn nothing_is_run_or_asked_for_in_a_closed_room() {
    let page = page(RoomState::Closed, true);
    assert!(!page.may_enter && !page.may_ask && page.standing.steps.is_empty());
}

#[test]
fn of_what_runs_each_can_be_stopped_and_more_be_run_and_asked_for() {
    let page = page(RoomState::Running, true);
    assert!(page.may_ask && page.standing.says.contains("2 runs go on at once"));
    let html = page.to_string();
    assert!(html.contains("data-live"));
    assert_eq!(html.matches("/stop\"").count(), 2, "{html}");
    assert!(!html.contains("type=\"submit\" disabled"), "{html}");
    let mut room = sample_room(RoomState::Running);
    room.runs.pop();
    let seen = Seen { inside: Some(Inside::default()), rulings: page_rulings(), ..Seen::default() };
    let page = RoomPage::of(Chrome::sample(Lang::En, "/"), &room, &Names::sample(), seen);
    assert!(page.standing.steps.last().unwrap().grave, "the only one is stopped from the top");
}

#[test]
fn what_waits_has_its_place_on_the_page_and_can_be_given_up() {
    let page = RoomPage::waiting_sample(Lang::En);
    assert!(page.standing.steps[0].grave && page.may_ask);
    let html = page.to_string();
    assert!(html.contains("Number 2 of 3 in the queue"), "{html}");
    assert!(html.contains("id=\"runs\" aria-labelledby=\"runs-heading\" data-live"), "{html}");
    assert!(html.contains("Keep this page open"), "{html}");
    assert!(html.contains("<button class=\"ds-button\" type=\"submit\" disabled>Run"), "{html}");
}

#[test]
fn why_something_was_given_up_has_a_word_in_every_language() {
    for why in room::GivenUp::ALL {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            assert!(words.knows(given_up_key(why)), "{} in {lang}", why.as_str());
        }
    }
}

#[test]
fn whoever_may_not_look_inside_sees_no_file_and_no_script_field() {
    let html = page(RoomState::Open, false).to_string();
    assert!(!html.contains("<textarea") && !html.contains("id=\"files\""), "{html}");
}

#[test]
fn how_a_command_ended_has_a_word_in_every_language() {
    for outcome in room::Outcome::ALL {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            assert!(words.knows(outcome_word(outcome).0), "{outcome} in {lang}");
        }
    }
}
