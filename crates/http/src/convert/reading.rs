//! The options that only files have: how the file is read, and where its columns go.
//!
//! Options of an import come as members of one object, wherever they stood: a part of a form, or the query. Those of files
//! are taken out here; what is left are the options of every import.

use std::sync::Arc;

use refract_domain::import::options::{ImportOptions, UnknownProperties};
use refract_domain::import::table::{
    CellRules, Column, DateFormat, DecimalMark, EmptyCells, Given, MappingFault, NewColumn, Proposal, SchemaToBe,
    Source, TableFormat, TableInput, Target, given_mapping, propose,
};
use refract_domain::object_type::ObjectType;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::extract::file_rows::FileFacts;
use crate::extract::samples::Samples;

const FIELD: &str = ".body.options";

/// More rows than any sheet has.
const SKIP_ROWS_MAX: u64 = 2_000_000;

/// Names of the options that only files have.
pub(crate) const FILE_OPTIONS: [&str; 12] = [
    "mapping",
    "create_missing_properties",
    "empty_cells",
    "date_format",
    "decimal_mark",
    "cell_separator",
    "delimiter",
    "quote",
    "skip_rows",
    "header",
    "encoding",
    "sheet",
];

/// Those of them that must be known before the file is read.
const BEFORE_THE_FILE: [&str; 6] = ["delimiter", "quote", "skip_rows", "header", "encoding", "sheet"];

/// How a file is to be read, and what its columns mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<Option<u8>>,
    pub(crate) skip_rows: Option<u64>,
    pub(crate) header: Option<bool>,
    pub(crate) encoding: Option<String>,
    pub(crate) sheet: Option<String>,
    empty_cells: Option<EmptyCells>,
    decimal_mark: Option<DecimalMark>,
    date_format: Option<DateFormat>,
    separator: Option<String>,
    mapping: Vec<(String, Given)>,
    create_missing_properties: bool,
}

/// Refuses options that should have come before the file, since it was read without them.
pub(crate) fn refuse_late(members: &Map<String, Value>) -> Result<(), ApiError> {
    match members.keys().find(|name| BEFORE_THE_FILE.contains(&name.as_str())) {
        Some(name) => {
            let message = format!(
                "{name} says how the file is read, and must be known before: send the part \"options\" before the part \"file\", or \
                 the file again."
            );
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
            "create_missing_properties" => {
                let message = "create_missing_properties must be true or false.";
                self.create_missing_properties = value.as_bool().ok_or_else(|| refused(name, message))?;
            }
            "empty_cells" => {
                self.empty_cells = Some(match text(name, value)? {
                    "keep" => EmptyCells::Keep,
                    "clear" => EmptyCells::Clear,
                    _ => return Err(refused(name, "empty_cells is \"keep\" or \"clear\".")),
                });
            }
            "date_format" => {
                let message = "date_format names YYYY, MM, DD and perhaps HH, mm, ss, such as \"DD.MM.YYYY HH:mm\".";
                let format = DateFormat::parse(text(name, value)?).ok_or_else(|| refused(name, message))?;
                self.date_format = Some(format);
            }
            "decimal_mark" => {
                let mark = DecimalMark::parse(text(name, value)?);
                let mark = mark.ok_or_else(|| refused(name, "decimal_mark is \".\" or \",\"."))?;
                self.decimal_mark = Some(mark);
            }
            "cell_separator" => self.separator = Some(text(name, value)?.to_owned()),
            "delimiter" => self.delimiter = Some(mark(name, text(name, value)?)?),
            "quote" => {
                let written = text(name, value)?;
                self.quote = Some(if written.is_empty() { None } else { Some(mark(name, written)?) });
            }
            "skip_rows" => {
                let message = "skip_rows is how many lines stand above the table, such as 3, or 0 for none.";
                // In a query it is written as a text.
                let lines = value.as_u64().or_else(|| value.as_str()?.parse().ok());
                let lines = lines.filter(|&lines| lines <= SKIP_ROWS_MAX);
                self.skip_rows = Some(lines.ok_or_else(|| refused(name, message))?);
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

    /// These rules with what was said here in their place.
    fn rules_over(&self, rules: CellRules) -> CellRules {
        CellRules {
            empty_cells: self.empty_cells.unwrap_or(rules.empty_cells),
            decimal_mark: self.decimal_mark.or(rules.decimal_mark),
            date_format: self.date_format.clone().or(rules.date_format),
            separator: self.separator.clone().unwrap_or(rules.separator),
        }
    }

    /// What the columns of a file mean that was read before, with what was said here in its place.
    ///
    /// # Errors
    /// What is wrong with the mapping, in words.
    pub(crate) fn read_again(
        &self,
        options: ImportOptions,
        to_be: &mut SchemaToBe,
        object_type: ObjectType,
    ) -> Result<ImportOptions, String> {
        let Some(table) = options.table.as_deref() else {
            return Err(
                "The rows came as JSON, which says itself what goes where; only files have a mapping.".to_owned()
            );
        };
        let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        if self.create_missing_properties {
            return Err(
                "The file was read, and where its columns go is known; give new properties in mapping.".to_owned()
            );
        }
        let mapping = to_be.take(&names, &self.mapping).map_err(|fault| fault.to_string())?;
        let schema = to_be.schema();
        let list = options.list_id.and_then(|list_id| schema.lists.get(&list_id));
        let source = Source { type_schema: schema.of(object_type), list };
        let given = given_mapping(&names, &mapping, source).map_err(|fault| fault.to_string())?;
        let said: Vec<&Target> = given.iter().flatten().collect();
        let columns = table.columns.iter().zip(&given).map(|(column, given)| {
            // A place that is given to another column is no longer this one's.
            let kept = || if said.contains(&&column.target) { Target::Ignored } else { column.target.clone() };
            Column { name: column.name.clone(), target: given.clone().unwrap_or_else(kept) }
        });
        let again = TableInput {
            format: table.format,
            columns: columns.collect(),
            rules: self.rules_over(table.rules.clone()),
            text: table.text.clone(),
        };
        Ok(ImportOptions { table: Some(Arc::new(again)), ..options })
    }

    /// Where the columns of a file that was read go: as was said, and else as seems best. Properties that are to be made for
    /// them are in the schema from now on, as it is to be.
    pub(crate) fn proposals(
        &self,
        facts: &FileFacts,
        samples: &Samples,
        to_be: &mut SchemaToBe,
        object_type: ObjectType,
        options: &ImportOptions,
    ) -> Result<Vec<Proposal>, ApiError> {
        let refused = |fault: MappingFault| ApiError::invalid_field(format!("{FIELD}.mapping"), fault.to_string());
        let mapping = to_be.take(&facts.columns, &self.mapping).map_err(refused)?;
        let schema = to_be.schema();
        let list = options.list_id.and_then(|list_id| schema.lists.get(&list_id));
        let source = Source { type_schema: schema.of(object_type), list };
        let given = given_mapping(&facts.columns, &mapping, source).map_err(refused)?;
        let has_cells = facts.format.has_cells();
        let cells = samples.cells_of(&facts.columns, has_cells);
        let mut proposals = propose(&facts.columns, &given, &cells, source);
        if self.create_missing_properties {
            let cells = samples.raw_cells_of(&facts.columns, has_cells);
            let rules = self.rules_over(CellRules::default());
            to_be.make_missing(&facts.columns, &mut proposals, &cells, &rules).map_err(refused)?;
        }
        Ok(proposals)
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
        let is_column = |proposal: &Proposal| facts.format.has_cells() || !proposal.is_lost();
        let columns = facts.columns.iter().zip(proposals).filter(|(_, proposal)| is_column(proposal));
        let column =
            |(name, proposal): (&String, &Proposal)| Column { name: name.clone(), target: proposal.target.clone() };
        let table = TableInput {
            format: facts.format,
            columns: columns.map(column).collect(),
            rules: self.rules_over(CellRules::default()),
            text: facts.text.clone(),
        };
        Ok(ImportOptions { table: Some(Arc::new(table)), ..options })
    }
}

fn refuse_unmapped(facts: &FileFacts, proposals: &[Proposal], options: &ImportOptions) -> Result<(), ApiError> {
    if options.unknown_properties == UnknownProperties::Ignore {
        return Ok(());
    }
    let lost = facts.columns.iter().zip(proposals).filter(|(_, proposal)| proposal.is_lost());
    let names: Vec<String> = lost.map(|(name, _)| format!("{name:?}")).collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!(
        "There is no property for {} {}{}. Say where each goes with options.mapping (a slug, or null to leave it out), let \
         properties be made with options.create_missing_properties, or leave out all such columns with \
         options.unknown_properties \"ignore\".",
        if names.len() == 1 { "the column" } else { "the columns" },
        names.join(", "),
        place_read(facts)
    );
    Err(ApiError::invalid("unmapped_columns", format!("{FIELD}.mapping"), message))
}

/// Where the columns were read, and what to say where another place was meant.
fn place_read(facts: &FileFacts) -> String {
    let mut said = Vec::new();
    if let Some(sheet) = &facts.text.sheet {
        said.push(format!("of the sheet {sheet:?}; options.sheet names another"));
    }
    if facts.text.skip_rows > 0 {
        let lines = facts.text.skip_rows;
        said.push(format!("below the first {lines} lines, which options.skip_rows 0 would read"));
    }
    let is_made = |name: &&String| name.strip_prefix("column_").is_some_and(|number| number.parse::<u32>().is_ok());
    let nameless = facts.columns.iter().filter(is_made).count();
    let may_be_a_title = facts.columns.len() == 1 || nameless * 2 >= facts.columns.len();
    if facts.text.header && may_be_a_title {
        said.push("if lines stand above their names, options.skip_rows says how many".to_owned());
    }
    if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) }
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
        "Rows are to be matched by {slug:?}, but no column goes there. Say which does with options.mapping; the file has {}{}.",
        columns.join(", "),
        place_read(facts)
    );
    Err(ApiError::invalid_field(format!("{FIELD}.dedupe_by"), message))
}

fn mapping(value: &Value) -> Result<Vec<(String, Given)>, ApiError> {
    let message = "mapping is an object: a column's name or its number from 0, and a property's slug, {\"create\": {\"type\": …}} to \
                   make one of the column, or null to leave the column out.";
    let Value::Object(members) = value else { return Err(refused("mapping", message)) };
    let pair = |(column, target): (&String, &Value)| match target {
        Value::Null => Ok((column.clone(), Given::Nowhere)),
        Value::String(slug) => Ok((column.clone(), Given::To(slug.clone()))),
        Value::Object(wanted) => Ok((column.clone(), Given::New(new_column(column, wanted)?))),
        _ => Err(refused("mapping", message)),
    };
    members.iter().map(pair).collect()
}

/// `{"create": {"type", "slug"?, "name"?}}`.
fn new_column(column: &str, wanted: &Map<String, Value>) -> Result<NewColumn, ApiError> {
    let field = format!("{FIELD}.mapping.{column}");
    let refused = |message: &str| ApiError::invalid_field(field.clone(), message);
    let shape = "a new property is {\"create\": {\"type\": …}}, with \"slug\" and \"name\" where the column's name will not do.";
    let Some(Value::Object(members)) = wanted.get("create").filter(|_| wanted.len() == 1) else {
        return Err(refused(shape));
    };
    if members.keys().any(|name| !["type", "slug", "name"].contains(&name.as_str())) {
        return Err(refused(shape));
    }
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refused(shape)),
    };
    let property_type =
        text("type")?.ok_or_else(|| refused("a new property needs a \"type\", such as \"str\" or \"num\"."))?;
    Ok(NewColumn { slug: text("slug")?, name: text("name")?, property_type })
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
