//! Tests of staged files: cuts, corruption, loss.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use refract_store::StoreError;

use super::*;

fn extent(from_row: u32, rows_max: usize, bytes_max: usize) -> Extent {
    Extent { from_row, rows_max, bytes_max }
}

const ROWS: u32 = 100;

fn row(index: u32) -> Vec<u8> {
    format!("{{\"default\":{{\"email\":\"{}@x.io\"}}}}", "a".repeat(index as usize % 7)).into_bytes()
}

/// Ten frames of ten rows.
fn staged(directory: &Path) -> (StagedRows, Uuid) {
    let staged = StagedRows::open(directory.join("staged"), Uuid::from_u128(1)).expect("staged rows");
    let upload = staged.begin();
    for frame in 0..10 {
        let mut chunk = RawChunk::starting_at(frame * 10);
        for place in 0..10 {
            chunk.push(&row(frame * 10 + place));
        }
        staged.append(upload, &chunk).expect("a frame");
    }
    assert_eq!(staged.sync(upload).expect("durable rows"), ROWS);
    staged.settle(upload);
    (staged, upload)
}

fn damage(staged: &StagedRows, upload: Uuid, offset: SeekFrom) {
    let mut file = OpenOptions::new().write(true).open(staged.path(upload)).expect("the file");
    file.seek(offset).expect("an offset");
    file.write_all(b"\xff\xfe").expect("damage");
}

#[test]
fn rows_are_read_from_anywhere_in_pieces_of_any_size() {
    let directory = tempfile::tempdir().expect("a directory");
    let (staged, upload) = staged(directory.path());
    for rows_max in [1, 3, 10, 11, 1_000] {
        let mut from_row = 0;
        while from_row < ROWS {
            let chunk = staged.read(upload, ROWS, extent(from_row, rows_max, usize::MAX)).expect("rows");
            assert_eq!(chunk.first_row, from_row);
            assert_eq!(chunk.len(), rows_max.min((ROWS - from_row) as usize));
            for (index, bytes) in (from_row..).zip(chunk.rows()) {
                assert_eq!(bytes, row(index));
            }
            from_row = chunk.end_row();
        }
        let end = staged.read(upload, ROWS, extent(ROWS, rows_max, usize::MAX)).expect("no rows");
        assert!(end.is_empty());
    }
}

#[test]
fn no_row_follows_once_the_bytes_are_reached_and_one_always_comes() {
    let directory = tempfile::tempdir().expect("a directory");
    let (staged, upload) = staged(directory.path());
    let one = staged.read(upload, ROWS, extent(55, 1_000, 0)).expect("rows");
    assert_eq!((one.first_row, one.len()), (55, 1));
    let two = staged.read(upload, ROWS, extent(55, 1_000, row(55).len() + 1)).expect("rows");
    assert_eq!(two.len(), 2);
    let exact = staged.read(upload, ROWS, extent(55, 1_000, row(55).len())).expect("rows");
    assert_eq!(exact.len(), 1);
}

#[test]
fn another_process_finds_the_frames_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let (first, upload) = staged(directory.path());
    drop(first);
    let reopened = StagedRows::open(directory.path().join("staged"), Uuid::from_u128(99)).expect("staged rows");
    assert_eq!(reopened.unwatched().expect("files"), [upload]);
    let chunk = reopened.read(upload, ROWS, extent(42, 5, usize::MAX)).expect("rows");
    assert_eq!(chunk.rows().next(), Some(&row(42)[..]));
}

#[test]
fn damage_is_found_where_it_is_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let (staged, upload) = staged(directory.path());
    damage(&staged, upload, SeekFrom::End(-4));
    staged.read(upload, ROWS, extent(0, 10, usize::MAX)).expect("sound rows");
    let failure = staged.read(upload, ROWS, extent(95, 1, usize::MAX)).expect_err("a failure");
    assert!(matches!(failure.0, StoreError::Corrupt(_)), "{failure:?}");
    damage(&staged, upload, SeekFrom::Start(0));
    staged.forget(upload);
    let failure = staged.read(upload, ROWS, extent(0, 1, usize::MAX)).expect_err("a failure");
    assert!(matches!(failure.0, StoreError::Corrupt(_)), "{failure:?}");
}

#[test]
fn a_short_file_a_wrong_total_and_a_missing_file_are_told_apart() {
    let directory = tempfile::tempdir().expect("a directory");
    let (staged, upload) = staged(directory.path());
    let failure = staged.read(upload, ROWS + 1, extent(0, 1, usize::MAX)).expect_err("a failure");
    assert!(matches!(failure.0, StoreError::Corrupt(_)), "{failure:?}");
    let path = staged.path(upload);
    let length = fs::metadata(&path).expect("the file").len();
    for cut in [length - 1, length / 2, 3] {
        OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(cut)).expect("a cut");
        let failure = staged.read(upload, ROWS, extent(0, 1, usize::MAX)).expect_err("a failure");
        assert!(matches!(failure.0, StoreError::Corrupt(_)), "{failure:?}");
    }
    staged.remove(upload);
    let failure = staged.read(upload, ROWS, extent(0, 1, usize::MAX)).expect_err("a failure");
    assert!(matches!(failure.0, StoreError::StagedRowsLost(_)), "{failure:?}");
}

#[test]
fn a_chunk_that_does_not_follow_is_refused_and_an_open_upload_is_not_swept() {
    let directory = tempfile::tempdir().expect("a directory");
    let staged = StagedRows::open(directory.path().join("staged"), Uuid::from_u128(1)).expect("staged rows");
    let upload = staged.begin();
    let mut chunk = RawChunk::starting_at(5);
    chunk.push(b"{}");
    assert!(staged.append(upload, &chunk).is_err());
    chunk.first_row = 0;
    staged.append(upload, &chunk).expect("a frame");
    assert!(staged.unwatched().expect("files").is_empty());
    staged.settle(upload);
    assert_eq!(staged.unwatched().expect("files"), [upload]);
    staged.remove(upload);
    assert!(staged.unwatched().expect("files").is_empty());
}

#[test]
fn an_upload_without_rows_leaves_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let staged = StagedRows::open(directory.path().join("staged"), Uuid::from_u128(1)).expect("staged rows");
    let upload = staged.begin();
    assert_eq!(staged.sync(upload).expect("no rows"), 0);
    staged.settle(upload);
    assert!(staged.unwatched().expect("files").is_empty());
}

#[test]
fn a_file_that_goes_while_somebody_looks_is_nobodys_find() {
    let directory = tempfile::tempdir().expect("a directory");
    let staged = StagedRows::open(directory.path().join("staged"), Uuid::from_u128(1)).expect("staged rows");
    for round in 0..20 {
        let uploads: Vec<Uuid> = (1..=200).map(|index| Uuid::from_u128(round * 1_000 + index)).collect();
        for upload in &uploads {
            std::fs::write(staged.path(*upload), b"").expect("a file");
            staged.doom(*upload);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| uploads.iter().for_each(|upload| staged.remove(*upload)));
            for _ in 0..40 {
                assert_eq!(staged.unwatched().expect("the folder"), Vec::<Uuid>::new());
            }
        });
    }
}
