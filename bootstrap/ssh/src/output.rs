//! What a command left behind.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The result of a command or script that ran to its end, whatever its status.
#[derive(Debug, Clone)]
pub struct Output {
    /// Everything printed to standard output, in bytes as it came.
    pub stdout: Vec<u8>,
    /// Everything printed to standard error.
    pub stderr: Vec<u8>,
    /// The beginning of what the login shell printed before.
    pub noise: String,
    /// How it ended.
    pub end: End,
    /// From the request to the end.
    pub elapsed: Duration,
}

/// An exit status as a POSIX shell reports it: 128 + n for a process killed by signal n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End(pub u32);

impl End {
    /// The signal a shell means by this status, without `SIG`; a program may also exit with such a status by itself.
    pub fn signal(self) -> Option<&'static str> {
        SIGNALS.iter().find(|(number, _)| self.0 == 128 + number).map(|(_, name)| *name)
    }
}

const SIGNALS: &[(u32, &str)] = &[
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (10, "USR1"),
    (11, "SEGV"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
];

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signal() {
            Some(name) => write!(f, "exit status {}, as if killed by SIG{name}", self.0),
            None => write!(f, "exit status {}", self.0),
        }
    }
}

impl Output {
    /// Whether it exited with status 0.
    pub fn success(&self) -> bool {
        self.end == End(0)
    }

    /// Standard output as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    /// The last `lines` lines of standard error, or of standard output when that is empty: for messages.
    pub fn tail(&self, lines: usize) -> String {
        let of = if self.stderr.iter().all(u8::is_ascii_whitespace) { &self.stdout } else { &self.stderr };
        tail(of, lines)
    }
}

/// The last lines of some output, without blank lines, long ones shortened.
pub(crate) fn tail(bytes: &[u8], lines: usize) -> String {
    // Long output is not decoded as a whole only to throw most of it away.
    let from = bytes.len().saturating_sub(lines * 1024);
    let text = String::from_utf8_lossy(&bytes[from..]);
    let mut last: Vec<String> = text
        .lines()
        .rev()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .take(lines)
        .map(|l| l.chars().take(400).collect())
        .collect();
    last.reverse();
    last.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_prefers_standard_error() {
        let mut out = Output {
            stdout: b"a\nb\n".to_vec(),
            stderr: b"\n".to_vec(),
            noise: String::new(),
            end: End(1),
            elapsed: Duration::ZERO,
        };
        assert_eq!(out.tail(1), "b");
        out.stderr = b"one\n\ntwo\nthree".to_vec();
        assert_eq!(out.tail(2), "two\nthree");
        assert!(!out.success());
        assert_eq!(End(1).to_string(), "exit status 1");
        assert_eq!(End(137).to_string(), "exit status 137, as if killed by SIGKILL");
    }
}
