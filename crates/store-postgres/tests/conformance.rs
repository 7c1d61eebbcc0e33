//! The PostgreSQL store keeps the contract, from one orderly process to the next, after a crash, and behind a pooler.

mod harness;

use harness::PostgresHarness;

mod orderly {
    use super::PostgresHarness;

    refract_store::conformance_tests!(PostgresHarness::new());
}

mod after_a_crash {
    use super::PostgresHarness;

    refract_store::conformance_tests!(PostgresHarness::crashing());
}

mod behind_a_pooler {
    use super::PostgresHarness;

    refract_store::conformance_tests!(PostgresHarness::pooled());
}
