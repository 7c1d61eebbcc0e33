//! The form in which stores keep a table input: JSON with a version, readable for as long as jobs are kept.

use super::{CellRules, Column, DateFormat, DecimalMark, EmptyCells, TableFormat, TableInput, Target, TextForm};
use crate::json::{checked_members, elements, push_text, unquote};

/// Grows when what was written before can no longer be read as what is written now.
const VERSION: &str = "1";

impl TableInput {
    /// The text that stores keep.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = format!("{{\"version\":{VERSION},\"format\":\"{}\",\"columns\":[", self.format.name());
        for (place, column) in self.columns.iter().enumerate() {
            text.push_str(if place == 0 { "[" } else { ",[" });
            push_text(&mut text, &column.name);
            let (kind, slug) = match &column.target {
                Target::Property(slug) => ("default", Some(slug)),
                Target::ListProperty(slug) => ("list", Some(slug)),
                Target::Id => ("id", None),
                Target::Ignored => ("ignored", None),
            };
            text.push_str(&format!(",\"{kind}\""));
            if let Some(slug) = slug {
                text.push(',');
                push_text(&mut text, slug);
            }
            text.push(']');
        }
        text.push(']');
        self.rules.push_members(&mut text);
        self.text.push_members(&mut text);
        text.push('}');
        text
    }

    /// Reads what [`Self::encode`] writes; `None` for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (mut version, mut format, mut columns) = (None, None, None);
        let (mut rules, mut form) = (CellRules::default(), TextForm::default());
        for (name, raw) in checked_members(text)? {
            match name.as_ref() {
                "version" => version = Some(raw == VERSION),
                "format" => format = TableFormat::ALL.into_iter().find(|format| unquote(raw) == format.name()),
                "columns" if raw.starts_with('[') => {
                    columns = elements(raw).map(decode_column).collect::<Option<Vec<_>>>()
                }
                "clear" => rules.empty_cells = if raw == "true" { EmptyCells::Clear } else { EmptyCells::Keep },
                "decimal_mark" => rules.decimal_mark = Some(DecimalMark::parse(&unquote(raw))?),
                "date_format" => rules.date_format = Some(DateFormat::parse(&unquote(raw))?),
                "separator" => rules.separator = unquote(raw).into_owned(),
                "delimiter" => form.delimiter = unquote(raw).chars().next()?,
                "quote" => form.quote = unquote(raw).chars().next(),
                "encoding" => form.encoding = unquote(raw).into_owned(),
                "header" => form.header = raw == "true",
                "skip_rows" => form.skip_rows = raw.parse().ok()?,
                "sheet" => form.sheet = Some(unquote(raw).into_owned()),
                _ => return None,
            }
        }
        version.filter(|is_known| *is_known)?;
        Some(Self { format: format?, columns: columns?, rules, text: form })
    }
}

fn decode_column(raw: &str) -> Option<Column> {
    let mut parts = elements(raw).map(unquote);
    let (name, kind, slug, nothing) = (parts.next()?, parts.next()?, parts.next(), parts.next());
    let target = match (kind.as_ref(), slug, nothing) {
        ("default", Some(slug), None) => Target::Property(slug.into_owned()),
        ("list", Some(slug), None) => Target::ListProperty(slug.into_owned()),
        ("id", None, None) => Target::Id,
        ("ignored", None, None) => Target::Ignored,
        _ => return None,
    };
    Some(Column { name: name.into_owned(), target })
}

impl CellRules {
    fn push_members(&self, text: &mut String) {
        if self.empty_cells == EmptyCells::Clear {
            text.push_str(",\"clear\":true");
        }
        if let Some(mark) = self.decimal_mark {
            push_member(text, "decimal_mark", mark.name());
        }
        if let Some(format) = &self.date_format {
            push_member(text, "date_format", &format.to_string());
        }
        push_member(text, "separator", &self.separator);
    }
}

impl TextForm {
    fn push_members(&self, text: &mut String) {
        push_member(text, "delimiter", &self.delimiter.to_string());
        push_member(text, "quote", &self.quote.map_or_else(String::new, String::from));
        push_member(text, "encoding", &self.encoding);
        text.push_str(if self.header { ",\"header\":true" } else { ",\"header\":false" });
        if self.skip_rows > 0 {
            text.push_str(&format!(",\"skip_rows\":{}", self.skip_rows));
        }
        if let Some(sheet) = &self.sheet {
            push_member(text, "sheet", sheet);
        }
    }
}

fn push_member(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!(",\"{name}\":"));
    push_text(text, value);
}

impl DecimalMark {
    /// The mark itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => ".",
            Self::Comma => ",",
        }
    }

    /// Reads the mark.
    #[must_use]
    pub fn parse(mark: &str) -> Option<Self> {
        [Self::Point, Self::Comma].into_iter().find(|known| known.name() == mark)
    }
}
