use disclosure::*;
#[test]
fn tmp_demo() {
    let kinds: std::collections::BTreeMap<String, Kind> =
        serde_json::from_slice(&std::fs::read("/tmp/dm/out/outputs.json").unwrap()).unwrap();
    let mut sketches = vec![];
    for f in ["population", "laboratory", "diagnoses"] {
        let t = std::fs::read_to_string(format!("/tmp/dm/data/{f}.csv")).unwrap();
        let mut lines = t.lines();
        let mut sk: Vec<Sketcher> =
            lines.next().unwrap().split(',').map(|n| Sketcher::new(&format!("{f}.{n}"))).collect();
        for l in lines {
            for (s, v) in sk.iter_mut().zip(l.split(',')) {
                match v.parse() {
                    Ok(x) => s.add(x),
                    Err(_) if !v.is_empty() => s.add_text(v),
                    _ => {}
                }
            }
        }
        sketches.extend(sk.into_iter().map(Sketcher::finish));
    }
    let context = Context { people: Some(17549), rows: Some(400123), sketches, earlier: vec![] };
    for unknown in [false, true] {
        for (name, kind) in &kinds {
            let name = name.trim_start_matches("out/");
            let bytes = std::fs::read(format!("/tmp/dm/out/{name}")).unwrap();
            let table = std::fs::read("/tmp/dm/out/survival_curve.csv").unwrap();
            let unk = Kind::Unknown;
            let file = File {
                name,
                bytes: &bytes,
                kind: if unknown { &unk } else { kind },
                table: Some(&table),
            };
            let t = std::time::Instant::now();
            let f = check(&file, &Rules::default(), &context);
            println!("== {name} {} {} {:?}", f.verdict.as_str(), f.taken_for, t.elapsed());
            for x in &f.findings {
                println!(
                    "   {} {:?} {} | {}",
                    x.rule,
                    x.weight,
                    x.whereabouts(),
                    x.why.get(model::Lang::En)
                );
            }
            let t = std::time::Instant::now();
            match mend(&file, &Rules::default(), &context) {
                Ok(m) => println!(
                    "--- mended {:?}\n{}{}\n{:?}",
                    t.elapsed(),
                    String::from_utf8_lossy(&m.bytes),
                    m.note.get(model::Lang::En),
                    m.findings.findings
                ),
                Err(e) => println!("--- {e}"),
            }
        }
    }
}
