//! What a process has used, from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::wait;

/// Linux counts CPU time for user space in hundredths of a second, whatever the kernel's own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of CPU time, user and system, of all threads since the process began.
pub(super) fn cpu_s(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    ticks(&text).map(|ticks| ticks / TICKS_PER_SECOND).with_context(|| format!("{path} has another form"))
}

/// Memory in kB, by its name in `/proc/PID/status`: `VmRSS` (resident now) or `VmHWM` (the most there ever was).
pub(super) fn memory_kb(pid: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    field_kb(&text, name).with_context(|| format!("{path} has no {name}"))
}

/// Resident memory in kB once it has come to rest: two readings, two seconds apart, that differ by less than a
/// hundredth. After 30 s without rest, the last reading.
pub(super) fn resting_rss_kb(pid: u32) -> Result<u64> {
    let mut last = 0;
    let resting = wait::poll(Duration::from_secs(30), Duration::from_secs(2), || {
        let now = memory_kb(pid, "VmRSS")?;
        let rest = now.abs_diff(last) < now / 100;
        last = now;
        Ok(rest.then_some(now))
    })?;
    Ok(resting.unwrap_or(last))
}

/// Fields 14 and 15. The command, field 2, is in parentheses and may hold anything, so counting starts behind it.
fn ticks(stat: &str) -> Option<f64> {
    let rest = stat.rsplit_once(") ")?.1;
    let mut fields = rest.split(' ').skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn field_kb(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 2551 0 0 0 150 25 0 0 20 0 1 0 3 4 5";
        assert_eq!(ticks(stat), Some(175.0));
        assert_eq!(ticks("7 (a) S 1"), None);
        let status = "Name:\tx\nVmHWM:\t  5120 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(field_kb(status, "VmHWM"), Some(5120));
        assert_eq!(field_kb(status, "VmRSS"), Some(1024));
        assert_eq!(field_kb(status, "Vm"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        let own = std::process::id();
        assert!(cpu_s(own).unwrap() >= 0.0);
        assert!(memory_kb(own, "VmHWM").unwrap() >= memory_kb(own, "VmRSS").unwrap() / 2);
    }
}
