//! What SQLite writes in its own way. The functions are those of [`crate::functions`].

use refract_store::query_sql::{Bound, Dialect, Document, Kind, Reference, Writer};

/// SQLite's SQL. Every statement knows its team.
#[derive(Debug)]
pub(super) struct Sqlite {
    pub(super) team_no: i64,
}

/// Lists are bound as JSON arrays: there may be more values than SQLite has parameters.
impl Dialect for Sqlite {
    fn placeholder(&self, number: usize, _value: &Bound) -> String {
        format!("?{number}")
    }

    fn value(&self, document: Document, slug: &str, kind: Kind) -> String {
        let document = text_of(document);
        match kind {
            Kind::Text => format!("refract_text({document}, {slug})"),
            Kind::Number => format!("refract_number({document}, {slug})"),
            Kind::Bool => format!("refract_bool({document}, {slug})"),
            Kind::Instant => format!("refract_instant(refract_text({document}, {slug}))"),
            Kind::Any => format!("refract_raw({document}, {slug})"),
        }
    }

    fn elements(&self, document: Document, slug: &str, number: usize) -> String {
        format!("json_each(refract_raw({}, {slug})) AS v{number}", text_of(document))
    }

    fn reference(&self, writer: &mut Writer<'_, Self>, reference: Reference<'_>) -> String {
        let Reference { value, hop, target } = reference;
        let team_no = writer.bind(Bound::Int(self.team_no));
        let object_type = writer.bind(Bound::Int(target.number().into()));
        // An id that came with its record is an alias; any other says its number. It may lie: another record has it then.
        format!(
            "h{hop}.record_no = coalesce((SELECT a.record_no FROM record_alias AS a \
             WHERE a.team_no = {team_no} AND a.id = refract_id({value})), refract_record_no({value})) \
             AND h{hop}.id = refract_id({value}) AND h{hop}.team_no = {team_no} \
             AND h{hop}.object_type = {object_type} AND h{hop}.deleted_at IS NULL"
        )
    }

    fn id_text(&self, alias: &str) -> String {
        format!("refract_id_text({alias}.id)")
    }

    fn millis(&self, column: &str) -> String {
        column.to_owned()
    }

    fn lower(&self, text: &str) -> String {
        format!("refract_lower({text})")
    }

    fn is_in(&self, value: &str, list: &str, kind: Kind) -> String {
        // SQLite reads decimals less exactly than they were written.
        let element = if kind == Kind::Number { "refract_as_number(value)" } else { "value" };
        format!("{value} IN (SELECT {element} FROM json_each({list}))")
    }

    fn contains(&self, text: &str, part: &str) -> String {
        format!("refract_contains({text}, {part})")
    }

    fn begins_with(&self, text: &str, part: &str) -> String {
        format!("substr({text}, 1, length({part})) = {part}")
    }

    fn ends_with(&self, text: &str, part: &str) -> String {
        format!("substr({text}, -length({part})) = {part}")
    }

    fn matches(&self, text: &str, pattern: &str) -> Option<String> {
        Some(format!("refract_matches({text}, {pattern})"))
    }

    fn all_texts(&self, value: &str, source: Option<&str>) -> String {
        match source {
            None => format!("json_array({value})"),
            Some(source) => format!("(SELECT json_group_array({value}) {source})"),
        }
    }
}

const fn text_of(document: Document) -> &'static str {
    match document {
        Document::Record => "r.body",
        Document::Entry => "e.\"values\"",
        // A path has at most five parts (contract §3.5); a longer one is never read.
        Document::Hop(1) => "h1.body",
        Document::Hop(2) => "h2.body",
        Document::Hop(3) => "h3.body",
        Document::Hop(_) => "h4.body",
    }
}
