//! Every address of the portal.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::failure::Failure;
use crate::pages::{
    account, application, application_form::serve as form, asking, basket, bringing, calendar,
    catalogue, centre, front, ingress, journal, ledger, ledger_entry, notebook, output, outputs,
    packages, packing, pairs, permit, register, release, results, reversals, room, room_file,
    sign_in, source, variable, versions, work,
};
use crate::security::headers;
use crate::state::App;
use crate::{api, assets, observe, visitor};

fn pages() -> Router<App> {
    Router::new()
        .route("/", get(front::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::with_password))
        .route("/sign-in/demo", post(sign_in::with_one_click))
        .route("/sign-out", post(sign_in::out))
        .route("/account", get(account::show))
        .route("/account/password", post(account::set_password))
        .route("/work", get(work::show))
        .route("/catalogue", get(catalogue::show))
        .route("/sources", get(|| async { Redirect::permanent("/catalogue") }))
        .route("/sources/{source}", get(source::show))
        .route("/sources/{source}/{variable}", get(variable::show))
        .route("/sources/{source}/deliveries/{import}", get(source::quarantine::show))
        .route("/basket", get(basket::show).post(basket::change))
        .merge(cases())
        .route("/register", get(register::show))
        .route("/register/{application}", get(register::show_one))
        .route("/results", get(results::show))
        .route("/ledger", get(ledger::show))
        .route("/ledger/verification", post(ledger::verify))
        .route("/ledger/export", get(ledger::export))
        .route("/ledger/{seq}", get(ledger_entry::show))
        .route("/centre", get(centre::show))
}

fn cases() -> Router<App> {
    Router::new()
        .route("/applications/new", get(|| async { Redirect::to("/basket") }).post(form::begin))
        .route("/applications/{application}", get(application::show))
        .route("/applications/{application}/edit", get(form::show).post(form::save))
        .route("/applications/{application}/draft", post(form::save_draft))
        .route("/applications/{application}/review", post(application::review))
        .route("/applications/{application}/decision", post(application::decide))
        .route("/applications/{application}/comments", post(application::comment))
        .route("/applications/{application}/withdrawal", post(application::withdraw))
        .route("/permits/{permit}", get(permit::show))
        .route("/permits/{permit}/stand-in", get(permit::stand_in))
        .route("/permits/{permit}/extracts", post(permit::data::build))
        .route("/permits/{permit}/rooms", post(permit::data::open_room))
        .route("/calendar.ics", get(calendar::file))
        .route("/permits/{permit}/calendar.ics", get(calendar::file_of_permit))
        .route("/permits/{permit}/revocation", post(permit::revoke))
        .route("/rooms/{room}", get(room::show))
        .route("/rooms/{room}/journal", get(journal::show))
        .route("/rooms/{room}/journal/{run}", get(journal::show_run))
        .route("/rooms/{room}/file", get(room_file::show))
        .route("/rooms/{room}/versions", get(versions::show))
        .route("/rooms/{room}/restorations", post(versions::restore))
        .route("/rooms/{room}/picture", get(room_file::show_picture))
        .route("/rooms/{room}/notebook", get(notebook::show).post(notebook::open))
        .route("/rooms/{room}/notebook/together", post(notebook::open_together))
        .route("/rooms/{room}/desktop/together", post(notebook::open_desktop_together))
        .route("/rooms/{room}/desktop", get(notebook::show_desktop).post(notebook::open_desktop))
        .route("/rooms/{room}/runs", post(room::run))
        .route("/rooms/{room}/stop", post(room::stop))
        .route("/rooms/{room}/runs/{run}/stop", post(room::stop_one))
        .route(
            "/rooms/{room}/ingresses",
            get(bringing::show).post(bringing::bring).layer(DefaultBodyLimit::disable()),
        )
        .route("/ingresses/{ingress}", get(ingress::show))
        .route("/ingresses/{ingress}/decision", post(ingress::decide))
        .route("/rooms/{room}/packages", get(packages::show_of_room).post(packages::ask))
        .route("/packages", get(packages::show))
        .route("/packages/{package}", get(packages::show_one))
        .route("/packages/{package}/decision", post(packages::decide))
        .route("/permits/{permit}/reversals", get(reversals::show).post(reversals::ask))
        .route("/reversals/{reversal}", get(reversals::show_one))
        .route("/reversals/{reversal}/decision", post(reversals::decide))
        .route("/reversals/{reversal}/doing", post(reversals::reveal))
        .route("/pairs", get(pairs::show))
        .route("/pairs/{pair}", get(pairs::show_one))
        .route("/pairs/{pair}/answer", post(pairs::answer))
        .route("/rooms/{room}/outputs", get(asking::show).post(asking::ask))
        .route("/rooms/{room}/handed-over", post(room::ask_handed_over))
        .route("/rooms/{room}/packing", get(packing::show).post(packing::pack))
        .route("/rooms/{room}/closing", post(room::close))
        .route("/rooms/{room}/reopening", post(room::reopen))
        .route("/rooms/{room}/removal", post(room::remove))
        .route("/outputs", get(outputs::show))
        .route("/outputs/{output}", get(output::show))
        .route("/outputs/{output}/file", get(output::file))
        .route("/outputs/{output}/mended-file", get(output::mended_file))
        .route("/outputs/{output}/decision", post(output::decide))
        .route("/outputs/{output}/mend", post(output::mend))
        .route("/releases/{release}", get(release::show))
        .route("/releases/{release}/package", post(release::fetch))
}

/// Every address with what stands before it: the request is named and written
/// down, answers get their headers, whoever asks is recognised, and a failure is
/// put in words.
pub(crate) fn router(app: App) -> Router {
    let received = pages()
        .merge(api::router())
        .fallback(|| async { Failure::Absent })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), visitor::receive))
        // Before the visitor is received: there a body is read whole.
        .layer(DefaultBodyLimit::max(app.config.largest_body));
    Router::new()
        .merge(received)
        .merge(assets::router())
        .merge(observe::health())
        .layer(from_fn_with_state(app.clone(), headers::add))
        .layer(from_fn_with_state(app.clone(), observe::note))
        .with_state(app)
}

/// A handler that panicked is a fault of ours; the others go on.
#[expect(clippy::needless_pass_by_value, reason = "the signature the layer asks for")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let why = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Failure::Broken(format!("a handler panicked: {why}")).into_response()
}
