//! Attempts to learn what the data say in a room whose data nobody sees: code that
//! is handed in does its worst, and everything its people can ask for is searched.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use base64::Engine as _;
use permit::Way;
use serde_json::json;

use crate::browser::Browser;
use crate::place::{Place, text};
use crate::web::{Server, with_permit_that};

/// What every attempt begins with: `x` is a number that only the data know, `said`
/// the ways to write it.
const KNOWS: &str = "\
v <- read.csv('/data/laboratory.csv')$value[1:8]
x <- gsub('[^0-9]', '', paste(v, collapse = ''))
letters10 <- chartr('0123456789', 'abcdefghij', x)
hex <- paste(as.character(charToRaw(x)), collapse = '')
said <- c(x, letters10, hex, paste(strsplit(x, '')[[1]], collapse = ' '))
dir.create('out', showWarnings = FALSE)
";

/// Each writes what it knows to somewhere that people are told about. Those that end
/// badly are told more of.
const ATTEMPTS: &[&str] = &[
    "print(said); message(said)",
    "message(said); stop(paste(said, collapse = ' '))",
    "for (one in said) try(stop(one)); stop('it failed')",
    "options(warn = 1); for (one in said) warning(one); quit(status = 3)",
    "cat('File', said[1], 'line', v[1], '\\n'); stop('KeyError: ', said[2])",
    "quit(status = as.integer(v[1]))",
    "for (one in said) file.create(file.path('out', one))",
    "for (one in said) dir.create(one)",
    "for (one in said) writeLines('a', file.path('out', paste0(one, 'table.csv')))",
    "for (one in said) writeLines(one, 'out/table.csv')",
    "file.symlink(x, 'out/link.csv')",
    // What is found in a file that is asked out names its columns and its values.
    "writeLines(c(paste0('age,', x, ',', letters10), '50,1,2', '60,3,1'), 'out/asked.csv')",
    "writeLines(c('group,n', paste0(x, ',2'), paste0(letters10, ',1')), 'out/asked.csv')",
    // What programs hand over to be asked out, with words of their own: they end
    // up as an output with findings, too, once it is asked for.
    "writeLines('a,n\\nb,100', 'out/handed.csv'); writeLines(sprintf(
     '{\"files\":[{\"name\":\"out/handed.csv\",\"note\":\"%s\"}]}', x), 'handed-over.json')",
    "writeLines('a,n\\nb,100', 'out/handed.csv'); writeLines(sprintf(
     '{\"files\":[{\"name\":\"out/handed.csv\",\"note\":\"ours\",\"%s\":1}]}', x), 'handed-over.json')",
    "writeLines('a,n\\nb,100', 'out/given.csv')
     helserom::hand_over('out/given.csv', note = x, kind = 'frequency-table', \
     dimensions = letters10, counts = 'n')",
    // Statements are in the journal as they were asked.
    "for (one in said) system2('psql', c('-Atc', shQuote(paste0(\"SELECT '\", one, \"'\"))))",
    "system2('psql', c('-Atc', shQuote(paste0('SELECT 1 AS \"', x, '\"'))))",
    "system2('psql', c('-Atc', shQuote(paste0('SELECT a', letters10, ' FROM laboratory'))))",
    "Sys.setenv(PGAPPNAME = x, PGUSER = letters10); system2('psql', c('-Atc', shQuote('SELECT 1')))",
    "system2('sh', c('-c', shQuote(paste0('exec -a ', x, ' sleep 0'))))",
];

/// A centre with an open room whose data nobody sees, and what nobody may see.
struct Blind {
    place: Place,
    server: Server,
    browser: Browser,
    token: String,
    room: String,
    secret: String,
}

impl Blind {
    fn open() -> Self {
        let (place, permit) = with_permit_that(300, |terms| terms.room.way = Way::Blind);
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        let secret = secret_of(&table(&place.data()).expect("the extract's table"));
        let server = Server::start(&place, &[]);
        let (browser, token) = (Browser::of(&server, "researcher"), server.sign_in("researcher"));
        Self { place, server, browser, token, room: room.trim().to_owned(), secret }
    }

    /// Whether it stands in what was told, in any of the ways that attempts write it.
    fn is_in(&self, told: &str) -> bool {
        let digits: String = told.chars().filter(char::is_ascii_digit).collect();
        let letters: String = self.secret.bytes().map(|b| char::from(b - b'0' + b'a')).collect();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&self.secret);
        let hex = hex::encode(&self.secret);
        // Half of it is too much.
        let half = |whole: &str| whole[..whole.len() / 2].to_owned();
        digits.contains(&half(&self.secret))
            || told.contains(&half(&letters))
            || told.contains(&half(&base64))
            || told.contains(&half(&hex))
    }

    /// Every page that the researcher can reach by links, and what the API has on
    /// the room; with where it is.
    fn told(&mut self) -> Vec<(String, String)> {
        let room = format!("/rooms/{}", self.room);
        let mut waiting: VecDeque<String> = ["/work".to_owned(), room.clone()].into();
        for name in ["table.csv", "handed.csv", "given.csv", "outputs.json", "link.csv"] {
            for way in ["file", "picture"] {
                waiting.push_back(format!("{room}/{way}?name=out/{name}"));
            }
        }
        for way in ["notebook", "desktop", "journal", "packages"] {
            waiting.push_back(format!("{room}/{way}"));
        }
        let (mut seen, mut told) = (BTreeSet::new(), Vec::new());
        while let Some(path) = waiting.pop_front() {
            if seen.len() > 200 || !seen.insert(path.clone()) {
                continue;
            }
            let page = self.browser.get(&path);
            let links =
                page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let here = |link: &&str| {
                link.starts_with(&room) || link.starts_with("/outputs") || *link == "/packages"
            };
            waiting.extend(links.filter(here).map(|link| link.replace("&amp;", "&")));
            told.push((path, format!("{} {}", page.head, page.body)));
        }
        let get = |path: &str| {
            self.server.ask("GET", &format!("/api/v1{path}"), &self.token, &json!(null)).1
        };
        let known = get(&room);
        let mut paths = vec![room.clone(), "/rooms".to_owned(), "/inbox".into(), "/outputs".into()];
        for part in ["files", "journal", "outputs", "packages", "file?name=out/table.csv"] {
            paths.push(format!("{room}/{part}"));
        }
        for run in known["runs"].as_array().expect("the room's runs") {
            paths.push(format!("{room}/runs/{}/log", run["id"].as_str().unwrap()));
        }
        for output in get("/outputs")["items"].as_array().into_iter().flatten() {
            paths.push(format!("/outputs/{}", output["id"].as_str().unwrap()));
        }
        paths.push(format!("/timelines/room/{}", self.room));
        told.extend(paths.into_iter().map(|path| {
            let answer = get(&path).to_string();
            (format!("/api/v1{path}"), answer)
        }));
        let journal = ["--json", "--as", "researcher", "room", "journal", &self.room];
        told.push(("room journal".to_owned(), self.place.says(&journal).out));
        told
    }
}

/// The extract's table of values, wherever it is kept.
fn table(folder: &Path) -> Option<String> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return table(&path);
        }
        (entry.file_name() == "laboratory.csv").then(|| fs::read_to_string(path).ok())?
    })
}

fn secret_of(table: &str) -> String {
    let mut lines = table.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == "value").unwrap();
    let values = lines.take(8).map(|line| line.split(',').nth(at).unwrap().trim_end_matches(".0"));
    values.flat_map(str::chars).filter(char::is_ascii_digit).collect()
}

#[test]
fn nothing_the_data_say_comes_back_however_a_script_tries() {
    let mut blind = Blind::open();
    assert!(blind.secret.len() >= 12, "{}", blind.secret);
    let script = blind.place.path().join("script.R");
    let (mut leaks, mut asked) = (BTreeSet::new(), BTreeSet::new());
    for attempt in ATTEMPTS {
        fs::write(&script, format!("{KNOWS}{attempt}\n")).unwrap();
        let words = ["--as", "researcher", "room", "exec", &blind.room, "--script", text(&script)];
        let said =
            blind.place.says(&[&words[..], &["--", "Rscript", "/run/script/script.R"]].concat());
        if blind.is_in(&format!("{} {}", said.out, said.err)) {
            leaks.insert(format!("{attempt}: room exec says {said:?}"));
        }
        // What is not there is refused, and that is told too.
        for name in ["out/asked.csv", "out/handed.csv", "out/table.csv"] {
            let path = format!("/api/v1/rooms/{}/outputs", blind.room);
            let files = json!({ "files": [{ "name": name, "note": "the table" }] });
            let (status, answer) = blind.server.ask("POST", &path, &blind.token, &files);
            if status == 200 {
                asked.insert(name);
            }
            if blind.is_in(&answer.to_string()) {
                leaks.insert(format!("{attempt}: asking for {name}"));
            }
        }
        for (path, told) in blind.told() {
            if blind.is_in(&told) {
                leaks.insert(format!("{attempt}: {path}"));
            }
        }
    }
    let leaks: Vec<_> = leaks.into_iter().collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert_eq!(asked.len(), 3, "not every file was there to be asked out: {asked:?}");
    // They did try: what was asked stands in the ledger, for auditors.
    let export = blind.place.path().join("ledger");
    blind.place.does(&["ledger", "export", text(&export)]);
    assert!(blind.is_in(&fs::read_to_string(&export).unwrap()));
}
