//! Instants and durations for people.

use std::time::Duration;

/// `12:03:04` of an RFC 3339 time stamp, UTC as in the journal.
pub fn clock(at: &str) -> &str {
    at.get(11..19).unwrap_or(at)
}

/// `2026-11-21 12:03:04` of an RFC 3339 time stamp.
pub fn date_and_clock(at: &str) -> String {
    at.get(..19).unwrap_or(at).replace('T', " ")
}

/// `40ms`, `4.1s`, `2m 05s`, `1h 02m`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 if length.as_millis() < 100 => format!("{}ms", length.as_millis()),
        0..60 => format!("{:.1}s", (length.as_secs_f64() * 10.0).floor() / 10.0),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The time between two RFC 3339 stamps in UTC; zero if one of them is not such a stamp or they are in the wrong order.
pub fn between(from: &str, to: &str) -> Duration {
    match (millis(from), millis(to)) {
        (Some(from), Some(to)) => Duration::from_millis(to.saturating_sub(from)),
        _ => Duration::ZERO,
    }
}

/// Milliseconds since 0000-03-01; only differences of it mean anything. The inverse of `regionctl_plan::rfc3339`.
fn millis(at: &str) -> Option<u64> {
    let number = |from: usize, to: usize| at.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let seconds = days * 86_400 + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(seconds * 1_000 + number(20, 23).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regionctl_plan::rfc3339;

    #[test]
    fn stamps_and_differences() {
        let at = |seconds: u64| rfc3339(Duration::from_secs(seconds));
        assert_eq!(clock(&at(3_661)), "01:01:01");
        assert_eq!(date_and_clock(&at(0)), "1970-01-01 00:00:00");
        for start in [0, 951_782_390, 1_767_225_590, 1_709_164_790] {
            assert_eq!(between(&at(start), &at(start + 86_411)), Duration::from_secs(86_411), "{start}");
        }
        assert_eq!(between(&at(5), &at(1)), Duration::ZERO);
        assert_eq!(between("soon", "later"), Duration::ZERO);
    }

    #[test]
    fn durations_are_short() {
        let shown =
            [0, 99, 100, 4_190, 59_999, 60_000, 125_000, 3_600_000, 90_061_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["0ms", "99ms", "0.1s", "4.1s", "59.9s", "1m 00s", "2m 05s", "1h 00m", "25h 01m"]);
    }
}
