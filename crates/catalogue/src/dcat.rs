//! The catalogue in the form other catalogues harvest: DCAT-AP 3 as JSON-LD,
//! with the terms of HealthDCAT-AP release 5 (EHDS article 77, 79).

use model::Lang;
use serde_json::{Value, json};
use source::Rhythm;

use crate::Dataset;

/// The whole catalogue, with `base` as the address of the portal.
pub fn catalogue(base: &str, datasets: &[Dataset]) -> Value {
    json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "healthdcatap": "http://healthdataportal.eu/ns/health#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": format!("{base}/catalogue"),
        "@type": "dcat:Catalog",
        "dct:title": { "@language": "en", "@value": "Health data catalogue" },
        "dcat:dataset": datasets.iter().map(|dataset| entry(base, dataset)).collect::<Vec<_>>(),
    })
}

fn entry(base: &str, dataset: &Dataset) -> Value {
    let words = |text: &model::Text| -> Vec<Value> {
        Lang::ALL
            .iter()
            .map(|lang| json!({ "@language": lang.tag(), "@value": text.get(*lang) }))
            .collect()
    };
    let mut entry = json!({
        "@id": format!("{base}/sources/{}", dataset.source),
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.source.as_str(),
        "dct:title": words(&dataset.title),
        "dct:description": words(&dataset.description),
        "dct:publisher": { "@id": format!("{base}/organisations/{}", dataset.holder) },
        "dct:accessRights": {
            "@id": "http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"
        },
        "dct:accrualPeriodicity": {
            "@id": format!(
                "http://publications.europa.eu/resource/authority/frequency/{}",
                frequency(dataset.update)
            )
        },
        "dcat:theme": {
            "@id": "http://publications.europa.eu/resource/authority/data-theme/HEAL"
        },
        "dcat:keyword": dataset
            .variables
            .iter()
            .map(|variable| variable.id.name.clone())
            .collect::<Vec<_>>(),
    });
    if let Some(entry) = entry.as_object_mut() {
        if let Some(rows) = dataset.rows {
            entry.insert("healthdcatap:numberOfRecords".into(), json!(rows));
        }
        if let Some(persons) = dataset.persons {
            entry.insert("healthdcatap:numberOfUniqueIndividuals".into(), json!(persons));
        }
        if let (Some(first), Some(last)) = (dataset.years.first(), dataset.years.last()) {
            let day = |year: i16, rest| json!({ "@type": "xsd:date", "@value": format!("{year:04}-{rest}") });
            entry.insert(
                "dct:temporal".into(),
                json!({
                    "@type": "dct:PeriodOfTime",
                    "dcat:startDate": day(first.year, "01-01"),
                    "dcat:endDate": day(last.year, "12-31"),
                }),
            );
        }
        if let Some(delivered) = dataset.freshness.delivered {
            entry.insert(
                "dct:modified".into(),
                json!({ "@type": "xsd:dateTime", "@value": delivered.to_string() }),
            );
        }
    }
    entry
}

const fn frequency(update: Rhythm) -> &'static str {
    match update {
        Rhythm::Daily => "DAILY",
        Rhythm::Weekly => "WEEKLY",
        Rhythm::Monthly => "MONTHLY",
        Rhythm::Quarterly => "QUARTERLY",
        Rhythm::Yearly => "ANNUAL",
        Rhythm::Once => "NEVER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::tests::delivered;

    #[test]
    fn a_dataset_is_told_with_its_figures() {
        let told = catalogue("https://a.example", &[Dataset::of(&delivered(100, 0))]);
        let entry = &told["dcat:dataset"][0];
        assert_eq!(entry["@id"], "https://a.example/sources/laboratory");
        assert_eq!(entry["healthdcatap:numberOfRecords"], 1000);
        assert_eq!(entry["healthdcatap:numberOfUniqueIndividuals"], 100);
        assert_eq!(entry["dct:temporal"]["dcat:startDate"]["@value"], "2020-01-01");
        assert_eq!(entry["dct:temporal"]["dcat:endDate"]["@value"], "2020-12-31");
        assert_eq!(entry["dcat:keyword"], json!(["date", "test"]));
        let titles = entry["dct:title"].as_array().unwrap();
        assert_eq!(titles.len(), Lang::ALL.len());
    }

    #[test]
    fn figures_on_too_few_people_are_not_told() {
        let told = catalogue("https://a.example", &[Dataset::of(&delivered(4, 0))]);
        let entry = told["dcat:dataset"][0].as_object().unwrap();
        for figure in [
            "healthdcatap:numberOfRecords",
            "healthdcatap:numberOfUniqueIndividuals",
            "dct:temporal",
        ] {
            assert!(!entry.contains_key(figure), "{figure}");
        }
        assert!(entry.contains_key("dct:modified"));
    }
}
