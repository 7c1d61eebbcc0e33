//! The laws of imports, on the reference store.

use proptest::prelude::*;
use refract_testkit::strategies::{config, import};
use refract_testkit::{MemoryHarness, block_on, differential, laws};

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn splitting_changes_nothing(before in import(8), drawn in import(20), chunk_rows in 1..7_usize) {
        block_on(laws::splitting_changes_nothing(&MemoryHarness::default(), &before, &drawn, chunk_rows));
    }

    #[test]
    fn interruptions_change_nothing(
        before in import(6),
        drawn in import(16),
        chunk_rows in 1..5_usize,
        interruptions in prop::collection::vec(laws::interruption(), 0..12),
    ) {
        let harness = MemoryHarness::default();
        block_on(laws::interruptions_change_nothing(&harness, &before, &drawn, chunk_rows, &interruptions));
    }

    #[test]
    fn an_undo_takes_back_all_but_edits(
        before in import(8),
        drawn in import(20),
        chunk_rows in 1..6_usize,
        edited_rows in prop::collection::vec(0..20_usize, 0..4),
    ) {
        let harness = MemoryHarness::default();
        block_on(laws::an_undo_takes_back_all_but_edits(&harness, &before, &drawn, chunk_rows, &edited_rows));
    }

    /// The comparison itself must not trip over what it draws: a store is the same as itself.
    #[test]
    fn a_store_is_the_same_as_itself(operations in differential::operations(40)) {
        block_on(differential::compare(&MemoryHarness::default(), &MemoryHarness::default(), &operations));
    }
}
