//! `load_chunk`: staged rows come back as they were sent, cut as was asked.

use refract_domain::import::job::JobSpec;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType;

use super::Harness;
use super::fixture::{World, bytes_chunk_of};
use crate::Answered;

/// A job of these raw rows, staged in chunks of `chunk_rows`.
async fn staged(world: &World, raw_rows: &[Vec<u8>], chunk_rows: usize) -> JobSpec {
    let upload = world.store.begin(&world.caller).await.unwrap();
    let mut first_row = 0;
    for rows in raw_rows.chunks(chunk_rows) {
        let chunk = bytes_chunk_of(first_row, rows);
        first_row = chunk.end_row();
        world.store.stage_chunk(&upload, chunk).await.unwrap();
    }
    let command = world.admit_command(ObjectType::Contact, &ImportOptions::default(), upload);
    match world.store.admit(command).await.unwrap() {
        Answered::Fresh(spec) => spec,
        other => panic!("{other:?}"),
    }
}

async fn load(world: &World, spec: &JobSpec, from_row: u32, rows_max: usize, bytes_max: usize) -> RawChunk {
    let chunk = world.store.load_chunk(spec, from_row, rows_max, bytes_max).await.unwrap();
    assert_eq!(chunk.first_row, from_row);
    assert!(chunk.len() <= rows_max);
    chunk
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("\"row {number:04}\"").into_bytes()).collect()
}

/// Rows are bytes to the store: spaces, empty rows, and what is no UTF-8 come back.
pub async fn rows_come_back_byte_for_byte(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let long = [b"\"".as_slice(), &vec![b'x'; 300_000], b"\""].concat();
    let rows = [b"{ \"a\" :1}".to_vec(), Vec::new(), vec![0xff, 0, 0xc3], b"[\n]".to_vec(), long, b"null".to_vec()];
    let spec = staged(&world, &rows, 4).await;
    assert_eq!(spec.total, 6);
    let mut read = Vec::new();
    while read.len() < rows.len() {
        let from_row = u32::try_from(read.len()).unwrap();
        let chunk = load(&world, &spec, from_row, 100, usize::MAX).await;
        assert!(!chunk.is_empty());
        read.extend(chunk.rows().map(<[u8]>::to_vec));
    }
    assert_eq!(read, rows);
}

/// At most `rows_max` rows come.
pub async fn rows_max_cuts(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = numbered(25);
    let spec = staged(&world, &rows, 25).await;
    assert_eq!(load(&world, &spec, 0, 10, usize::MAX).await, bytes_chunk_of(0, &rows[..10]));
    assert_eq!(load(&world, &spec, 10, 10, usize::MAX).await, bytes_chunk_of(10, &rows[10..20]));
    assert_eq!(load(&world, &spec, 20, 10, usize::MAX).await, bytes_chunk_of(20, &rows[20..]));
    assert_eq!(load(&world, &spec, 20, 1, usize::MAX).await, bytes_chunk_of(20, &rows[20..21]));
}

/// No row follows once `bytes_max` is reached, but one row always comes.
pub async fn bytes_max_cuts_but_never_below_one_row(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = vec![vec![b'1'; 100]; 10];
    let spec = staged(&world, &rows, 3).await;
    assert_eq!(load(&world, &spec, 0, 100, 0).await.len(), 1);
    assert_eq!(load(&world, &spec, 0, 100, 1).await.len(), 1);
    assert_eq!(load(&world, &spec, 4, 100, 100).await.len(), 1);
    for bytes_max in [150, 250, 550] {
        let chunk = load(&world, &spec, 0, 100, bytes_max).await;
        let without_last = chunk.bytes.len() - 100;
        assert!(!chunk.is_empty() && without_last < bytes_max, "{} rows for {bytes_max} bytes", chunk.len());
    }
}

/// Reading starts at any row, as after a takeover.
pub async fn any_row_can_be_the_first(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = numbered(40);
    let spec = staged(&world, &rows, 7).await;
    for from_row in 0..40_u32 {
        let chunk = load(&world, &spec, from_row, 3, usize::MAX).await;
        let start = from_row as usize;
        assert!(!chunk.is_empty());
        assert_eq!(chunk, bytes_chunk_of(from_row, &rows[start..start + chunk.len()]));
    }
}

/// At the total there is nothing more, and that is no error.
pub async fn nothing_is_left_at_the_total(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = staged(&world, &numbered(3), 3).await;
    assert!(load(&world, &spec, 3, 10, usize::MAX).await.is_empty());
    let empty = staged(&world, &[], 1).await;
    assert!(load(&world, &empty, 0, 10, usize::MAX).await.is_empty());
}

/// How rows were staged does not show: a full chunk is full whatever the pieces were.
pub async fn a_chunk_may_span_what_was_staged_apart(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = numbered(50);
    for staged_rows in [1, 7, 50] {
        let spec = staged(&world, &rows, staged_rows).await;
        let mut read = Vec::new();
        while read.len() < rows.len() {
            let from_row = u32::try_from(read.len()).unwrap();
            let chunk = load(&world, &spec, from_row, 20, usize::MAX).await;
            assert!(!chunk.is_empty(), "at least one row");
            read.extend(chunk.rows().map(<[u8]>::to_vec));
        }
        assert_eq!(read, rows, "staged in chunks of {staged_rows}");
    }
}
