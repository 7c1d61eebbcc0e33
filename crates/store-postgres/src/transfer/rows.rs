//! Rows of another store in the binary form of COPY, and rows of this one as they were moved.
//!
//! Owns what is written differently here: teams have numbers, staged rows are compressed, a keyed property is ready.

use std::collections::HashMap;

use bytes::{BufMut, Bytes, BytesMut};
use refract_store::transfer::{Cell, Column, Form, Kind, Row};
use tokio_postgres::Row as StoredRow;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::error::{Failure, Outcome};
use crate::staged::{Piece, decode_raw, encode_raw};

/// "PGCOPY", a text that no careless conversion leaves whole, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Stands where a row's number of columns would: the end.
const TRAILER: i16 = -1;

/// Stands where the length of a value would: there is none.
const NULL: i32 = -1;

/// Bytes of one piece.
const PIECE_BYTES: usize = 256 * 1024;

/// Columns of a kind that its own table has not: they are written by other statements.
const fn is_elsewhere(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Team => matches!(name.as_bytes(), b"schema_version"),
        Kind::List => matches!(name.as_bytes(), b"members"),
        _ => false,
    }
}

/// The statement that takes rows of this kind. Its columns are those of the kind, so it is no file.
pub(super) fn copy_statement(kind: Kind) -> String {
    let mut columns = Vec::new();
    for column in kind.columns().iter().filter(|column| !is_elsewhere(kind, column.name)) {
        columns.extend_from_slice(match column.name {
            "team" => &["team_no"],
            "raw" => &["raw_bytes", "checksum", "block"],
            "values" => &["\"values\""],
            ref name => std::slice::from_ref(name),
        });
    }
    if kind == Kind::KeyedProperty {
        columns.push("state");
    }
    format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table(kind), columns.join(", "))
}

const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Team => "team",
        Kind::ApiKey => "api_key",
        Kind::List => "list",
        Kind::Property => "property",
        Kind::PropertyOption => "property_option",
        Kind::KeyedProperty => "keyed_property",
        Kind::Record => "record",
        Kind::ListEntry => "list_entry",
        Kind::View => "saved_view",
        Kind::Job => "job",
        Kind::JobOutcome => "job_outcome",
        Kind::JobImage => "job_image",
        Kind::StagedRows => "staged_chunk",
        Kind::IdempotencyKey => "idempotency_key",
    }
}

/// What [`copy_statement`] takes: the rows, whose teams have these numbers.
pub(super) fn encode(kind: Kind, rows: &[Row], team_numbers: &HashMap<Uuid, i64>) -> Outcome<Vec<Bytes>> {
    let columns = kind.columns();
    let fields = columns.iter().filter(|column| !is_elsewhere(kind, column.name)).count()
        + match kind {
            Kind::StagedRows => 2,
            Kind::KeyedProperty => 1,
            _ => 0,
        };
    let fields = i16::try_from(fields).map_err(|_| Failure::internal("too many columns"))?;
    let mut pieces = Vec::new();
    let mut piece = BytesMut::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
    piece.put_slice(HEADER);
    for row in rows {
        piece.put_i16(fields);
        for (column, cell) in columns.iter().zip(row).filter(|(column, _)| !is_elsewhere(kind, column.name)) {
            match (column.name, cell) {
                ("team", Cell::Id(team)) => {
                    let number = team_numbers.get(team).ok_or_else(|| Failure::internal(format!("no team {team}")))?;
                    put_field(&mut piece, &number.to_be_bytes());
                }
                ("raw", Cell::Bytes(raw)) => put_staged(&mut piece, row, raw)?,
                _ => put_cell(&mut piece, column, cell)?,
            }
        }
        if kind == Kind::KeyedProperty {
            put_field(&mut piece, b"ready");
        }
        if piece.len() >= PIECE_BYTES {
            pieces.push(piece.split().freeze());
        }
    }
    piece.put_i16(TRAILER);
    pieces.push(piece.freeze());
    Ok(pieces)
}

fn put_staged(bytes: &mut BytesMut, row: &Row, raw: &[u8]) -> Outcome<()> {
    let piece =
        encode_raw(number_in(Kind::StagedRows, row, "first_row")?, number_in(Kind::StagedRows, row, "rows")?, raw);
    let raw_bytes = i64::try_from(piece.raw_bytes).map_err(|_| Failure::internal("a piece beyond all sizes"))?;
    put_field(bytes, &raw_bytes.to_be_bytes());
    put_field(bytes, &i64::from(piece.checksum).to_be_bytes());
    put_field(bytes, &piece.block);
    Ok(())
}

/// A number of a row that has it.
pub(super) fn number_in<T: TryFrom<i64>>(kind: Kind, row: &Row, name: &str) -> Outcome<T> {
    let misfit = || Failure::corrupt(format!("{}: no {name}", kind.name()));
    match kind.place(name).and_then(|place| row.get(place)) {
        Some(Cell::Number(number)) => T::try_from(*number).map_err(|_| misfit()),
        _ => Err(misfit()),
    }
}

/// An id of a row that has it.
pub(super) fn id_in(kind: Kind, row: &Row, name: &str) -> Outcome<Uuid> {
    match kind.place(name).and_then(|place| row.get(place)) {
        Some(Cell::Id(id)) => Ok(*id),
        _ => Err(Failure::corrupt(format!("{}: no {name}", kind.name()))),
    }
}

fn put_cell(bytes: &mut BytesMut, column: &Column, cell: &Cell) -> Outcome<()> {
    let misfit = || Failure::corrupt(format!("column {}: not what it must be", column.name));
    match (cell, column.form) {
        (Cell::Null, _) => bytes.put_i32(NULL),
        (Cell::Id(id), Form::Id) => put_field(bytes, id.as_bytes()),
        (Cell::Flag(flag), Form::Flag) => put_field(bytes, &[u8::from(*flag)]),
        (Cell::Number(number), Form::Small) => {
            put_field(bytes, &i16::try_from(*number).map_err(|_| misfit())?.to_be_bytes());
        }
        (Cell::Number(number), Form::Medium) => {
            put_field(bytes, &i32::try_from(*number).map_err(|_| misfit())?.to_be_bytes());
        }
        (Cell::Number(number), Form::Large) => put_field(bytes, &number.to_be_bytes()),
        (Cell::Text(text), Form::Text) => put_field(bytes, text.as_bytes()),
        (Cell::Bytes(content), Form::Bytes) => put_field(bytes, content),
        _ => return Err(misfit()),
    }
    Ok(())
}

fn put_field(bytes: &mut BytesMut, field: &[u8]) {
    bytes.put_i32(i32::try_from(field.len()).unwrap_or(i32::MAX));
    bytes.put_slice(field);
}

/// A row of copy_*.sql as it was moved.
pub(super) fn cells(kind: Kind, stored: &StoredRow) -> Outcome<Row> {
    let mut cells = Vec::with_capacity(kind.columns().len());
    for (place, column) in kind.columns().iter().enumerate() {
        if (kind, column.name) == (Kind::StagedRows, "raw") {
            cells.push(Cell::Bytes(decode_raw(&piece(stored, place)?)?));
            continue;
        }
        cells.push(match column.form {
            Form::Id => cell(stored, place, Cell::Id)?,
            Form::Flag => cell(stored, place, Cell::Flag)?,
            Form::Small => cell(stored, place, |number: i16| Cell::Number(number.into()))?,
            Form::Medium => cell(stored, place, |number: i32| Cell::Number(number.into()))?,
            Form::Large => cell(stored, place, Cell::Number)?,
            Form::Text => cell(stored, place, Cell::Text)?,
            Form::Bytes => cell(stored, place, Cell::Bytes)?,
        });
    }
    Ok(cells)
}

/// Rows of staged rows end in what a piece is made of, from its first row two places before `place` on.
fn piece(stored: &StoredRow, place: usize) -> Outcome<Piece> {
    Ok(Piece {
        first_row: value::<i32>(stored, place - 2)?.unsigned_abs(),
        rows: value::<i32>(stored, place - 1)?.unsigned_abs(),
        raw_bytes: usize::try_from(value::<i64>(stored, place)?).map_err(|_| Failure::corrupt("raw_bytes"))?,
        checksum: u32::try_from(value::<i64>(stored, place + 1)?).map_err(|_| Failure::corrupt("checksum"))?,
        block: value(stored, place + 2)?,
    })
}

fn cell<'a, T: FromSql<'a>>(stored: &'a StoredRow, place: usize, form: impl Fn(T) -> Cell) -> Outcome<Cell> {
    Ok(value::<Option<T>>(stored, place)?.map_or(Cell::Null, form))
}

fn value<'a, T: FromSql<'a>>(stored: &'a StoredRow, place: usize) -> Outcome<T> {
    stored.try_get(place).map_err(|error| Failure::corrupt(format!("column {place}: {error}")))
}
