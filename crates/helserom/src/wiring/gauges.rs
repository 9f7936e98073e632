//! How much there is of what, for `/metrics`: counts and no names.

use centre::Centre;
use ledger::{Book as _, BookError, EntryFilter, Order, RecordFilter, Row};
use model::Timestamp;
use permit::{Permit, Standing};
use room::Room;
use source::SourceRecord;
use store::Store;

use super::web::space;
use crate::config::Config;

/// A figure under the name that Prometheus knows it by.
type Gauge = (&'static str, f64);

/// Records of which there are so many in these states: the gauge, their kind, their
/// states.
const COUNTED: [(&str, &str, &[&str]); 8] = [
    ("helserom_applications_submitted", "application", &["submitted"]),
    ("helserom_permits", "permit", &[]),
    ("helserom_extracts", "extract", &["built"]),
    ("helserom_extracts_destroyed", "extract", &["destroyed"]),
    ("helserom_rooms_open", "room", &["open", "waiting", "running"]),
    ("helserom_rooms_waiting", "room", &["waiting"]),
    ("helserom_rooms_running", "room", &["running"]),
    ("helserom_outputs_waiting", "output", &["requested", "checked"]),
];

/// How many records are read at once.
const PAGE: u32 = 500;

/// Every figure that can be told now. What cannot be read is left out, and said in the
/// log: a figure that is missing is noticed, one that is wrong is not.
pub(super) async fn read(centre: &Centre, store: &Store, config: &Config) -> Vec<Gauge> {
    let mut gauges = Vec::new();
    for told in [
        ledger(store).await,
        counted(store).await,
        runs(store).await,
        standings(store, centre.now()).await,
        deliveries(store).await,
        backups(store, centre.now()).await,
    ] {
        match told {
            Ok(told) => gauges.extend(told),
            Err(error) => tracing::warn!(%error, "some figures could not be read"),
        }
    }
    match centre.takes().await {
        Ok(takes) => gauges.extend([
            ("helserom_rooms_memory_taken_bytes", float(takes.taken)),
            ("helserom_rooms_memory_bytes", float(takes.memory)),
        ]),
        Err(error) => tracing::warn!(%error, "the memory of rooms could not be read"),
    }
    if let Some((free, total)) = space(&config.data.folder) {
        gauges.push(("helserom_disk_free_bytes", float(free)));
        gauges.push(("helserom_disk_bytes", float(total)));
    }
    gauges
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
const fn float(count: u64) -> f64 {
    count as f64
}

async fn ledger(store: &Store) -> Result<Vec<Gauge>, BookError> {
    let entries = store.head().await?.next;
    let signed = store.latest_checkpoint().await?.map_or(0, |checkpoint| checkpoint.size);
    Ok(vec![
        ("helserom_ledger_entries", float(entries)),
        ("helserom_ledger_entries_unsigned", float(entries.saturating_sub(signed))),
    ])
}

async fn counted(store: &Store) -> Result<Vec<Gauge>, BookError> {
    let mut gauges = Vec::new();
    for (name, kind, states) in COUNTED {
        let filter = RecordFilter { limit: 1, ..in_states(states) };
        gauges.push((name, float(store.records(kind, &filter).await?.total)));
    }
    Ok(gauges)
}

fn in_states(states: &[&str]) -> RecordFilter {
    let states = states.iter().map(|state| (*state).to_owned()).collect();
    RecordFilter { states, order: Order::ById, ..RecordFilter::default() }
}

/// Each record of a kind in these states, page by page.
async fn each(
    store: &Store,
    kind: &str,
    states: &[&str],
    mut see: impl FnMut(&Row) -> Result<(), BookError>,
) -> Result<(), BookError> {
    let mut offset = 0;
    loop {
        let filter = RecordFilter { limit: PAGE, offset, ..in_states(states) };
        let page = store.records(kind, &filter).await?;
        page.items.iter().try_for_each(&mut see)?;
        offset += PAGE;
        if u64::from(offset) >= page.total {
            return Ok(());
        }
    }
}

/// A room may run several commands at once.
async fn runs(store: &Store) -> Result<Vec<Gauge>, BookError> {
    let mut running = 0;
    each(store, "room", &["running"], |row| {
        running += row.read::<Room>()?.running().count();
        Ok(())
    })
    .await?;
    Ok(vec![("helserom_runs_running", float(running as u64))])
}

/// A permit's standing goes by the day: the table does not have it.
async fn standings(store: &Store, now: Timestamp) -> Result<Vec<Gauge>, BookError> {
    let (mut not_yet, mut active, mut expired, mut revoked) = (0, 0, 0, 0);
    each(store, "permit", &[], |row| {
        *match row.read::<Permit>()?.standing(now) {
            Standing::NotYet => &mut not_yet,
            Standing::Active => &mut active,
            Standing::Expired => &mut expired,
            Standing::Revoked => &mut revoked,
        } += 1;
        Ok(())
    })
    .await?;
    Ok(vec![
        ("helserom_permits_not_yet", float(not_yet)),
        ("helserom_permits_active", float(active)),
        ("helserom_permits_expired", float(expired)),
        ("helserom_permits_revoked", float(revoked)),
    ])
}

/// What was delivered to all sources, and what was refused since each was last
/// delivered to.
async fn deliveries(store: &Store) -> Result<Vec<Gauge>, BookError> {
    let (mut sources, mut imports, mut refused) = (0, 0, 0);
    each(store, "source", &[], |row| {
        let record = row.read::<SourceRecord>()?;
        sources += 1;
        imports += record.imports.len() as u64;
        refused += record.refused.len() as u64;
        Ok(())
    })
    .await?;
    Ok(vec![
        ("helserom_sources", float(sources)),
        ("helserom_imports", float(imports)),
        ("helserom_imports_refused", float(refused)),
    ])
}

/// The age of the newest backup; none, as long as there is no backup.
async fn backups(store: &Store, now: Timestamp) -> Result<Vec<Gauge>, BookError> {
    let Some(at) = last(store, "centre.backed-up").await? else { return Ok(Vec::new()) };
    let age = u64::try_from(now.as_second() - at.as_second()).unwrap_or(0);
    Ok(vec![("helserom_backup_age_seconds", float(age))])
}

/// When something was last done to the centre, if ever.
pub(super) async fn last(store: &Store, act: &str) -> Result<Option<Timestamp>, BookError> {
    let filter = EntryFilter {
        acts: vec![act.to_owned()],
        newest_first: true,
        limit: 1,
        ..EntryFilter::default()
    };
    Ok(store.entries(&filter).await?.items.first().map(|entry| entry.at))
}
