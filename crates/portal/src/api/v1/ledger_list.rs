//! `GET /api/v1/ledger`

use crate::api::problem::Problems;
use crate::api::schema::EntryPage;
use crate::failure::Failure;
use crate::pages::ledger::LONGEST_SEARCH;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use axum::Json;
use axum::extract::State;
use ledger::EntryFilter;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Wanted {
    /// Only those about this subject: `kind/id`.
    subject: Option<String>,
    /// Only those by this account.
    actor: Option<String>,
    /// Only those whose `kind.act` begins so.
    act: Option<String>,
    /// Only those with this number or a higher one.
    #[serde(default)]
    from: u64,
    /// Not before this instant.
    since: Option<String>,
    /// Only those with this text in them, in small or capital letters.
    text: Option<String>,
    /// Newest first.
    #[serde(default)]
    newest_first: bool,
    /// How many: 100 if nothing is said, 1,000 at the most.
    limit: Option<u32>,
    /// How many to pass over.
    #[serde(default)]
    offset: u64,
}

/// Entries of the ledger that pass the filter.
#[utoipa::path(
    get,
    path = "/ledger",
    operation_id = "ledger_list",
    tag = "ledger",
    params(Wanted),
    responses((status = 200, description = "The entries.", body = EntryPage), Problems),
    security(("token" = []), ("browser" = [])),
)]
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Json<EntryPage>, Failure> {
    let unreadable = |part: &str| Failure::Query(part.to_owned());
    let filter = EntryFilter {
        subject: match wanted.subject {
            Some(text) => Some(text.try_into().map_err(|_| unreadable("subject"))?),
            None => None,
        },
        actor: match wanted.actor {
            Some(text) => Some(text.parse().map_err(|_| unreadable("actor"))?),
            None => None,
        },
        acts: wanted.act.into_iter().collect(),
        from: wanted.from,
        since: match wanted.since {
            Some(text) => Some(text.parse().map_err(|_| unreadable("since"))?),
            None => None,
        },
        text: match wanted.text {
            Some(text) if text.chars().count() > LONGEST_SEARCH => return Err(unreadable("text")),
            text => text.filter(|text| !text.is_empty()),
        },
        newest_first: wanted.newest_first,
        limit: wanted.limit.unwrap_or(100).clamp(1, 1_000),
        offset: wanted.offset,
    };
    let page = app.centre.ledger(visitor.caller(), &filter).await?;
    let items = page.items.iter().map(super::json).collect::<Result<_, _>>()?;
    Ok(Json(EntryPage { items, total: page.total }))
}
