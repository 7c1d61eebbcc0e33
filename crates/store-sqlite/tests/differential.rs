//! The embedded store answers as the naive reference does, whatever is asked of it, and keeps the laws of imports.
//!
//! A failure shows the seed and the shortest list of operations that tells the two apart. `PROPTEST_CASES` sets how many
//! lists are drawn.

mod harness;

use harness::SqliteHarness;
use proptest::prelude::*;
use refract_testkit::strategies::{config, import};
use refract_testkit::{MemoryHarness, block_on, differential, laws};

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn the_embedded_store_answers_as_the_reference_does(operations in differential::operations(40)) {
        block_on(differential::compare(&MemoryHarness::default(), &SqliteHarness::new(), &operations));
    }

    #[test]
    fn splitting_changes_nothing(before in import(8), drawn in import(20), chunk_rows in 1..7_usize) {
        block_on(laws::splitting_changes_nothing(&SqliteHarness::new(), &before, &drawn, chunk_rows));
    }

    #[test]
    fn interruptions_change_nothing(
        before in import(6),
        drawn in import(16),
        chunk_rows in 1..5_usize,
        interruptions in prop::collection::vec(laws::interruption(), 0..12),
    ) {
        block_on(laws::interruptions_change_nothing(&SqliteHarness::new(), &before, &drawn, chunk_rows, &interruptions));
    }
}

#[test]
fn the_embedded_store_finds_what_the_reference_finds() {
    use differential::queries::{compare, questions, seed};
    block_on(compare(&MemoryHarness::default(), &SqliteHarness::new(), seed(), questions()));
}
