//! Every page of the portal after the demo, at 50 requests at once: also those on which
//! something waits to be decided or done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use crate::bench::http::{Browser, Page};
use crate::bench::served::Served;
use crate::bench::{Finding, percentile, release};
use crate::repository::Repository;
use crate::run::{self, Failed, failed};
use crate::setup;

const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8429);
const AT_ONCE: usize = 50;
/// Requests of each connection.
const REPEATS: usize = 20;
/// Times that every page is measured; the median counts.
const ROUNDS: usize = 3;
/// Times the sign-in page's.
const ASKED_RATIO: f64 = 5.0;
const SIGN_IN: &str = "/sign-in";
/// In the address of what is in the ledger before it is shown.
const WRITTEN_DOWN: &str = "/file?";
/// Two rooms at a time, so that a third waits.
const PLACES: (&str, &str) = ("HELSEROM_ROOMS_AT_ONCE", "2");
/// Makes the states in which pages wait for somebody, as the browser's tests do.
const STATES: &str = "crates/portal/assets/tests/states.mjs";
/// Between them they may see every page.
const ROLES: &[&str] =
    &["researcher", "holder-population", "caseworker", "checker", "auditor", "operator"];

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    setup::for_demo(repository)?;
    let program = release(repository, "helserom")?;
    let folder = repository.made("bench").join("portal");
    let _served = Served::start(repository, &program, &folder, ADDRESS, &[PLACES])?;
    make_states(repository)?;

    let pages = pages()?;
    println!("{} pages, each {ROUNDS} times", pages.len());
    // In turn, so that what else the machine does meanwhile meets every page. Those whose
    // every look is written down come last: thousands of looks are not the demo's journal.
    let (written, read): (Vec<_>, Vec<_>) =
        pages.iter().partition(|(pattern, _)| pattern.contains(WRITTEN_DOWN));
    let mut rounds = BTreeMap::<String, Vec<f64>>::new();
    for pages in [read, written] {
        for round in 1..=ROUNDS {
            let begun = Instant::now();
            for (pattern, (browser, path)) in &pages {
                rounds.entry((*pattern).clone()).or_default().push(at_once(browser, path)?);
            }
            println!("   round {round} of {ROUNDS}: {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    let p99: BTreeMap<String, f64> =
        rounds.into_iter().map(|(page, times)| (page, percentile(times, 0.5))).collect();
    let Some(sign_in) = p99.get(SIGN_IN).copied() else {
        return failed("no sign-in page was found");
    };
    let mut slowest: Vec<(&String, f64)> = p99.iter().map(|(page, p99)| (page, *p99)).collect();
    slowest.sort_by(|a, b| b.1.total_cmp(&a.1));
    let worst = slowest.first().map_or(f64::NAN, |(_, p99)| p99 / sign_in);
    let mut figures = vec![
        ("pages".to_owned(), p99.len().to_string()),
        ("each".to_owned(), format!("the median of {ROUNDS} rounds")),
    ];
    for (page, p99) in &slowest {
        let ratio = p99 / sign_in;
        figures
            .push((format!("`{page}`"), format!("{:.1} ms, {ratio:.2} × sign-in", p99 * 1000.0)));
    }
    Ok(Finding {
        what: format!("The portal's pages at {AT_ONCE} requests at once, 99th percentile"),
        figures,
        asked: format!("every page within {ASKED_RATIO} × the sign-in page"),
        reached: worst <= ASKED_RATIO,
    })
}

/// Every page that can be reached by links, by any role: one of each kind.
fn pages() -> Result<BTreeMap<String, (Browser, String)>, Failed> {
    let mut found = BTreeMap::new();
    let mut nobody = Browser::new(ADDRESS);
    let page = nobody.get(SIGN_IN)?;
    if page.status != 200 {
        return failed(format!("the sign-in page answers {}", page.status));
    }
    found.insert(SIGN_IN.to_owned(), (nobody, SIGN_IN.to_owned()));
    for role in ROLES {
        let mut browser = signed_in(role)?;
        if *role == "researcher" {
            fill_basket(&mut browser)?;
        }
        crawl(&browser, &mut found)?;
    }
    Ok(found)
}

/// The token in a page's forms.
fn token(page: &Page) -> Result<String, Failed> {
    let token =
        page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.map(str::to_owned).ok_or_else(|| Failed("a form has no token".to_owned()))
}

fn signed_in(role: &str) -> Result<Browser, Failed> {
    let mut browser = Browser::new(ADDRESS);
    let page = browser.get(SIGN_IN)?;
    let token = token(&page)?;
    let page =
        browser.post("/sign-in/demo", &format!("csrf={token}&next=%2Fwork&account={role}"))?;
    let page = browser.follow(page)?;
    if page.status == 200 {
        Ok(browser)
    } else {
        failed(format!("{role} cannot sign in: {}", page.status))
    }
}

fn make_states(repository: &Repository) -> Result<(), Failed> {
    let mut node = repository.command("node");
    node.arg(STATES).arg(format!("http://{ADDRESS}")).stdout(Stdio::null());
    run::run(&mut node)
}

/// Picks a variable in the catalogue.
fn fill_basket(browser: &mut Browser) -> Result<(), Failed> {
    let page = browser.get("/sources/laboratory/value")?;
    let token = token(&page)?;
    let form = format!("csrf={token}&variable=laboratory%2Fvalue&do=add&next=%2Fbasket");
    let page = browser.post("/basket", &form)?;
    if page.status == 303 { Ok(()) } else { failed(format!("the basket: {}", page.status)) }
}

fn crawl(browser: &Browser, found: &mut BTreeMap<String, (Browser, String)>) -> Result<(), Failed> {
    let mut walker = Browser::like(browser);
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from(["/".to_owned(), "/work".to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let one = if is_each_its_own(&path) { path.clone() } else { pattern(&path) };
        if !seen.insert(one) {
            continue;
        }
        let page = walker.get(&path)?;
        if page.status != 200 || !page.is_html() {
            continue;
        }
        waiting.extend(links(&page));
        let kind = format!("{}{}", pattern(&path), offered(&page));
        found.entry(kind).or_insert_with(|| (Browser::like(browser), path));
    }
    Ok(())
}

/// How it stands with something decides what its page has on it: each is visited.
fn is_each_its_own(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(
        parts.as_slice(),
        ["", "outputs" | "ingresses" | "rooms" | "applications" | "permits", id]
            if !id.contains('?')
    )
}

/// What can be done on a page: where its forms lead.
fn offered(page: &Page) -> String {
    let main = page.body.split("<main").nth(1).unwrap_or_default();
    let forms = main.split("<form ").skip(1).filter_map(|tag| attribute(tag, "action"));
    let actions: BTreeSet<String> =
        forms.filter_map(|action| Some(pattern(&action).rsplit_once('/')?.1.to_owned())).collect();
    if actions.is_empty() {
        return String::new();
    }
    format!(" ({})", actions.into_iter().collect::<Vec<_>>().join(", "))
}

/// The value of an attribute of the tag that `text` begins in.
fn attribute(text: &str, name: &str) -> Option<String> {
    let value = text.split('>').next()?.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Where a page's links lead inside the portal, but for the choice of language and
/// light and without what follows `#`.
fn links(page: &Page) -> Vec<String> {
    let hrefs = page.body.split("<a ").skip(1).filter_map(|tag| attribute(tag, "href"));
    let pages = hrefs.filter_map(|href| {
        let path = href.split('#').next()?.to_owned();
        let choice = ["lang=", "theme="]
            .iter()
            .any(|choice| path.split(['?', '&']).skip(1).any(|part| part.starts_with(choice)));
        (path.starts_with('/') && !path.starts_with("//") && !choice).then_some(path)
    });
    pages.collect()
}

/// An address with the ids in it left out: `/permits/permit-7k3m9q2x4d` is
/// `/permits/*`. Of a query it keeps what is asked for, and of a file its kind.
fn pattern(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let part = |part: &str| {
        let minted = part.rsplit_once('-').is_some_and(|(_, symbols)| symbols.len() == 10);
        let number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if minted || number { "*".to_owned() } else { part.to_owned() }
    };
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let asked: BTreeSet<String> = query
        .split('&')
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let is_order = ["sort", "next", "done"].contains(&name);
            let ending = value.rsplit_once('.').map(|(_, ending)| format!("{name}=*.{ending}"));
            (!is_order).then(|| ending.unwrap_or_else(|| name.to_owned()))
        })
        .collect();
    if asked.is_empty() {
        return path;
    }
    format!("{path}?{}", asked.into_iter().collect::<Vec<_>>().join("&"))
}

/// The 99th percentile of a page's time, seconds, when 50 ask for it over and over.
fn at_once(browser: &Browser, path: &str) -> Result<f64, Failed> {
    let ask = |mut browser: Browser| -> Result<Vec<f64>, Failed> {
        // The first request opens the connection and is not counted.
        browser.get(path)?;
        let mut times = Vec::with_capacity(REPEATS);
        for _ in 0..REPEATS {
            let begun = Instant::now();
            let page = browser.get(path)?;
            times.push(begun.elapsed().as_secs_f64());
            if page.status != 200 {
                return failed(format!("`{path}` answers {} under load", page.status));
            }
        }
        Ok(times)
    };
    let times = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..AT_ONCE).map(|_| scope.spawn(|| ask(Browser::like(browser)))).collect();
        let mut all = Vec::with_capacity(AT_ONCE * REPEATS);
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|_| failed("a connection broke"))?);
        }
        Ok::<_, Failed>(all)
    })?;
    Ok(percentile(times, 0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_kind_are_one_page() {
        assert_eq!(pattern("/permits/permit-7k3m9q2x4d/room"), "/permits/*/room");
        assert_eq!(pattern("/ledger/17"), "/ledger/*");
        assert_eq!(pattern("/sources/laboratory"), "/sources/laboratory");
        assert_eq!(pattern("/"), "/");
        let file = "/rooms/room-3p5r7t9v1x/file?name=out%2Fcurve.svg";
        assert_eq!(pattern(file), "/rooms/*/file?name=*.svg");
        assert_eq!(pattern("/outputs/output-7k3m9q2x4d?page=2"), "/outputs/*?page");
        assert_eq!(pattern("/catalogue?sort=title&only=diagnoses"), "/catalogue?only");
    }

    fn page(body: &str) -> Page {
        Page::sample(body)
    }

    #[test]
    fn queries_are_kept_and_choices_of_language_are_not_pages() {
        let body = "<a href=\"/rooms/a?x=1&#38;y=2#log\"> <a class=\"b\" href=\"/work?lang=da\"> \
                    <a href=\"/work?q=1&#38;theme=dark\"> <a href=\"//elsewhere/\">";
        assert_eq!(links(&page(body)), ["/rooms/a?x=1&y=2"]);
    }

    #[test]
    fn what_can_be_done_makes_another_page() {
        let body = "<form action=\"/sign-out\"><main><form method=\"post\" \
                    action=\"/outputs/output-7k3m9q2x4d/mend\"></form><form \
                    action=\"/outputs/output-7k3m9q2x4d/decision\">";
        assert_eq!(offered(&page(body)), " (decision, mend)");
        assert_eq!(offered(&page("<main>")), "");
    }
}
