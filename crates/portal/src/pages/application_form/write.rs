//! Terms as the fields of the form.

use permit::{Condition, Terms};

use super::comparison_word;
use crate::fields::Fields;

/// The fields that say what `terms` say.
pub fn write(terms: &Terms) -> Fields {
    let mut fields = Fields::default();
    fields.put("title", terms.title.clone());
    fields.put("summary", terms.summary.clone());
    fields.put("legal-basis", terms.legal_basis.clone());
    if let Some(purpose) = terms.purpose {
        fields.put("purpose", purpose.as_str());
    }
    for person in &terms.people {
        fields.put("people", person.as_str());
    }
    for source in &terms.sources {
        for column in &source.columns {
            fields.put("column", format!("{}/{}", source.source, column.name));
            fields.put(
                format!("sources.{}.{}.reason", source.source, column.name),
                column.reason.clone(),
            );
        }
        conditions(&mut fields, &format!("rows.{}", source.source), &source.rows);
    }
    if let Some(source) = &terms.cohort.source {
        fields.put("cohort.source", source.as_str());
    }
    conditions(&mut fields, "cohort", &terms.cohort.conditions);
    for (name, day) in [
        ("period.from", terms.period.from),
        ("period.until", terms.period.until),
        ("valid.from", terms.valid.from),
        ("valid.until", terms.valid.until),
    ] {
        fields.put(name, day.map(|day| day.to_string()).unwrap_or_default());
    }
    let outputs = terms.outputs;
    fields.put("outputs.smallest-count", outputs.smallest_count.to_string());
    fields.put("outputs.dominance-n", outputs.dominance_n.to_string());
    fields.put("outputs.dominance-k", outputs.dominance_k.to_string());
    fields.put("outputs.p-percent", outputs.p_percent.to_string());
    fields.put("outputs.smallest-residual-df", outputs.smallest_residual_df.to_string());
    let room = terms.room;
    fields.put("room.memory-mib", room.memory_mib.to_string());
    fields.put("room.cpu-percent", room.cpu_percent.to_string());
    fields.put("room.processes", room.processes.to_string());
    fields.put("room.disk-mib", room.disk_mib.to_string());
    fields.put("room.wall-seconds", room.wall_seconds.to_string());
    if let Some(hours) = room.hours {
        fields.put("room.hours", hours.to_string());
    }
    fields.put("room.way", room.way.as_str());
    fields.put("room.bring", room.bring.as_str());
    let linkage = terms.linkage;
    fields.put("linkage.how", linkage.how.as_str());
    fields.put("linkage.threshold", linkage.threshold.to_string());
    if linkage.probability {
        fields.put("linkage.probability", "yes");
    }
    if let Some(generous) = linkage.generous {
        fields.put("linkage.generous", generous.to_string());
    }
    fields
}

fn conditions(fields: &mut Fields, start: &str, conditions: &[Condition]) {
    for (i, condition) in conditions.iter().enumerate() {
        fields.put(format!("{start}.{i}.column"), condition.column.clone());
        fields.put(format!("{start}.{i}.is"), comparison_word(condition.is));
        fields.put(format!("{start}.{i}.values"), condition.values.join(", "));
    }
}
