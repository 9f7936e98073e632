//! Filters are bit for bit those of `clkhash`, and pairs those of `anonlink`.

use std::num::NonZeroUsize;

use linkage::encoded::{
    Candidate, Clks, Encoder, Hardening, Kernel, Schema, SchemaError, Threshold, Unfit, candidates,
    nearest, one_to_one, threshold_from,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// What clkhash and anonlink made of invented values. The file says which versions.
fn figures() -> Value {
    serde_json::from_str(include_str!("encoded_vectors.json")).unwrap()
}

fn texts(row: &Value) -> Vec<&str> {
    row.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

fn encoder(schema: &Value, secret: &str) -> Encoder {
    let schema = Schema::parse(schema.to_string().as_bytes()).unwrap();
    Encoder::new(&schema, secret.as_bytes()).unwrap()
}

#[test]
fn filters_are_those_of_clkhash_and_what_it_refuses_is_refused() {
    let (mut same, mut refused) = (0, 0);
    for case in figures()["encoded"].as_array().unwrap() {
        let mut encoder = encoder(&case["schema"], case["secret"].as_str().unwrap());
        let rows = case["rows"].as_array().unwrap();
        for (row, theirs) in rows.iter().zip(case["clks"].as_array().unwrap()) {
            let mut ours = encoder.empty();
            let encoded = encoder.encode(1, &texts(row), &mut ours);
            let mut texts = Vec::new();
            ours.each_text(|text| texts.push(text.to_owned()));
            let ours = texts;
            if let Some(theirs) = theirs.as_str() {
                assert_eq!(encoded, Ok(()), "{row} {}", case["schema"]);
                assert_eq!(ours, [theirs], "{row} {}", case["schema"]);
                same += 1;
            } else {
                assert!(encoded.is_err() && ours.is_empty(), "{row} {}", case["schema"]);
                refused += 1;
            }
        }
    }
    assert!(same > 100 && refused > 50, "{same} {refused}");
}

#[test]
fn what_was_encoded_before_changes_no_filter() {
    for case in figures()["encoded"].as_array().unwrap() {
        let secret = case["secret"].as_str().unwrap();
        let mut once = encoder(&case["schema"], secret);
        let mut all = once.empty();
        let mut each = once.empty();
        for _ in 0..3 {
            for row in case["rows"].as_array().unwrap() {
                let _ = once.encode(1, &texts(row), &mut all);
                let _ = encoder(&case["schema"], secret).encode(1, &texts(row), &mut each);
            }
        }
        assert_eq!(all, each, "{}", case["schema"]);
    }
}

#[test]
fn pairs_are_those_of_anonlink_with_every_kernel() {
    let figures = figures();
    let compared = &figures["compared"];
    let side = |name: &str| Clks::parse(json!({ "clks": compared[name] }).to_string().as_bytes());
    let (a, b) = (side("a").unwrap(), side("b").unwrap());
    for run in compared["runs"].as_array().unwrap() {
        let threshold = Threshold::new(run["threshold"].as_f64().unwrap()).unwrap();
        for kernel in Kernel::all() {
            let found = candidates(&a, &b, threshold, kernel, ONE).unwrap();
            let told: Vec<Value> = found.iter().map(|c| json!([c.a, c.b, c.dice])).collect();
            assert_eq!(json!(told), run["candidates"], "{kernel}");
            let mut matched: Vec<_> = one_to_one(&found).iter().map(|c| (c.a, c.b)).collect();
            matched.sort_unstable();
            assert_eq!(json!(matched), run["matched"], "{kernel}");
        }
    }
}

/// Filters of `bytes` bytes: some of them near to others, some empty, some full.
fn clks(bytes: usize, most: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let base: Vec<u8> = (0..bytes).map(|at| u8::try_from(at * 37 % 251).unwrap()).collect();
    let near =
        proptest::collection::vec((0..bytes, any::<u8>()), 0..bytes).prop_map(move |spots| {
            let mut filter = base.clone();
            for (at, value) in spots {
                filter[at] = value;
            }
            filter
        });
    let filter = prop_oneof![
        4 => near,
        2 => proptest::collection::vec(any::<u8>(), bytes),
        1 => Just(vec![0; bytes]),
        1 => Just(vec![255; bytes]),
    ];
    proptest::collection::vec(filter, 0..most)
}

fn set(filters: &[Vec<u8>]) -> Clks {
    use base64::Engine as _;
    let text = |filter: &Vec<u8>| base64::engine::general_purpose::STANDARD.encode(filter);
    let texts: Vec<String> = filters.iter().map(text).collect();
    Clks::parse(json!({ "clks": texts }).to_string().as_bytes()).unwrap()
}

/// The same by the definition alone.
fn by_definition(a: &[Vec<u8>], b: &[Vec<u8>], threshold: f64) -> Vec<Candidate> {
    let ones = |filter: &[u8]| filter.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let mut all = Vec::new();
    for (i, one) in (0..).zip(a) {
        for (j, other) in (0..).zip(b) {
            let both: Vec<u8> = one.iter().zip(other).map(|(x, y)| x & y).collect();
            let together = ones(one) + ones(other);
            if together == 0 {
                continue;
            }
            let dice = f64::from(2 * ones(&both)) / f64::from(together);
            if dice >= threshold {
                all.push(Candidate { a: i, b: j, dice });
            }
        }
    }
    all.sort_by(|x, y| y.dice.total_cmp(&x.dice).then((x.a, x.b).cmp(&(y.a, y.b))));
    all
}

proptest! {
    #[test]
    fn every_kernel_finds_what_the_definition_says(
        (a, b) in prop_oneof![Just(1_usize), Just(9), Just(32), Just(128), Just(300), Just(800)]
            .prop_flat_map(|bytes| (clks(bytes, 23), clks(bytes, 41))),
        threshold in prop_oneof![0.001_f64..1.0, Just(1.0), Just(0.5)],
        threads in 1_usize..4,
    ) {
        let expected = by_definition(&a, &b, threshold);
        let (set_a, set_b) = (set(&a), set(&b));
        let threshold = Threshold::new(threshold).unwrap();
        for kernel in Kernel::all() {
            let threads = NonZeroUsize::new(threads).unwrap();
            let found = candidates(&set_a, &set_b, threshold, kernel, threads).unwrap();
            prop_assert_eq!(&found, &expected, "{}", kernel);
        }
    }

    #[test]
    fn the_likest_two_are_the_likest_two(
        (a, b) in prop_oneof![Just(32_usize), Just(128), Just(300), Just(800)]
            .prop_flat_map(|bytes| (clks(bytes, 15), clks(bytes, 30))),
    ) {
        for kernel in Kernel::all() {
            let mut found: Vec<(f64, f64)> = nearest(&set(&a), &set(&b), NonZeroUsize::MAX, kernel)
                .unwrap()
                .iter()
                .map(|nearest| (nearest.best, nearest.second))
                .collect();
            // They come by the number of ones, so only the values are compared.
            found.sort_by(|x, y| x.partial_cmp(y).unwrap());
            let all = by_definition(&a, &b, f64::MIN_POSITIVE);
            let of = |i: usize| {
                let mut one = all.iter().filter(|c| c.a as usize == i).map(|c| c.dice);
                (one.next().unwrap_or(0.0), one.next().unwrap_or(0.0))
            };
            let mut expected: Vec<(f64, f64)> =
                if b.is_empty() { Vec::new() } else { (0..a.len()).map(of).collect() };
            expected.sort_by(|x, y| x.partial_cmp(y).unwrap());
            prop_assert_eq!(&found, &expected, "{}", kernel);
        }
    }
}

#[test]
fn filters_of_two_lengths_are_not_compared() {
    let threshold = Threshold::new(0.5).unwrap();
    let (short, long) = (set(&[vec![1; 8]]), set(&[vec![1; 16]]));
    let refused = candidates(&short, &long, threshold, Kernel::best(), ONE).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the filters of one set have 64 bits and those of the other 128"
    );
    let mixed = br#"{"clks": ["AQEBAQ==", "AQE="]}"#;
    assert!(Clks::parse(mixed).unwrap_err().to_string().contains("filter 2 has 2 bytes"));
    assert!(Clks::parse(b"AQEBAQ==\nnone!\n").unwrap_err().to_string().contains("filter 2"));
    assert!(Clks::parse(br#"{"clks": []}"#).unwrap().is_empty());
}

fn schema() -> Value {
    json!({
        "version": 3,
        "clkConfig": { "l": 1024, "kdf": { "type": "HKDF" } },
        "features": [
            { "identifier": "id", "ignored": true },
            { "identifier": "name", "format": { "type": "string", "minLength": 2 }, "hashing": {
                "comparison": { "type": "ngram", "n": 2 }, "strategy": { "bitsPerFeature": 200 } } },
            { "identifier": "born", "format": { "type": "date", "format": "%Y-%m-%d" }, "hashing": {
                "comparison": { "type": "ngram", "n": 1, "positional": true },
                "strategy": { "bitsPerToken": 20 },
                "missingValue": { "sentinel": "", "replaceWith": "19000101" } } },
        ],
    })
}

#[test]
fn a_value_that_does_not_fit_is_named_by_place_and_never_told() {
    let mut encoder = encoder(&schema(), "secret");
    let mut clks = encoder.empty();
    let refused = encoder.encode(7, &["1", "Ola", "1990-02-30"], &mut clks).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "row 7, field `born`: the value is no date of the form `%Y-%m-%d`"
    );
    let refused = encoder.encode(8, &["1", "Ø", "1990-02-03"], &mut clks).unwrap_err();
    assert_eq!(refused.why, Unfit::Short { has: 1, least: 2 });
    assert!(clks.is_empty());
    encoder.encode(9, &["anything", "Ola", ""], &mut clks).unwrap();
    assert_eq!(clks.len(), 1);
    assert!(!format!("{encoder:?}").contains("secret"));
}

#[test]
fn schemas_that_are_none_are_refused_with_the_place() {
    let parse = |change: &dyn Fn(&mut Value)| {
        let mut schema = schema();
        change(&mut schema);
        Schema::parse(schema.to_string().as_bytes()).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(parse(&|_| ()), Ok(()));
    let says = |change: &dyn Fn(&mut Value), what: &str| {
        let said = parse(change).unwrap_err();
        assert!(said.contains(what), "{said}");
    };
    says(&|s| s["version"] = json!(2), "version 2");
    says(&|s| s["clkConfig"]["l"] = json!(1000), "power of two");
    says(&|s| s["clkConfig"]["l"] = json!(1), "`l`");
    says(&|s| s["clkConfig"]["kdf"]["keySize"] = json!(65), "`keySize`");
    says(&|s| s["clkConfig"]["kdf"]["salt"] = json!("?"), "`salt`");
    says(&|s| s["clkConfig"]["kdf"]["type"] = json!("legacy"), "HKDF");
    says(&|s| s["clkConfig"]["xor_folds"] = json!(40), "`l`");
    says(
        &|s| s["features"][2]["format"]["format"] = json!("%Q"),
        "feature 3 of the schema (`born`)",
    );
    says(&|s| s["features"][1]["hashing"]["strategy"] = json!({}), "bitsPerToken");
    says(&|s| s["features"][1]["hashing"]["comparison"]["n"] = json!(0), "`n`");
    says(&|s| s["features"][1]["format"]["length"] = json!(3), "length");
    says(&|s| s["features"][2]["identifier"] = json!("name"), "two features");
    let nothing = json!({
        "version": 3, "clkConfig": { "l": 64, "kdf": { "type": "HKDF" } },
        "features": [{ "identifier": "id", "ignored": true }],
    });
    let nothing = Schema::parse(nothing.to_string().as_bytes()).unwrap_err();
    assert!(matches!(nothing, SchemaError::Nothing));
}

#[test]
fn hardened_filters_of_one_secret_are_alike_where_the_records_are() {
    let names = ["Kari", "Karin", "Ola", "Ragnhild", "Sigmund"];
    let encode = |how: Hardening, secret: &str| {
        let mut encoder = encoder(&schema(), secret).hardened(how, secret.as_bytes()).unwrap();
        let mut clks = encoder.empty();
        for (row, name) in (1..).zip(names) {
            encoder.encode(row, &["", name, "1960-05-06"], &mut clks).unwrap();
        }
        clks
    };
    let threshold = Threshold::new(0.999).unwrap();
    let best = Kernel::best();
    for how in [
        Hardening::default(),
        Hardening { spread: 8, balanced: false },
        Hardening { spread: 0, balanced: true },
        Hardening { spread: 8, balanced: true },
    ] {
        let (a, b) = (encode(how, "the secret"), encode(how, "the secret"));
        let pairs = one_to_one(&candidates(&a, &b, threshold, best, ONE).unwrap());
        assert_eq!(pairs.len(), names.len(), "{how:?}");
        assert!(pairs.iter().all(|pair| pair.a == pair.b), "{how:?}");
        let other = encode(how, "another secret");
        assert!(candidates(&a, &other, threshold, best, ONE).unwrap().is_empty(), "{how:?}");
        assert_eq!(a.bits(), if how.balanced { 2048 } else { 1024 });
    }
}

#[test]
fn a_threshold_is_found_that_parts_people_from_strangers() {
    // Two hundred people of whom half are in the other set, some letters changed.
    let parts =
        ["Al", "Be", "Cy", "Do", "Eg", "Fi", "Gu", "Ha", "Il", "Jo", "Ka", "Li", "Mo", "Nu"];
    let name = |at: usize| {
        format!("{}{}{}", parts[at % 14], parts[at / 14 % 14].to_lowercase(), parts[at * 5 % 13])
    };
    let born =
        |at: usize| format!("{}-{:02}-{:02}", 1920 + at * 7 % 90, 1 + at % 12, 1 + at * 3 % 28);
    let mut encoder = encoder(&schema(), "a secret that is long");
    let (mut a, mut b) = (encoder.empty(), encoder.empty());
    for at in 0..200 {
        encoder.encode(1, &["", &name(at), &born(at)], &mut a).unwrap();
        let misspelt = if at % 3 == 0 { format!("{}n", name(at)) } else { name(at) };
        let at = if at < 100 { at } else { at + 500 };
        let misspelt = if at < 100 { misspelt } else { name(at) };
        encoder.encode(1, &["", &misspelt, &born(at)], &mut b).unwrap();
    }
    let nearest = nearest(&a, &b, NonZeroUsize::MAX, Kernel::best()).unwrap();
    let found = threshold_from(&nearest).unwrap();
    let pairs = candidates(&a, &b, found.threshold, Kernel::best(), ONE).unwrap();
    let pairs = one_to_one(&pairs);
    let right = pairs.iter().filter(|pair| pair.a == pair.b && pair.a < 100).count();
    assert!(right >= 97 && pairs.len() - right <= 3, "{right} of {} {found:?}", pairs.len());
}
