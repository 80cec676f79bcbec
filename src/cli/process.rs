//! What this process used: time and memory.

use std::fs;

/// Processor seconds used so far by all threads; `None` where the system does not say.
pub fn cpu_s() -> Option<f64> {
    // Fields 14 and 15 of the line, counted after the name in brackets, which may hold spaces.
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    // Linux counts in hundredths of a second on every machine it runs on.
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The most memory that was in use at once, in bytes; `None` where the system does not say.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_says_what_was_used() {
        assert!(super::cpu_s().is_some_and(|s| (0.0..1e6).contains(&s)));
        assert!(super::peak_rss_bytes().is_some_and(|bytes| bytes > 1_000_000));
    }
}
