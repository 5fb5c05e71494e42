//! Where a script's output begins and ends.
//!
//! A login shell may print before the script starts, and a connection may end before the script does. So the script's output
//! stands between two lines with a random word, and the second carries the script's exit status.

use crate::run::Flow;

/// How much is kept of what nobody asked for, in bytes.
const MAX_NOISE: usize = 1024;

/// Collects both streams of a framed script.
pub(crate) struct Frame {
    marker: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// Where the script's output starts in `stdout`, once the first marker was seen.
    start: Option<usize>,
    /// How far `stdout` has been looked at; after the start, a line's beginning.
    seen: usize,
    /// Up to here there is no newline after `seen`: a line may be long and come in small pieces.
    searched: usize,
    /// Where the script's output ends, and its status.
    end: Option<(usize, u32)>,
}

/// The script between its markers, as a program for `eval`.
///
/// With `tied`, its standard input is empty, and the end of the channel's input, which is how the far end sees that nobody
/// waits any more, stops it with SIGTERM. Else the channel's input is its own.
pub(crate) fn wrap(marker: &str, body: &str, tied: bool) -> String {
    let (before, after) = if tied { (TIE, UNTIE) } else { ("", "") };
    // The parentheses make the shell read all of the body before it runs any of it, so half a script never runs; they also
    // keep the body's `exit` and traps from skipping the second marker.
    format!(
        "{before}printf '\\n%s\\n' {marker}; printf '\\n%s\\n' {marker} >&2\n\
         (\n{body}\n)\n\
         _rc=$?\n{after}printf '\\n%s %s\\n' {marker} \"$_rc\"\n"
    )
}

// A background process' input is /dev/null unless it is taken from another descriptor. `kill 0` is the whole session.
const TIE: &str = "exec 9<&0\n(read -r _x; kill -TERM 0) <&9 >/dev/null 2>&1 9<&- &\n_tie=$!\nexec 9<&- </dev/null\n";
const UNTIE: &str = "{ kill \"$_tie\"; wait \"$_tie\"; } 2>/dev/null\n";

impl Frame {
    pub(crate) fn new(marker: String) -> Self {
        Self { marker, stdout: Vec::new(), stderr: Vec::new(), start: None, seen: 0, searched: 0, end: None }
    }

    /// More error output.
    pub(crate) fn err(&mut self, bytes: &[u8]) {
        self.stderr.extend_from_slice(bytes);
    }

    /// More standard output; complete lines of the script go to `on_line`.
    pub(crate) fn out(&mut self, bytes: &[u8], on_line: &mut (dyn FnMut(&str) + Send)) -> Flow {
        if self.end.is_some() {
            return Flow::Enough;
        }
        self.stdout.extend_from_slice(bytes);
        if self.start.is_none() {
            let begin = format!("\n{}\n", self.marker);
            let Some(at) = find(&self.stdout, begin.as_bytes(), self.seen.saturating_sub(begin.len())) else {
                self.seen = self.stdout.len();
                return Flow::More;
            };
            let start = at + begin.len();
            self.start = Some(start);
            self.seen = start;
        }
        self.take_lines(on_line)
    }

    fn take_lines(&mut self, on_line: &mut (dyn FnMut(&str) + Send)) -> Flow {
        let prefix = format!("{} ", self.marker);
        // `seen` is always the start of a line, and all before it was handed out.
        loop {
            let from = self.searched.max(self.seen);
            let Some(offset) = self.stdout[from..].iter().position(|b| *b == b'\n') else {
                self.searched = self.stdout.len();
                return Flow::More;
            };
            let rest = &self.stdout[self.seen..];
            let length = from - self.seen + offset;
            let (line, after) = (&rest[..length], &rest[length + 1..]);
            if let Some(status) = line.strip_prefix(prefix.as_bytes()).and_then(number) {
                // The newline before the end marker is ours.
                self.end = Some((self.seen - 1, status));
                return Flow::Enough;
            }
            if length == 0 && after.len() < prefix.len() && prefix.as_bytes().starts_with(after) {
                // An empty line of the script, or the newline before the end marker.
                return Flow::More;
            }
            if length > 0 || !after.starts_with(prefix.as_bytes()) {
                on_line(&String::from_utf8_lossy(line));
            }
            self.seen += length + 1;
        }
    }

    /// Whether the first marker was seen: the shell is there and runs our program.
    pub(crate) fn begun(&self) -> bool {
        self.start.is_some()
    }

    /// The script's exit status, if its end was seen.
    pub(crate) fn status(&self) -> Option<u32> {
        self.end.map(|(_, status)| status)
    }

    /// The beginning of what was printed before the first marker, by a start-up file of the login shell.
    pub(crate) fn noise(&self) -> String {
        let begin = self.marker.len() + 2;
        let noise = self.stdout.get(..self.start.unwrap_or_default().saturating_sub(begin)).unwrap_or_default();
        String::from_utf8_lossy(&noise[..noise.len().min(MAX_NOISE)]).into_owned()
    }

    /// Both streams without markers and without what came before them.
    pub(crate) fn into_output(mut self) -> (Vec<u8>, Vec<u8>) {
        let begin = format!("\n{}\n", self.marker);
        if let Some((end, _)) = self.end {
            self.stdout.truncate(end);
        }
        if let Some(start) = self.start {
            self.stdout.drain(..start);
        }
        if let Some(at) = find(&self.stderr, begin.as_bytes(), 0) {
            self.stderr.drain(..at + begin.len());
        }
        (self.stdout, self.stderr)
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    while let Some(offset) = haystack.get(at..)?.iter().position(|b| *b == first) {
        at += offset;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const M: &str = "0123456789abcdef";

    fn parse(stream: &[u8], size: usize) -> (Option<u32>, Vec<u8>, Vec<String>) {
        let mut frame = Frame::new(M.into());
        let mut lines = Vec::new();
        for chunk in stream.chunks(size) {
            frame.out(chunk, &mut |l| lines.push(l.to_owned()));
        }
        let status = frame.status();
        (status, frame.into_output().0, lines)
    }

    #[test]
    fn any_split_gives_the_same_result() {
        for body in ["", "one", "one\n", "one\n\n", "\n", "a\n\nb\nc", "\n\n\n", "0123456789abcdefX\n0123456789abcdef \n"] {
            for garbage in ["", "Welcome!\nnews\n", "no newline", "0123456789abcdef"] {
                let stream = format!("{garbage}\n{M}\n{body}\n{M} 17\n");
                let want: Vec<&str> = body.lines().collect();
                for size in 1..=stream.len() {
                    let (status, out, lines) = parse(stream.as_bytes(), size);
                    assert_eq!(status, Some(17), "{stream:?} by {size}");
                    assert_eq!(String::from_utf8(out).unwrap(), body, "{stream:?} by {size}");
                    assert_eq!(lines, want, "{stream:?} by {size}");
                    let mut frame = Frame::new(M.into());
                    stream.as_bytes().chunks(size).for_each(|chunk| {
                        let _ = frame.out(chunk, &mut |_| ());
                    });
                    assert_eq!(frame.noise(), garbage, "{stream:?} by {size}");
                }
            }
        }
    }

    #[test]
    fn a_cut_is_noticed_wherever_it_is() {
        let stream = format!("hello\n{M}\none\ntwo\n\n{M} 0\n");
        for length in 0..stream.len() {
            assert_eq!(parse(&stream.as_bytes()[..length], 7).0, None, "cut at {length}");
        }
        assert_eq!(parse(stream.as_bytes(), 7).0, Some(0));
    }

    #[test]
    fn a_real_shell_frames_a_script() {
        for shell in ["sh", "bash"] {
            for (body, status, out) in [
                ("echo a; echo b >&2", 0, "a\n"),
                ("exit 3", 3, ""),
                ("cat; echo done", 0, "done\n"),
                ("trap 'echo trapped' EXIT; echo x", 0, "x\ntrapped\n"),
                ("cat <<'E'\nit's $HOME\nE", 0, "it's $HOME\n"),
                ("printf 'no newline'", 0, "no newline"),
                ("set -e; false; echo never", 1, ""),
                ("# only a comment\n:", 0, ""),
            ] {
                let mut child = Command::new(shell)
                    .args(["-c", &wrap(M, body, true)])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                // Held open: its end would stop the script.
                let tie = child.stdin.take();
                let run = child.wait_with_output().unwrap();
                drop(tie);
                let mut frame = Frame::new(M.into());
                frame.out(&run.stdout, &mut |_| ());
                frame.err(&run.stderr);
                assert_eq!(frame.status(), Some(status), "{shell} {body}");
                let (stdout, stderr) = frame.into_output();
                assert_eq!(String::from_utf8(stdout).unwrap(), out, "{shell} {body}");
                assert_eq!(String::from_utf8(stderr).unwrap(), if body.contains(">&2") { "b\n" } else { "" }, "{shell} {body}");
            }
        }
    }
}
