//! How much memory a piece of code takes: a global allocator that counts for each thread, and can stop one that takes
//! too much. For benchmarks and fuzz targets, never for a worker.
//!
//! ```
//! use aqueduct_meter::{Meter, measure};
//!
//! #[global_allocator]
//! static METER: Meter = Meter;
//!
//! let (text, usage) = measure(|| "a".repeat(1000));
//! assert_eq!((text.len(), usage.allocations), (1000, 1));
//! ```
#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by its nature; this one hands every call on to the system's"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a count for each thread.
#[derive(Debug, Clone, Copy)]
pub struct Meter;

/// What a piece of code took on its own thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// How often it asked for memory, or for more of it.
    pub allocations: u64,
    /// How many bytes it asked for in all.
    pub bytes: u64,
    /// How many bytes it held at most, beyond what was held before.
    pub peak_bytes: u64,
}

/// What to do when a thread wants more than its limit. It gets the bytes that the thread would hold. It may allocate,
/// and must not return: there is no memory to return to.
pub type Exceeded = fn(u64) -> !;

#[derive(Clone, Copy)]
struct Counts {
    allocations: u64,
    bytes: u64,
    /// Below zero for a thread that frees what others took.
    live: i64,
    peak: i64,
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { allocations: 0, bytes: 0, live: 0, peak: 0 }) };
    static LIMIT: Cell<Option<(i64, Exceeded)>> = const { Cell::new(None) };
}

/// Runs code and tells what it took, [`Usage::default`] in a program that has no [`Meter`].
pub fn measure<T>(code: impl FnOnce() -> T) -> (T, Usage) {
    let before = COUNTS.get();
    COUNTS.set(Counts { peak: before.live, ..before });
    let result = code();
    let after = COUNTS.get();
    COUNTS.set(Counts { peak: after.peak.max(before.peak), ..after });
    let usage = Usage {
        allocations: after.allocations - before.allocations,
        bytes: after.bytes - before.bytes,
        peak_bytes: u64::try_from(after.peak - before.live).unwrap_or_default(),
    };
    (result, usage)
}

/// As [`measure`], for code that may hold so many bytes beyond what is held now.
pub fn measure_within<T>(bytes_max: u64, exceeded: Exceeded, code: impl FnOnce() -> T) -> (T, Usage) {
    let limit = COUNTS.get().live.saturating_add_unsigned(bytes_max);
    let outer = LIMIT.replace(Some((limit, exceeded)));
    let measured = measure(code);
    LIMIT.set(outer);
    measured
}

fn take(bytes: usize, returned: usize) {
    // A thread that is ending has no counts any more.
    let _ = COUNTS.try_with(|counts| {
        let mut now = counts.get();
        now.live += bytes as i64 - returned as i64;
        now.allocations += 1;
        now.bytes += bytes.saturating_sub(returned) as u64;
        now.peak = now.peak.max(now.live);
        counts.set(now);
        let exceeded = LIMIT.try_with(|limit| match limit.get() {
            Some((live_max, exceeded)) if now.live > live_max => {
                limit.set(None);
                Some(exceeded)
            }
            _ => None,
        });
        if let Ok(Some(exceeded)) = exceeded {
            exceeded(u64::try_from(now.live).unwrap_or_default());
        }
    });
}

fn give_back(bytes: usize) {
    let _ = COUNTS.try_with(|counts| {
        let now = counts.get();
        counts.set(Counts { live: now.live - bytes as i64, ..now });
    });
}

// SAFETY: every call goes to the system's allocator with the arguments it came with; the counts are plain numbers in
// thread-local cells that need no memory and no destructor.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size(), 0);
        // SAFETY: the caller's promise is the one that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[global_allocator]
    static METER: Meter = Meter;

    #[test]
    fn counts_what_code_takes_and_holds() {
        let (kept, usage) = measure(|| {
            drop(vec![0_u8; 5000]);
            vec![0_u8; 300]
        });
        assert_eq!(usage, Usage { allocations: 2, bytes: 5300, peak_bytes: 5000 });
        let ((), nothing) = measure(|| drop(kept));
        assert_eq!(nothing, Usage::default());
    }

    #[test]
    fn growth_counts_once_more() {
        let mut bytes = Vec::with_capacity(8_usize);
        let ((), usage) = measure(|| bytes.resize(16, 0_u8));
        assert_eq!(usage, Usage { allocations: 1, bytes: 8, peak_bytes: 8 });
    }

    #[test]
    fn inner_measurements_do_not_disturb_outer_ones() {
        let ((), outer) = measure(|| {
            drop(vec![0_u8; 700]);
            let ((), inner) = measure(|| drop(vec![0_u8; 20]));
            assert_eq!(inner.peak_bytes, 20);
        });
        assert_eq!((outer.allocations, outer.peak_bytes), (2, 700));
    }

    /// The limit is the end of a process, so the test runs itself again and looks how that ends.
    #[test]
    fn a_limit_stops_the_code_that_exceeds_it() {
        const CHILD: &str = "AQUEDUCT_METER_CHILD_BYTES";
        if let Ok(bytes) = std::env::var(CHILD) {
            let bytes = bytes.parse().expect("a number");
            measure_within(1000, |_| std::process::abort(), || drop(vec![0_u8; bytes]));
            return;
        }
        let survives = |bytes: &str| {
            let mut child = Command::new(std::env::current_exe().expect("this program"));
            child.args(["--exact", "tests::a_limit_stops_the_code_that_exceeds_it"]).env(CHILD, bytes);
            child.output().expect("it starts").status.success()
        };
        assert!(survives("900"));
        assert!(!survives("1001"));
    }
}
