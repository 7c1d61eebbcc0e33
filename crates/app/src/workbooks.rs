//! Workbooks that clients send, read by a child process of this very program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use refract_http::{SheetWanted, WorkbookFault, WorkbookFaultKind, WorkbookHead, WorkbookReader};
use refract_workbook::{Code, Format, Limits, Settings, SheetChoice, WorkbookError, Workbooks};

/// The hidden command that reads one.
const COMMAND: &str = "read-workbook";

/// Starts a child for each workbook.
#[derive(Debug)]
pub(crate) struct ChildWorkbooks(Workbooks);

impl ChildWorkbooks {
    /// Children of the program at this path.
    pub(crate) fn of(program: PathBuf) -> Self {
        Self(Workbooks::new(program, [OsString::from(COMMAND)]))
    }
}

impl WorkbookReader for ChildWorkbooks {
    fn read(
        &self,
        path: &Path,
        wanted: &SheetWanted,
        row: &mut dyn FnMut(&str) -> bool,
    ) -> Result<WorkbookHead, WorkbookFault> {
        let sheets = choices(wanted.sheet.as_deref());
        let mut opened = Err(None);
        // A sheet may be called as another is numbered: its name comes first.
        for sheet in sheets {
            match self.0.open(path, &settings(sheet, wanted)) {
                Err(error) if error.code == Code::UnknownSheet => opened = Err(Some(error)),
                other => {
                    opened = other.map_err(Some);
                    break;
                }
            }
        }
        let mut workbook = opened.map_err(|error| error.map_or_else(nothing_wanted, fault))?;
        let head = workbook.head();
        let format = match head.format {
            Format::Xlsx => "xlsx",
            Format::Ods => "ods",
        };
        let refract_workbook::Head { sheet, skip_rows, columns, .. } = head.clone();
        let head = WorkbookHead { format, sheet, skip_rows, columns };
        for read in workbook.by_ref() {
            if !row(&read.map_err(fault)?) {
                break;
            }
        }
        Ok(head)
    }
}

fn choices(sheet: Option<&str>) -> Vec<SheetChoice> {
    match sheet {
        None => vec![SheetChoice::FirstVisible],
        Some(name) => {
            let by_number = name.parse().ok().map(SheetChoice::Index);
            std::iter::once(SheetChoice::Name(name.to_owned())).chain(by_number).collect()
        }
    }
}

fn settings(sheet: SheetChoice, wanted: &SheetWanted) -> Settings {
    let defaults = Limits::default();
    let limits = Limits {
        columns_max: wanted.columns_max,
        rows_max: wanted.rows_max.min(defaults.rows_max),
        row_bytes_max: wanted.row_bytes_max.min(defaults.row_bytes_max),
        decoded_bytes_max: wanted.decoded_bytes_max.min(defaults.decoded_bytes_max),
        ..defaults
    };
    Settings { sheet, skip_rows: wanted.skip_rows, header: wanted.header, limits }
}

fn fault(error: WorkbookError) -> WorkbookFault {
    let kind = match error.code {
        Code::InvalidFile | Code::TooManyColumns | Code::RowTooLarge => WorkbookFaultKind::Invalid,
        Code::PayloadTooLarge | Code::TooManyRows => WorkbookFaultKind::TooLarge,
        Code::UnsupportedMediaType => WorkbookFaultKind::Unsupported,
        Code::UnknownSheet => WorkbookFaultKind::Request,
        Code::Unavailable => WorkbookFaultKind::Unavailable,
    };
    WorkbookFault { kind, message: error.message }
}

fn nothing_wanted() -> WorkbookFault {
    WorkbookFault { kind: WorkbookFaultKind::Unavailable, message: "no sheet was asked for".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_looked_for_by_name_and_then_by_number() {
        assert_eq!(choices(None), [SheetChoice::FirstVisible]);
        assert_eq!(choices(Some("People")), [SheetChoice::Name("People".into())]);
        assert_eq!(choices(Some("2")), [SheetChoice::Name("2".into()), SheetChoice::Index(2)]);
    }
}
