//! Numbers and times as people read them.

/// `1 task`, `7 tasks`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A number with the digits it needs: up to six significant ones, thin spaces from 10 000 on.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    if value.abs() < 10_000.0 {
        return text;
    }
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
    let grouped = group(whole);
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

/// Digits in groups of three.
fn group(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let mut grouped = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Seconds that something took: `0.4 s`, `12 s`, `3:05 min`.
pub fn took(seconds: f64) -> String {
    if seconds < 0.0995 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else {
        format!("{} min", clock(seconds))
    }
}

/// Seconds as `0:32` or `1:02:10`.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(number(300.0), "300");
        assert_eq!(number(0.05), "0.05");
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(30_000.0), "30\u{202f}000");
        assert_eq!(took(0.0421), "42 ms");
        assert_eq!(took(185.0), "3:05 min");
        assert_eq!(clock(3730.0), "1:02:10");
    }
}
