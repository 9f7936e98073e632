//! Version 1 of the API: one endpoint, one file.

mod account_list;
mod application_begin;
mod application_comment;
mod application_decide;
mod application_list;
mod application_review;
mod application_save;
mod application_show;
mod application_submit;
mod application_withdraw;
mod calendar;
mod centre_show;
mod delivery_list;
mod desktop_close;
mod desktop_open;
mod desktop_show;
mod extract_build;
mod extract_list;
mod inbox;
mod ingress_ask;
mod ingress_decide;
mod ingress_list;
mod ingress_show;
mod ledger_entry;
mod ledger_export;
mod ledger_growth;
mod ledger_list;
mod ledger_proof;
mod ledger_verify;
mod me;
mod notebook_close;
mod notebook_open;
mod notebook_show;
mod output_ask;
mod output_decide;
mod output_list;
mod output_mend;
mod output_show;
mod package_ask;
mod package_decide;
mod package_list;
mod packing_list;
mod pair_answer;
mod pair_list;
mod pair_look;
mod password_set;
mod permit_list;
mod permit_public;
mod permit_revoke;
mod permit_show;
mod permit_stand_in;
mod quarantine;
mod register;
mod release_fetch;
mod release_key;
mod release_list;
mod release_pack;
mod release_show;
mod result_show;
mod results;
mod reversal_ask;
mod reversal_decide;
mod reversal_do;
mod reversal_list;
mod reversal_show;
mod room_close;
mod room_file;
mod room_inside;
mod room_journal;
mod room_list;
mod room_open;
mod room_queue;
mod room_remove;
mod room_reopen;
mod room_run;
mod room_show;
mod ruling;
mod run_log;
mod run_stop;
mod session_close;
mod session_open;
mod sitting;
mod source_list;
mod source_show;
mod timeline;
mod use_show;
mod variable_search;
mod variable_show;
mod version_list;
mod version_restore;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::failure::Failure;
use crate::state::App;

/// What was made.
#[derive(Serialize, ToSchema)]
struct Made {
    /// Its id.
    id: String,
}

/// Why something is done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// Why.
    why: String,
}

/// A record as JSON.
fn json(record: &impl Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(record).map_err(|error| Failure::Broken(error.to_string()))
}

/// Every endpoint.
pub(super) fn endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session_open::open))
        .routes(routes!(session_close::close))
        .routes(routes!(me::me))
        .routes(routes!(inbox::inbox))
        .routes(routes!(ruling::ruling))
        .routes(routes!(source_list::list))
        .routes(routes!(source_show::show))
        .routes(routes!(variable_search::search))
        .routes(routes!(application_list::list))
        .routes(routes!(application_show::show))
        .routes(routes!(application_begin::begin))
        .routes(routes!(application_save::save))
        .routes(routes!(application_submit::submit))
        .routes(routes!(application_withdraw::withdraw))
        .routes(routes!(application_review::review))
        .routes(routes!(application_decide::decide))
        .routes(routes!(application_comment::comment))
        .routes(routes!(permit_list::list))
        .routes(routes!(permit_show::show))
        .routes(routes!(permit_stand_in::stand_in))
        .routes(routes!(permit_revoke::revoke))
        .routes(routes!(extract_build::build))
        .routes(routes!(extract_list::list))
        .routes(routes!(calendar::calendar))
        .routes(routes!(room_open::open))
        .routes(routes!(room_list::list))
        .routes(routes!(room_show::show))
        .routes(routes!(room_inside::inside))
        .routes(routes!(room_journal::journal))
        .routes(routes!(room_queue::queue))
        .routes(routes!(room_run::run))
        .routes(routes!(notebook_show::show, notebook_open::open, notebook_close::close))
        .routes(routes!(desktop_show::show, desktop_open::open, desktop_close::close))
        .routes(routes!(run_log::log))
        .routes(routes!(run_stop::stop))
        .routes(routes!(run_stop::stop_one))
        .routes(routes!(room_close::close))
        .routes(routes!(version_list::list))
        .routes(routes!(version_restore::restore))
        .routes(routes!(room_reopen::reopen))
        .routes(routes!(room_remove::remove))
        .routes(routes!(ingress_ask::ask))
        .routes(routes!(ingress_list::list))
        .routes(routes!(ingress_show::show))
        .routes(routes!(ingress_decide::decide))
        .routes(routes!(package_list::list))
        .routes(routes!(package_ask::ask))
        .routes(routes!(package_decide::decide))
        .routes(routes!(pair_list::list))
        .routes(routes!(pair_look::look))
        .routes(routes!(pair_answer::answer))
        .routes(routes!(reversal_list::list))
        .routes(routes!(reversal_ask::ask))
        .routes(routes!(reversal_show::show))
        .routes(routes!(reversal_decide::decide))
        .routes(routes!(reversal_do::reveal))
        .routes(routes!(output_ask::ask))
        .routes(routes!(release_pack::pack))
        .routes(routes!(output_list::list))
        .routes(routes!(output_show::show))
        .routes(routes!(output_decide::decide))
        .routes(routes!(output_mend::mend))
        .routes(routes!(release_list::list))
        .routes(routes!(release_show::show))
        .routes(routes!(release_fetch::fetch))
        .routes(routes!(release_key::key))
        .routes(routes!(register::register))
        .routes(routes!(results::results))
        .routes(routes!(ledger_list::list))
        .routes(routes!(ledger_entry::show))
        .routes(routes!(ledger_proof::proof))
        .routes(routes!(ledger_growth::checkpoint))
        .routes(routes!(ledger_growth::growth))
        .routes(routes!(ledger_verify::verify))
        .routes(routes!(ledger_export::export))
        .routes(routes!(centre_show::show))
        .routes(routes!(account_list::list))
        .routes(routes!(delivery_list::list))
        .routes(routes!(packing_list::list))
        .routes(routes!(password_set::set))
        .routes(routes!(permit_public::show))
        .routes(routes!(quarantine::quarantine))
        .routes(routes!(result_show::show))
        .routes(routes!(room_file::file))
        .routes(routes!(timeline::timeline))
        .routes(routes!(use_show::show))
        .routes(routes!(variable_show::show))
}
