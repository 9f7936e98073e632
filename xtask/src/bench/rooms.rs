//! Notebooks: how long one takes to open beside `jupyter lab` itself, how long a
//! cell takes through the portal beside the room's own socket, and what many idle
//! rooms take.

use std::net::SocketAddr;

use serde_json::Value;

use crate::bench::served::Served;
use crate::bench::{Finding, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about};
use crate::setup;

const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8428);
const MEASURE: &str = include_str!("rooms/measure.py");
/// Times that each is opened.
const REPEATS: &str = "5";
/// Cells that are run each way.
const CELLS: &str = "100";
/// Idle rooms.
const ROOMS: &str = "20";
/// Times `jupyter lab`'s own.
const ASKED_OPENING: f64 = 1.3;
/// Times a direct socket's.
const ASKED_CELL: f64 = 1.2;
/// What so many idle rooms may take, bytes.
const ASKED_MEMORY: f64 = 8.0 * 1024.0 * 1024.0 * 1024.0;
/// One more room opens as fast: what is more than noise, times the first.
const ASKED_ONE_MORE: f64 = 1.3;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    setup::for_demo(repository)?;
    let program = release(repository, "helserom")?;
    let folder = repository.made("bench").join("rooms");
    let served = Served::start(repository, &program, &folder, ADDRESS, &[])?;
    let python = repository.made(setup::ROOM_PYTHON).join("bin");
    let mut command = repository.command(python.join("python3"));
    command.args(["-c", MEASURE, &ADDRESS.to_string()]).arg(&folder).arg(python.join("jupyter"));
    command.args([&served.process().to_string(), REPEATS, CELLS, ROOMS]);
    let said: Value =
        serde_json::from_str(&run::output(&mut command)?).map_err(about("what was measured"))?;
    let number = |path: &str| said.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let middle = |path: &str| {
        let all = said.pointer(path).and_then(Value::as_array).into_iter().flatten();
        median(all.filter_map(Value::as_f64).collect())
    };
    let opening = [middle("/opening/ours"), middle("/opening/theirs")];
    let cell = [middle("/cell/ours"), middle("/cell/theirs")];
    let (memory, first, one_more) =
        (number("/idle/memory"), number("/idle/first"), number("/idle/one_more"));
    let [opens, comes_back] = [opening, cell].map(|[ours, theirs]| ours / theirs);
    let reached = opens <= ASKED_OPENING
        && comes_back <= ASKED_CELL
        && memory < ASKED_MEMORY
        && one_more <= ASKED_ONE_MORE * first;
    let [ours, theirs] = opening;
    let milliseconds = cell.map(|seconds| seconds * 1000.0);
    Ok(Finding {
        what: "Notebooks in rooms".to_owned(),
        figures: vec![
            (
                "from the click to JupyterLab's page".to_owned(),
                format!("{ours:.2} s, `jupyter lab` {theirs:.2} s, {opens:.2} ×"),
            ),
            (
                "a cell there and back".to_owned(),
                format!(
                    "{:.1} ms, on the room's own socket {:.1} ms, {comes_back:.2} ×",
                    milliseconds[0], milliseconds[1]
                ),
            ),
            (
                format!("{ROOMS} idle rooms, a kernel in each, with the centre"),
                format!("{:.2} GiB", memory / 1024.0 / 1024.0 / 1024.0),
            ),
            (
                "one more, beside them".to_owned(),
                format!("opens in {one_more:.2} s, the first in {first:.2} s"),
            ),
        ],
        asked: format!(
            "opening within {ASKED_OPENING} ×, a cell within {ASKED_CELL} ×, less than 8 GiB, \
             one more as fast"
        ),
        reached,
    })
}
