//! New records in the binary form of COPY. Every record of a chunk shares all but its id and body, so a row is one
//! constant beginning and two fields.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use refract_domain::import::plan::{ChunkPlan, Insert};
use refract_domain::import::row::JudgedChunk;

use super::Rows;
use crate::schema::type_number;

/// "PGCOPY", a text that no careless conversion leaves whole, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Stands where a row's number of columns would: the end.
const TRAILER: i16 = -1;

/// Columns of `write_record.sql`.
const COLUMNS: i16 = 7;

/// Bytes of one piece: large enough to be few, small enough that a chunk is never in memory twice.
const PIECE_BYTES: usize = 256 * 1024;

/// The plan's new records in pieces.
pub(super) struct CopyPieces<'a> {
    plan: &'a ChunkPlan,
    judged: &'a JudgedChunk,
    /// Which inserts come in which order: by id, so that two imports that bring the same ids wait in one direction.
    order: Option<Vec<usize>>,
    beginning: Vec<u8>,
    left: Range<usize>,
    ended: bool,
}

impl<'a> CopyPieces<'a> {
    /// The new records of this plan.
    pub(super) fn new(rows: &Rows<'a>, plan: &'a ChunkPlan) -> Self {
        let ascending = plan.inserts.is_sorted_by(|one, next| one.id < next.id);
        let order = (!ascending).then(|| {
            let mut order: Vec<usize> = (0..plan.inserts.len()).collect();
            order.sort_by_key(|place| plan.inserts.get(*place).map(|insert| insert.id));
            order
        });
        let left = 0..plan.inserts.len();
        Self { plan, judged: rows.judged, order, beginning: beginning(rows), left, ended: false }
    }

    fn insert(&self, place: usize) -> Option<&'a Insert> {
        let place = self.order.as_ref().map_or(Some(place), |order| order.get(place).copied())?;
        self.plan.inserts.get(place)
    }
}

impl Iterator for CopyPieces<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut piece = BytesMut::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        if self.left.start == 0 {
            piece.put_slice(HEADER);
        }
        while piece.len() < PIECE_BYTES {
            let Some(insert) = self.left.next().and_then(|place| self.insert(place)) else {
                piece.put_i16(TRAILER);
                self.ended = true;
                break;
            };
            piece.put_slice(&self.beginning);
            put_field(&mut piece, insert.id.as_bytes());
            put_field(&mut piece, self.plan.body(insert, self.judged).as_bytes());
        }
        Some(piece.freeze())
    }
}

/// Number of columns, team, type, version, both instants.
fn beginning(rows: &Rows<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.put_i16(COLUMNS);
    put_field(&mut bytes, &rows.team_no.to_be_bytes());
    put_field(&mut bytes, &type_number(rows.object_type()).to_be_bytes());
    put_field(&mut bytes, &1_i64.to_be_bytes());
    put_field(&mut bytes, &rows.now.0.to_be_bytes());
    put_field(&mut bytes, &rows.now.0.to_be_bytes());
    bytes
}

fn put_field(bytes: &mut impl BufMut, field: &[u8]) {
    bytes.put_i32(i32::try_from(field.len()).unwrap_or(i32::MAX));
    bytes.put_slice(field);
}
