//! Replacing a file atomically, in one round trip and without SFTP.

use std::path::{Path, PathBuf};
use std::time::Duration;

use regionctl_plan::quote;

use crate::error::SshError;
use crate::exec::DEFAULT_TIMEOUT;
use crate::host::Host;
use crate::output::tail;
use crate::run::{Flow, Request, Stream, run};
use crate::sudo;
use crate::token::token;

/// A file to write on a host. Its folder must exist. A reader sees the old file or the new one, never a part; after an error
/// it is the old one, and nothing is left beside it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Absolute path.
    pub path: PathBuf,
    /// The content.
    pub bytes: Vec<u8>,
    /// Permission bits, as in `0o644`.
    pub mode: u32,
    /// Owner, name or number; `None` for the user who writes it.
    pub owner: Option<String>,
    /// Group, name or number; `None` for that user's.
    pub group: Option<String>,
    /// The longest it may take.
    pub timeout: Duration,
}

impl Upload {
    /// A file that only its owner, the user who writes it, can read.
    pub fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), mode: 0o600, owner: None, group: None, timeout: DEFAULT_TIMEOUT }
    }

    fn program(&self, marker: &str) -> String {
        let path = self.path.to_string_lossy();
        let folder = self.path.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let owner = match (&self.owner, &self.group) {
            (None, None) => String::new(),
            (owner, group) => {
                let who =
                    format!("{}{}", owner.as_deref().unwrap_or(""), group.as_ref().map(|g| format!(":{g}")).unwrap_or_default());
                format!("chown -- {} \"$t\" || exit 74\n", quote(&who))
            }
        };
        // A connection cut in the middle ends the input early, and looks like the end of the file: so the length is checked.
        format!(
            "LC_ALL=C; export LC_ALL; umask 077\n\
             t=$(mktemp -- {template}) || exit 70\n\
             trap 'rm -f -- \"$t\"' EXIT; trap 'exit 71' HUP INT TERM PIPE\n\
             cat >\"$t\" || exit 72\n\
             [ \"$(wc -c <\"$t\")\" -eq {length} ] || exit 73\n\
             {owner}\
             chmod -- {mode:04o} \"$t\" && sync -- \"$t\" && mv -fT -- \"$t\" {path} || exit 75\n\
             trap - EXIT\n\
             sync -- {folder}\n\
             printf '\\n%s\\n' {marker}\n",
            template = quote(&format!("{}/.regionctl-XXXXXXXX", folder.trim_end_matches('/'))),
            length = self.bytes.len(),
            mode = self.mode & 0o7777,
            path = quote(&path),
            folder = quote(&folder),
        )
    }
}

impl Host {
    /// Writes a file: temporary file beside it, owner, mode, fsync, rename, fsync of the folder. A symbolic link is replaced, not followed.
    ///
    /// # Errors
    /// [`SshError::DiskFull`], [`SshError::Upload`], or as [`Host::script`].
    pub async fn upload(&self, upload: Upload) -> Result<(), SshError> {
        let host = || self.name().to_owned();
        let fail =
            |last: &str| SshError::Upload { host: self.name().to_owned(), path: upload.path.clone(), last: last.to_owned() };
        if !upload.path.is_absolute() || upload.path.file_name().is_none() || upload.path.to_str().is_none() {
            return Err(fail("not an absolute path of a file"));
        }
        let marker = token();
        let program = upload.program(&marker);
        let sudo = self.endpoint().sudo;
        let name = format!("the upload of `{}`", upload.path.display());
        let command = sudo::shell(sudo, program.len());
        let mut stdin = program.into_bytes();
        stdin.extend_from_slice(&upload.bytes);
        let request = Request { command, name: &name, stdin, tied: false, timeout: upload.timeout, max_output: 1024 * 1024 };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let ended = run(self, request, |stream, bytes| {
            match stream {
                Stream::Out => stdout.extend_from_slice(bytes),
                Stream::Err => stderr.extend_from_slice(bytes),
            }
            Flow::More
        })
        .await?;
        if String::from_utf8_lossy(&stdout).lines().any(|l| l == marker) {
            return Ok(());
        }
        if sudo && let Some(last) = sudo::refusal(ended.end, &stderr) {
            return Err(SshError::SudoRefused { host: host(), user: self.endpoint().user.clone(), last });
        }
        let last = tail(&stderr, 3);
        Err(match ended.end {
            None => SshError::CutOff { host: host(), what: name, last },
            Some(_) if last.contains("No space left on device") || last.contains("Disk quota exceeded") => {
                SshError::DiskFull { host: host(), path: upload.path }
            }
            Some(end) => fail(if last.is_empty() { format!("{end}") } else { last }.as_str()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_paths_stay_one_word() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("it's $(reboot)");
        std::fs::create_dir(&folder).unwrap();
        let upload = Upload { mode: 0o640, ..Upload::new(folder.join("-a;b 'c' \"d\""), "content") };
        let mut child = std::process::Command::new("sh")
            .args(["-c", &upload.program("M")])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &upload.bytes).unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"\nM\n");
        assert_eq!(std::fs::read(&upload.path).unwrap(), b"content");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn owner_and_group_are_one_quoted_word() {
        let mut upload = Upload::new("/f", "x");
        assert!(!upload.program("M").contains("chown"));
        upload.group = Some("g".into());
        assert!(upload.program("M").contains("chown -- :g "));
        upload.owner = Some("a b".into());
        assert!(upload.program("M").contains("chown -- 'a b:g' "));
    }
}
