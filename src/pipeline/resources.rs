//! What a task costs and where it ran, as the system tells.

use super::store::lock;
use std::{collections::BTreeMap, fs, sync::Mutex, time::SystemTime};

/// CPU seconds of this process so far, its threads and the programs it ran to their end together; `None` where the system
/// does not tell.
pub fn process_cpu_s() -> Option<f64> {
    // Times are in ticks of 10 ms on every Linux; the second field may hold spaces and ends with `)`.
    const TICKS_PER_S: f64 = 100.0;
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    // User and system, of its own and of programs that ended.
    let ticks = fields.by_ref().take(4).map(|field| field.parse::<f64>().ok()).sum::<Option<f64>>()?;
    Some(ticks / TICKS_PER_S)
}

/// The most memory this process has held, in bytes.
pub fn peak_rss_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Memory that the processes of a group hold together, in bytes; `None` where the system does not tell.
pub fn group_rss_bytes(group: u32) -> Option<u64> {
    const PAGE: u64 = 4096;
    let of_group = |folder: fs::DirEntry| {
        let text = fs::read_to_string(folder.path().join("stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // State, parent, group, … resident pages.
        (fields.get(2)?.parse() == Ok(group)).then(|| fields.get(21)?.parse::<u64>().ok()).flatten()
    };
    let pages: Vec<u64> = fs::read_dir("/proc").ok()?.flatten().filter_map(of_group).collect();
    (!pages.is_empty()).then(|| pages.iter().sum::<u64>() * PAGE)
}

/// Memory this process may use, in bytes: that of the machine, or less where its control group has a limit.
pub fn memory_limit() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total = line.split_whitespace().next()?.parse::<u64>().ok()? * 1024;
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = groups.iter().find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    Some(limit.map_or(total, |limit| limit.min(total)))
}

/// Name of this machine, empty where unknown.
pub(super) fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
    name.unwrap_or_default().trim().to_owned()
}

/// The time now as `2026-03-01T12:00:00Z`.
pub fn now_utc() -> String {
    utc(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs()))
}

/// A time, in seconds since the beginning of 1970, as `2026-03-01T12:00:00Z`.
pub fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut day) = (1970, days);
    let is_leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
}

/// Shares the CPU time of the process between the tasks that run: evenly while several do.
#[derive(Default)]
pub(super) struct CpuMeter(Mutex<Running>);

#[derive(Default)]
struct Running {
    last_s: f64,
    /// CPU seconds of each running task, by a number of its own.
    tasks: BTreeMap<u64, f64>,
    next: u64,
}

impl Running {
    fn tick(&mut self) {
        let now_s = process_cpu_s().unwrap_or(0.0);
        let share = (now_s - self.last_s) / self.tasks.len().max(1) as f64;
        self.tasks.values_mut().for_each(|s| *s += share);
        self.last_s = now_s;
    }
}

impl CpuMeter {
    pub(super) fn begin(&self) -> u64 {
        let mut running = lock(&self.0);
        running.tick();
        running.next += 1;
        let id = running.next;
        running.tasks.insert(id, 0.0);
        id
    }

    /// CPU seconds of the task since it began.
    pub(super) fn end(&self, id: u64) -> f64 {
        let mut running = lock(&self.0);
        running.tick();
        running.tasks.remove(&id).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells() {
        assert_eq!(now_utc().len(), 20);
        assert!(now_utc().as_str() > "2024-01-01T00:00:00Z");
        if cfg!(target_os = "linux") {
            assert!(process_cpu_s().is_some() && peak_rss_bytes().is_some_and(|b| b > 1 << 20));
        }
    }
}
