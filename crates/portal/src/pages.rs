//! The pages. One page is one file pair: `pages/permit.rs` and
//! `templates/pages/permit.html`. Each has a `sample()`; one test renders them
//! all in every language.

pub mod account;
pub mod application;
pub mod application_form;
pub mod asking;
pub mod basket;
pub mod bringing;
pub(crate) mod calendar;
pub mod catalogue;
pub mod centre;
pub mod failure;
pub mod front;
pub mod ingress;
pub mod journal;
pub mod ledger;
pub mod ledger_entry;
pub mod notebook;
pub mod output;
pub mod outputs;
pub mod packages;
pub mod packing;
pub mod pairs;
pub mod permit;
pub mod register;
pub mod release;
pub mod results;
pub mod reversals;
pub mod room;
pub mod room_file;
pub(crate) mod seen;
pub mod sign_in;
pub mod source;
pub mod variable;
pub mod versions;
pub mod work;

use askama::Template;
use model::Lang;

/// Every page with its sample: its name, and its HTML.
pub fn samples(lang: Lang) -> Vec<(&'static str, askama::Result<String>)> {
    vec![
        ("front", front::FrontPage::sample(lang).render()),
        ("sign-in", sign_in::SignInPage::sample(lang).render()),
        ("account", account::AccountPage::sample(lang).render()),
        ("work", work::WorkPage::sample(lang).render()),
        ("catalogue", catalogue::CataloguePage::sample(lang).render()),
        ("source", source::SourcePage::sample(lang).render()),
        ("variable", variable::VariablePage::sample(lang).render()),
        ("variable-number", variable::VariablePage::sample_number(lang).render()),
        ("basket", basket::BasketPage::sample(lang).render()),
        ("application-form", application_form::ApplicationFormPage::sample(lang).render()),
        ("application", application::ApplicationPage::sample(lang).render()),
        ("permit", permit::PermitPage::sample(lang).render()),
        ("use", register::UsePage::sample(lang).render()),
        ("room", room::RoomPage::sample(lang).render()),
        ("room-waiting", room::RoomPage::waiting_sample(lang).render()),
        ("room-running", room::RoomPage::running_sample(lang).render()),
        ("quarantine", source::quarantine::QuarantinePage::sample(lang).render()),
        ("notebook", notebook::NotebookPage::sample(lang).render()),
        ("desktop", notebook::NotebookPage::desktop_sample(lang).render()),
        ("asking", asking::AskingPage::sample(lang).render()),
        ("room-file", room_file::RoomFilePage::sample(lang).render()),
        ("versions", versions::VersionsPage::sample(lang).render()),
        ("output", output::OutputPage::sample(lang).render()),
        ("journal", journal::JournalPage::sample(lang).render()),
        ("run", journal::RunPage::sample(lang).render()),
        ("packages", packages::PackagesPage::sample(lang).render()),
        ("room-packages", packages::PackagesPage::sample_of_room(lang).render()),
        ("pairs", pairs::PairsPage::sample(lang).render()),
        ("pair", pairs::PairPage::sample(lang).render()),
        ("reversals", reversals::ReversalsPage::sample(lang).render()),
        ("reversal", reversals::ReversalPage::sample(lang).render()),
        ("reversal-told", reversals::ReversalPage::sample_told(lang).render()),
        ("outputs", outputs::OutputsPage::sample(lang).render()),
        ("bringing", bringing::BringingPage::sample(lang).render()),
        ("ingress", ingress::IngressPage::sample(lang).render()),
        ("packing", packing::PackingPage::sample(lang).render()),
        ("release", release::ReleasePage::sample(lang).render()),
        ("register", register::RegisterPage::sample(lang).render()),
        ("results", results::ResultsPage::sample(lang).render()),
        ("ledger", ledger::LedgerPage::sample(lang).render()),
        ("ledger-entry", ledger_entry::LedgerEntryPage::sample(lang).render()),
        ("centre", centre::CentrePage::sample(lang).render()),
        ("failure", failure::FailurePage::sample(lang).render()),
    ]
}

#[cfg(test)]
mod tests;
