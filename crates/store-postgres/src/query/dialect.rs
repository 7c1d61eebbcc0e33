//! What PostgreSQL writes in its own way.
//!
//! Texts are compared in the collation "C", byte by byte. A body is taken apart once for each record: `d.doc`.

use refract_store::query_sql::{Bound, Dialect, Document, Kind, Reference, Writer};

/// PostgreSQL's SQL. Every statement knows its team.
#[derive(Debug)]
pub(super) struct Postgres {
    pub(super) team_no: i64,
}

impl Dialect for Postgres {
    fn placeholder(&self, number: usize, value: &Bound) -> String {
        match value {
            Bound::Text(_) => format!("(${number} COLLATE \"C\")"),
            // As text: what a driver takes for a number is less than JSON's.
            Bound::Number(_) => format!("(${number}::numeric)"),
            Bound::Numbers(_) => format!("(${number}::numeric[])"),
            Bound::Texts(_) | Bound::Bools(_) | Bound::Bool(_) | Bound::Int(_) | Bound::Id(_) | Bound::Ids(_) => {
                format!("${number}")
            }
        }
    }

    fn value(&self, document: Document, slug: &str, kind: Kind) -> String {
        let document = text_of(document);
        let (json_type, value) = match kind {
            Kind::Text => ("string", text(document, slug)),
            Kind::Number => ("number", format!("({document} ->> {slug})::numeric")),
            Kind::Bool => ("boolean", format!("({document} ->> {slug})::boolean")),
            Kind::Instant => ("string", format!("(refract_instant({}) COLLATE \"C\")", text(document, slug))),
            Kind::Any => return format!("nullif({document} -> {slug}, 'null'::jsonb)"),
        };
        format!("(CASE jsonb_typeof({document} -> {slug}) WHEN '{json_type}' THEN {value} END)")
    }

    fn elements(&self, document: Document, slug: &str, number: usize) -> String {
        let document = text_of(document);
        format!(
            "jsonb_array_elements_text(CASE jsonb_typeof({document} -> {slug}) \
             WHEN 'array' THEN {document} -> {slug} ELSE '[]' END) AS v{number} (value)"
        )
    }

    fn reference(&self, writer: &mut Writer<'_, Self>, reference: Reference<'_>) -> String {
        let Reference { value, hop, target } = reference;
        let team_no = writer.bind(Bound::Int(self.team_no));
        let object_type = writer.bind(Bound::Int(target.number().into()));
        // A text that is no id would stop the statement.
        format!(
            "h{hop}.team_no = {team_no} AND h{hop}.object_type = {object_type} AND h{hop}.deleted_at IS NULL \
             AND h{hop}.id = CASE WHEN {value} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN ({value})::uuid END"
        )
    }

    fn id_text(&self, alias: &str) -> String {
        format!("({alias}.id::text COLLATE \"C\")")
    }

    fn millis(&self, column: &str) -> String {
        format!("{column}::numeric")
    }

    fn lower(&self, text: &str) -> String {
        // ICU's lower case is Unicode's, whatever the database's own language is.
        format!("(lower({text} COLLATE \"und-x-icu\") COLLATE \"C\")")
    }

    fn is_in(&self, value: &str, list: &str, _kind: Kind) -> String {
        format!("{value} = ANY ({list})")
    }

    fn contains(&self, text: &str, part: &str) -> String {
        format!("strpos({text}, {part}) > 0")
    }

    fn begins_with(&self, text: &str, part: &str) -> String {
        format!("starts_with({text}, {part})")
    }

    fn ends_with(&self, text: &str, part: &str) -> String {
        format!("right({text}, length({part})) = {part}")
    }

    fn matches(&self, _text: &str, _pattern: &str) -> Option<String> {
        None
    }

    fn all_texts(&self, value: &str, source: Option<&str>) -> String {
        match source {
            None => format!("ARRAY[{value}]"),
            Some(source) => format!("ARRAY(SELECT {value} {source})"),
        }
    }
}

fn text(document: &str, slug: &str) -> String {
    format!("(({document} ->> {slug}) COLLATE \"C\")")
}

const fn text_of(document: Document) -> &'static str {
    match document {
        Document::Record => "d.doc",
        Document::Entry => "e.\"values\"::jsonb",
        // A path has at most five parts (contract §3.5); a longer one is never read.
        Document::Hop(1) => "h1.body::jsonb",
        Document::Hop(2) => "h2.body::jsonb",
        Document::Hop(3) => "h3.body::jsonb",
        Document::Hop(_) => "h4.body::jsonb",
    }
}
