//! Which cell styles of an XLSX workbook make days of numbers. Must not know anything else of styles.

use std::collections::HashMap;

use crate::container::Container;
use crate::dates::NumberFormat;
use crate::error::WorkbookError;
use crate::xml::{Piece, Xml};

use super::SMALL_PIECE_BYTES_MAX;

/// Excel stops at 65,490 styles.
const STYLES_MAX: usize = 100_000;

/// The number format of each cell style, in their order. No style at all is no fault.
pub(super) fn read(container: &mut Container, name: &str) -> Result<Vec<NumberFormat>, WorkbookError> {
    let Some(source) = container.part(name)? else {
        return Ok(Vec::new());
    };
    let mut xml = Xml::new(name, source, SMALL_PIECE_BYTES_MAX);
    let mut own: HashMap<u32, NumberFormat> = HashMap::new();
    let mut formats = Vec::new();
    let mut within_cell_styles = false;
    loop {
        match xml.next()? {
            Piece::Open(tag) => match tag.name() {
                "numFmt" => {
                    let (mut id, mut format) = (None, NumberFormat::Number);
                    tag.attributes(|_, name, value| match name {
                        "numFmtId" => id = value.parse().ok(),
                        "formatCode" => format = NumberFormat::of_code(&value),
                        _ => {}
                    })?;
                    own.extend(id.map(|id| (id, format)));
                }
                "cellXfs" => within_cell_styles = true,
                "xf" if within_cell_styles => {
                    let mut id = 0;
                    tag.attributes(|_, name, value| {
                        if name == "numFmtId" {
                            id = value.parse().unwrap_or(0);
                        }
                    })?;
                    formats.push(own.get(&id).copied().unwrap_or_else(|| NumberFormat::built_in(id)));
                    if formats.len().max(own.len()) > STYLES_MAX {
                        return Err(WorkbookError::invalid(format!(
                            "the workbook has more than {STYLES_MAX} cell styles"
                        )));
                    }
                }
                _ => {}
            },
            Piece::Close(tag) if tag.name() == "cellXfs" => within_cell_styles = false,
            Piece::End => return Ok(formats),
            _ => {}
        }
    }
}
