//! How a file was understood, for people who are about to import it.

use refract_domain::error::RowError;
use refract_domain::import::table::{ColumnGuess, GuessedType, Proposal, SchemaToBe, guess_column};
use refract_files::Found;
use refract_wire::{PreviewProblem, PreviewedColumn, PreviewedFile, PreviewedProperty};

use crate::convert::reading::Reading;
use crate::error::ApiError;
use crate::extract::file_rows::FileFacts;
use crate::extract::samples::Samples;

/// Most problems named; a file with more has something wrong as a whole.
const PROBLEMS_MAX: usize = 50;

/// What the file is.
pub(crate) fn file(facts: &FileFacts, reading: &Reading) -> PreviewedFile {
    let format = facts.format.name().to_owned();
    let Some(found) = &facts.found else {
        let found = match (reading.skip_rows, facts.text.skip_rows) {
            (Some(_), _) => Found::Given,
            (None, 0) => Found::Default,
            (None, _) => Found::Detected,
        };
        return PreviewedFile {
            format,
            skip_rows: Some(facts.text.skip_rows),
            skip_rows_found: Some(found.as_str().to_owned()),
            header: Some(facts.text.header),
            sheet: facts.text.sheet.clone(),
            ..PreviewedFile::default()
        };
    };
    let dialect = found.dialect.as_ref();
    let mark = |mark: Option<u8>| mark.map_or_else(String::new, |mark| char::from(mark).to_string());
    PreviewedFile {
        format,
        encoding: Some(found.encoding.value.to_owned()),
        encoding_found: Some(found.encoding.found.as_str().to_owned()),
        bom: Some(found.bom),
        delimiter: dialect.map(|dialect| mark(dialect.delimiter.value)),
        delimiter_found: dialect.map(|dialect| dialect.delimiter.found.as_str().to_owned()),
        quote: dialect.map(|dialect| mark(dialect.quote.value)),
        skip_rows: dialect.map(|dialect| dialect.skip_rows.value),
        skip_rows_found: dialect.map(|dialect| dialect.skip_rows.found.as_str().to_owned()),
        header: dialect.map(|dialect| dialect.header.value),
        header_found: dialect.map(|dialect| dialect.header.found.as_str().to_owned()),
        sheet: None,
    }
}

/// Its columns, each with where it goes and what is in it.
pub(crate) fn columns(
    facts: &FileFacts,
    proposals: &[Proposal],
    samples: &Samples,
    to_be: &SchemaToBe,
) -> Vec<PreviewedColumn> {
    let cells = samples.cells_of(&facts.columns, facts.format.has_cells());
    let all = facts.columns.iter().zip(proposals).zip(&cells).enumerate();
    all.map(|(index, ((name, proposal), cells))| {
        let ColumnGuess { guessed, examples, empty, .. } = guess_column(cells.iter().map(String::as_str));
        let decimal_mark = match &guessed {
            GuessedType::Number { decimal_mark } => decimal_mark.map(|mark| mark.name().to_owned()),
            _ => None,
        };
        let date_format = match &guessed {
            GuessedType::Date { format } => format.as_ref().map(ToString::to_string),
            _ => None,
        };
        PreviewedColumn {
            name: name.clone(),
            index: index as u64,
            target: proposal.target.written(),
            create: proposal.target.written().and_then(|slug| to_be.wanted(&slug)).map(|wanted| PreviewedProperty {
                slug: wanted.slug.clone().unwrap_or_default(),
                name: wanted.name.clone(),
                property_type: wanted.property_type.clone(),
            }),
            reason: proposal.reason.name().to_owned(),
            confidence: proposal.confidence,
            looks_like: guessed.name().to_owned(),
            decimal_mark,
            date_format,
            examples,
            empty_cells: empty as u64,
        }
    })
    .collect()
}

/// Why the import would not start.
pub(crate) fn refusal(error: &ApiError) -> PreviewProblem {
    let (code, field, message) = error.first_fault();
    PreviewProblem { code: code.to_owned(), field: field.to_owned(), message: message.to_owned(), rows: None }
}

/// The faults of rows, each kind once, with the words of the first.
pub(crate) fn problems(verdicts: &[Option<Box<RowError>>]) -> Vec<PreviewProblem> {
    let mut problems: Vec<PreviewProblem> = Vec::new();
    for fault in verdicts.iter().flatten().flat_map(|error| error.faults()) {
        let is_known =
            |problem: &&mut PreviewProblem| problem.code == fault.code.name() && problem.field == fault.field;
        if let Some(known) = problems.iter_mut().find(is_known) {
            known.rows = known.rows.map(|rows| rows + 1);
        } else if problems.len() < PROBLEMS_MAX {
            problems.push(PreviewProblem {
                code: fault.code.name().to_owned(),
                field: fault.field.clone(),
                message: fault.message.clone(),
                rows: Some(1),
            });
        }
    }
    problems
}
