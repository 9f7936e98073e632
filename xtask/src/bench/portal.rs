//! Every page of the portal after the demo, at 50 requests at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use crate::bench::http::{Browser, Page};
use crate::bench::served::Served;
use crate::bench::{Finding, percentile, release};
use crate::repository::Repository;
use crate::run::{Failed, failed};
use crate::setup;

const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8429);
const AT_ONCE: usize = 50;
/// Requests of each connection.
const REPEATS: usize = 20;
/// Times that every page is measured; the median counts.
const ROUNDS: usize = 5;
/// Times the sign-in page's.
const ASKED_RATIO: f64 = 5.0;
const SIGN_IN: &str = "/sign-in";
/// Between them they may see every page.
const ROLES: &[&str] =
    &["researcher", "holder-population", "caseworker", "checker", "auditor", "operator"];
pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    setup::for_demo(repository)?;
    let program = release(repository, "helserom")?;
    let folder = repository.made("bench").join("portal");
    let _served = Served::start(repository, &program, &folder, ADDRESS)?;

    let pages = pages()?;
    // In turn, so that what else the machine does meanwhile meets every page.
    let mut rounds = BTreeMap::<String, Vec<f64>>::new();
    for _ in 0..ROUNDS {
        for (pattern, (browser, path)) in &pages {
            rounds.entry(pattern.clone()).or_default().push(at_once(browser, path)?);
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
    let mut figures = vec![("pages".to_owned(), p99.len().to_string())];
    for (page, p99) in &slowest {
        let ratio = p99 / sign_in;
        figures
            .push((format!("`{page}`"), format!("{:.1} ms, {ratio:.2} × sign-in", p99 * 1000.0)));
    }
    Ok(Finding {
        what: format!(
            "The portal's pages at {AT_ONCE} requests at once, 99th percentile, median of {ROUNDS}"
        ),
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
        let browser = signed_in(role)?;
        crawl(&browser, &mut found)?;
    }
    Ok(found)
}

fn signed_in(role: &str) -> Result<Browser, Failed> {
    let mut browser = Browser::new(ADDRESS);
    let page = browser.get(SIGN_IN)?;
    let token =
        page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let Some(token) = token else { return failed("the sign-in form has no token") };
    let page =
        browser.post("/sign-in/demo", &format!("csrf={token}&next=%2Fwork&account={role}"))?;
    let page = browser.follow(page)?;
    if page.status == 200 {
        Ok(browser)
    } else {
        failed(format!("{role} cannot sign in: {}", page.status))
    }
}

fn crawl(browser: &Browser, found: &mut BTreeMap<String, (Browser, String)>) -> Result<(), Failed> {
    let mut walker = Browser::like(browser);
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from(["/".to_owned(), "/work".to_owned()]);
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(pattern(&path)) {
            continue;
        }
        let page = walker.get(&path)?;
        if page.status != 200 || !page.is_html() {
            continue;
        }
        waiting.extend(links(&page));
        found.entry(pattern(&path)).or_insert_with(|| (Browser::like(browser), path));
    }
    Ok(())
}

/// Where a page's links lead inside the portal, without what follows `?` and `#`.
fn links(page: &Page) -> Vec<String> {
    let hrefs = page.body.split("<a ").skip(1).filter_map(|tag| {
        let href = tag.split('>').next()?.split("href=\"").nth(1)?.split('"').next()?;
        let path = href.split(['?', '#']).next()?;
        (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
    });
    hrefs.collect()
}

/// A path with the ids in it left out: `/permits/permit-7k3m9q2x4d` is `/permits/*`.
fn pattern(path: &str) -> String {
    let part = |part: &str| {
        let minted = part.rsplit_once('-').is_some_and(|(_, symbols)| symbols.len() == 10);
        let number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if minted || number { "*".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
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
    }
}
