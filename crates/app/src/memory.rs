//! Gives memory that was freed back to the system. Owns the one call into the C library that does so.
//!
//! The allocator keeps what a large import freed, for the next one: up to a hundred megabytes of pages scattered over its
//! arenas. An operator sees a server that does nothing and holds them.

/// Gives freed pages back. Takes milliseconds and blocks allocations meanwhile, so it is for idle moments.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "the C library offers no other way")]
pub(crate) fn give_back() {
    // SAFETY: `malloc_trim` takes no pointer, may be called from any thread at any time, and leaves memory in use alone.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give memory back by themselves, or offer no way to ask.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}
