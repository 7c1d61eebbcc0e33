//! The embedded store keeps the contract, from one orderly process to the next and after a crash.

mod harness;

use harness::SqliteHarness;

mod orderly {
    use super::SqliteHarness;

    refract_store::conformance_tests!(SqliteHarness::new());
}

mod after_a_crash {
    use super::SqliteHarness;

    refract_store::conformance_tests!(SqliteHarness::crashing());
}
