//! Becoming root, and noticing that we may not.

use crate::output::{End, tail};

/// The command that starts a POSIX shell which reads a program of `bytes` bytes from standard input, and leaves the rest there.
///
/// The login shell only sees words without quoting rules of its own, so it may be fish or csh. Reading the program into the
/// shell's memory before anything runs keeps its commands from eating it, and has no limit on its length.
pub(crate) fn shell(sudo: bool, bytes: usize) -> String {
    let prefix = if sudo { "sudo -n " } else { "" };
    format!("exec {prefix}sh -c 'eval \"$(head -c {bytes})\"'")
}

/// What sudo said, if it is why no program ever began.
pub(crate) fn refusal(end: Option<End>, stderr: &[u8]) -> Option<String> {
    if !matches!(end, Some(End(1 | 126 | 127))) {
        return None;
    }
    let text = String::from_utf8_lossy(stderr);
    let complains = |l: &str| {
        l.starts_with("sudo:")
            || l.contains("is not in the sudoers file")
            || l.contains("may not run sudo")
            || l.contains("is not allowed to execute")
            || (l.contains("sudo") && l.contains("not found"))
    };
    text.lines().any(complains).then(|| tail(stderr, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_recognised() {
        let no = |status, stderr: &str| refusal(Some(End(status)), stderr.as_bytes()).is_some();
        assert!(no(1, "sudo: a password is required\n"));
        assert!(no(1, "sudo: Ein Passwort ist notwendig\n"));
        assert!(no(1, "op is not in the sudoers file.\n"));
        assert!(no(127, "bash: line 1: sudo: command not found\n"));
        assert!(no(127, "bash: line 1: exec: sudo: not found\n"));
        assert!(!no(1, "grep: no such file\n"));
        assert!(!no(0, "sudo: unable to resolve host x\n"));
    }
}
