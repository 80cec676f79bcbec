//! Numbers and times as people read them.

/// `1 task`, `7 tasks`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A word as a shell takes it, whatever is in it: in quotes where they are needed.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+%@".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
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

/// Bytes that a size stands for, such as `50GB`, `8G` or `512 MB`; `None` where it is none.
pub fn bytes_of(size: &str) -> Option<u64> {
    let size = size.trim();
    let at = size.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(size.len());
    let (number, unit) = size.split_at(at);
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1e0,
        "K" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        "T" | "TB" => 1e12,
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * factor) as u64)
}

/// Bytes as `512 MB` or `1.5 GB`.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes < 999.5e6 { format!("{:.0} MB", bytes / 1e6) } else { format!("{:.1} GB", bytes / 1e9) }
}

/// Seconds that something took: `0.4 s`, `12 s`, `3:05 min`, `1:02:10 h`.
pub fn took(seconds: f64) -> String {
    if seconds < 0.0995 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else {
        format!("{} {}", clock(seconds), if seconds < 3599.5 { "min" } else { "h" })
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
    fn a_shell_takes_words_as_they_are() {
        for (text, word) in
            [("a/b-1.ron", "a/b-1.ron"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''"), ("$x", "'$x'")]
        {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(number(300.0), "300");
        assert_eq!(number(0.05), "0.05");
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(30_000.0), "30\u{202f}000");
        assert_eq!(took(0.0421), "42 ms");
        assert_eq!(took(185.0), "3:05 min");
        assert_eq!((took(3599.4), took(7680.0)), ("59:59 min".into(), "2:08:00 h".into()));
        assert_eq!(clock(3730.0), "1:02:10");
        assert_eq!((size(512_000_000), size(1_540_000_000)), ("512 MB".into(), "1.5 GB".into()));
        for (text, bytes) in
            [("50GB", 50_000_000_000), ("8G", 8_000_000_000), ("1.5 mb", 1_500_000), ("7", 7)]
        {
            assert_eq!(bytes_of(text), Some(bytes), "{text}");
        }
        assert!(["", "GB", "many", "5 apples"].iter().all(|text| bytes_of(text).is_none()));
    }
}
