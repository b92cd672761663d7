//! Gives freed memory back before a trial, so that its growth is its own.
#![expect(unsafe_code, reason = "malloc_trim is the only way to ask glibc for it")]

/// Returns free heap to the system where the C library can.
///
/// Without it the second trial of a run would reuse what the first one left resident, and its
/// memory per connection would read as zero.
pub(crate) fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim(3) takes a number, is safe to call from any thread, and frees only what
    // the allocator does not use.
    unsafe {
        libc::malloc_trim(0);
    }
}
