//! The options that only files have: how the file is read, and where its columns go.
//!
//! Options of an import come as members of one object, wherever they stood: a part of a form, or the query. Those of files
//! are taken out here; what is left are the options of every import.

use std::sync::Arc;

use refract_domain::import::options::{ImportOptions, UnknownProperties};
use refract_domain::import::table::{
    CellRules, Column, DateFormat, DecimalMark, EmptyCells, Proposal, Reason, Source, TableFormat, TableInput, Target,
    given_mapping, propose,
};
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::extract::file_rows::FileFacts;
use crate::extract::samples::Samples;

const FIELD: &str = ".body.options";

/// Names of the options that only files have.
pub(crate) const FILE_OPTIONS: [&str; 10] = [
    "mapping",
    "empty_cells",
    "date_format",
    "decimal_mark",
    "cell_separator",
    "delimiter",
    "quote",
    "header",
    "encoding",
    "sheet",
];

/// Those of them that must be known before the file is read.
const BEFORE_THE_FILE: [&str; 5] = ["delimiter", "quote", "header", "encoding", "sheet"];

/// How a file is to be read, and what its columns mean.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<Option<u8>>,
    pub(crate) header: Option<bool>,
    pub(crate) encoding: Option<String>,
    pub(crate) sheet: Option<String>,
    rules: CellRules,
    mapping: Vec<(String, Option<String>)>,
}

/// Refuses options that should have come before the file, since it was read without them.
pub(crate) fn refuse_late(members: &Map<String, Value>) -> Result<(), ApiError> {
    match members.keys().find(|name| BEFORE_THE_FILE.contains(&name.as_str())) {
        Some(name) => {
            let message =
                format!("{name} says how the file is read; send the part \"options\" before the part \"file\".");
            Err(ApiError::invalid_field(format!("{FIELD}.{name}"), message))
        }
        None => Ok(()),
    }
}

impl Reading {
    /// Takes the options of files out of `members`.
    pub(crate) fn take(&mut self, members: &mut Map<String, Value>) -> Result<(), ApiError> {
        for name in FILE_OPTIONS {
            match members.remove(name) {
                None | Some(Value::Null) => {}
                Some(value) => self.set(name, &value)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), ApiError> {
        match name {
            "mapping" => self.mapping = mapping(value)?,
            "empty_cells" => {
                self.rules.empty_cells = match text(name, value)? {
                    "keep" => EmptyCells::Keep,
                    "clear" => EmptyCells::Clear,
                    _ => return Err(refused(name, "empty_cells is \"keep\" or \"clear\".")),
                }
            }
            "date_format" => {
                let message = "date_format names YYYY, MM, DD and perhaps HH, mm, ss, such as \"DD.MM.YYYY HH:mm\".";
                let format = DateFormat::parse(text(name, value)?).ok_or_else(|| refused(name, message))?;
                self.rules.date_format = Some(format);
            }
            "decimal_mark" => {
                let mark = DecimalMark::parse(text(name, value)?);
                let mark = mark.ok_or_else(|| refused(name, "decimal_mark is \".\" or \",\"."))?;
                self.rules.decimal_mark = Some(mark);
            }
            "cell_separator" => text(name, value)?.clone_into(&mut self.rules.separator),
            "delimiter" => self.delimiter = Some(mark(name, text(name, value)?)?),
            "quote" => {
                let written = text(name, value)?;
                self.quote = Some(if written.is_empty() { None } else { Some(mark(name, written)?) });
            }
            "header" => {
                let flag = value.as_bool().ok_or_else(|| refused(name, "header must be true or false."))?;
                self.header = Some(flag);
            }
            "encoding" => self.encoding = Some(text(name, value)?.to_owned()),
            _ => {
                self.sheet = Some(
                    value
                        .as_u64()
                        .map_or_else(|| text(name, value).map(str::to_owned), |place| Ok(place.to_string()))?,
                )
            }
        }
        Ok(())
    }

    /// Where the columns of a file that was read go: as was said, and else as seems best.
    pub(crate) fn proposals(
        &self,
        facts: &FileFacts,
        samples: &Samples,
        schema: &Schema,
        object_type: ObjectType,
        options: &ImportOptions,
    ) -> Result<Vec<Proposal>, ApiError> {
        let list = options.list_id.and_then(|list_id| schema.lists.get(&list_id));
        let source = Source { type_schema: schema.of(object_type), list };
        let given = given_mapping(&facts.columns, &self.mapping, source)
            .map_err(|fault| ApiError::invalid_field(format!("{FIELD}.mapping"), fault.to_string()))?;
        let cells = samples.cells_of(&facts.columns, facts.format.has_cells());
        Ok(propose(&facts.columns, &given, &cells, source))
    }

    /// The options with what the columns mean.
    ///
    /// # Errors
    /// 400 where a column goes nowhere and nobody said that it should, and where no column holds what rows are matched by.
    pub(crate) fn complete(
        &self,
        facts: &FileFacts,
        proposals: &[Proposal],
        options: ImportOptions,
    ) -> Result<ImportOptions, ApiError> {
        if facts.format.has_cells() {
            refuse_unmapped(facts, proposals, &options)?;
        }
        if facts.format != TableFormat::Ndjson {
            refuse_without_key(facts, proposals, &options)?;
        }
        // A name in JSON lines that means nothing is a fault of the lines that have it: it is no column.
        let is_column = |proposal: &Proposal| facts.format.has_cells() || !is_lost(proposal);
        let columns = facts.columns.iter().zip(proposals).filter(|(_, proposal)| is_column(proposal));
        let column =
            |(name, proposal): (&String, &Proposal)| Column { name: name.clone(), target: proposal.target.clone() };
        let table = TableInput {
            format: facts.format,
            columns: columns.map(column).collect(),
            rules: self.rules.clone(),
            text: facts.text.clone(),
        };
        Ok(ImportOptions { table: Some(Arc::new(table)), ..options })
    }
}

/// Whether a column goes nowhere although nobody said so and there is something in it.
fn is_lost(proposal: &Proposal) -> bool {
    proposal.target == Target::Ignored && matches!(proposal.reason, Reason::None | Reason::Taken)
}

fn refuse_unmapped(facts: &FileFacts, proposals: &[Proposal], options: &ImportOptions) -> Result<(), ApiError> {
    if options.unknown_properties == UnknownProperties::Ignore {
        return Ok(());
    }
    let lost = facts.columns.iter().zip(proposals).filter(|(_, proposal)| is_lost(proposal));
    let names: Vec<String> = lost.map(|(name, _)| format!("{name:?}")).collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!(
        "There is no property for {} {}. Say where each goes with options.mapping (a slug, or null to leave it out), make \
         the property first, or leave out all such columns with options.unknown_properties \"ignore\".",
        if names.len() == 1 { "the column" } else { "the columns" },
        names.join(", ")
    );
    Err(ApiError::invalid("unmapped_columns", format!("{FIELD}.mapping"), message))
}

/// Rows that hold no key all make records: a column that was not recognised would double everything.
fn refuse_without_key(facts: &FileFacts, proposals: &[Proposal], options: &ImportOptions) -> Result<(), ApiError> {
    let Some(slug) = &options.dedupe_by else { return Ok(()) };
    let has_key =
        proposals.iter().any(|proposal| matches!(&proposal.target, Target::Property(target) if target == slug));
    if has_key {
        return Ok(());
    }
    let columns: Vec<String> = facts.columns.iter().map(|name| format!("{name:?}")).collect();
    let message = format!(
        "Rows are to be matched by {slug:?}, but no column goes there. Say which does with options.mapping; the file has {}.",
        columns.join(", ")
    );
    Err(ApiError::invalid_field(format!("{FIELD}.dedupe_by"), message))
}

fn mapping(value: &Value) -> Result<Vec<(String, Option<String>)>, ApiError> {
    let message = "mapping is an object: a column's name or its number from 0, and a property's slug, or null to leave the \
                   column out.";
    let Value::Object(members) = value else { return Err(refused("mapping", message)) };
    let pair = |(column, target): (&String, &Value)| match target {
        Value::Null => Ok((column.clone(), None)),
        Value::String(slug) => Ok((column.clone(), Some(slug.clone()))),
        _ => Err(refused("mapping", message)),
    };
    members.iter().map(pair).collect()
}

fn text<'v>(name: &str, value: &'v Value) -> Result<&'v str, ApiError> {
    value.as_str().ok_or_else(|| refused(name, &format!("{name} must be a text.")))
}

/// One ASCII character, or the name of one that is hard to write.
fn mark(name: &str, written: &str) -> Result<u8, ApiError> {
    match written {
        "tab" | "\\t" => return Ok(b'\t'),
        "comma" => return Ok(b','),
        "semicolon" => return Ok(b';'),
        "pipe" => return Ok(b'|'),
        _ => {}
    }
    match written.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(refused(name, &format!("{name} must be one ASCII character, or tab, comma, semicolon or pipe."))),
    }
}

fn refused(name: &str, message: &str) -> ApiError {
    ApiError::invalid_field(format!("{FIELD}.{name}"), message)
}
