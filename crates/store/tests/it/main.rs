//! The store from the outside: each behaviour on SQLite and on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::similar_names,
    clippy::many_single_char_names,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests stop at the first thing that is wrong, and say what it was"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

#[path = "../../../ledger/tests/it/lamp.rs"]
mod lamp;

mod accounts;
mod backup;
mod book;
mod crash;
mod disk;
mod opening;
mod place;
mod proof;
mod several;
mod tampering;

use place::{Behaviour, Place};

macro_rules! behaviours {
    ($($module:ident :: $name:ident,)*) => {
        mod sqlite {
            $(
                #[test]
                fn $name() {
                    crate::place::on_sqlite(|place| Box::pin(crate::$module::$name(place)));
                }
            )*
        }

        /// One cluster for all of them: starting it takes longer than most.
        #[test]
        fn postgresql_behaves_the_same() {
            let all: &[(&str, Behaviour)] = &[
                $((stringify!($name), |place: Place| Box::pin($module::$name(place))),)*
            ];
            place::on_postgres(all);
        }
    };
}

behaviours! {
    accounts::credentials_change_with_an_entry_or_not_at_all,
    accounts::a_session_lasts_until_it_expires_or_is_closed,
    backup::a_backup_taken_while_others_write_restores_to_the_same,
    backup::a_backup_that_was_cut_or_altered_is_refused_and_nothing_is_restored,
    backup::a_backup_is_restored_only_into_an_empty_database,
    book::the_rules_of_every_book_hold,
    book::records_are_sorted_by_the_bytes_of_their_ids,
    book::many_entries_at_once_are_written_and_read_back,
    crash::a_writer_killed_at_any_moment_leaves_all_of_an_append_or_nothing,
    opening::a_database_of_a_newer_version_is_refused,
    opening::records_of_a_kind_that_is_new_are_folded_from_the_entries,
    opening::records_of_an_older_schema_are_folded_anew,
    opening::what_was_written_is_there_after_opening_again,
    proof::every_entry_is_proved_with_the_public_key_alone,
    proof::an_altered_entry_is_not_proved,
    proof::nothing_is_signed_on_top_of_a_ledger_that_was_altered,
    proof::an_export_verifies_with_the_public_key_alone,
    proof::growth_is_proved,
    several::readers_do_not_wait_for_a_writer,
    several::those_who_write_at_once_share_a_transaction_and_each_hears_what_came_of_it,
    several::who_goes_away_before_their_turn_has_nothing_written,
    several::writers_of_several_programs_take_turns,
    several::of_two_who_decide_on_the_same_state_one_is_told_to_look_again,
    tampering::what_was_done_to_the_entries_by_hand_is_named,
    tampering::what_was_done_to_the_records_by_hand_is_named_and_mended,
    tampering::a_forged_checkpoint_is_named,
}
