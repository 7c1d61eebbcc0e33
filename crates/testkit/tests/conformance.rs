//! The reference store keeps the contract it is the reference of.

use refract_testkit::MemoryHarness;

refract_store::conformance_tests!(MemoryHarness::default());
