//! What is mounted in this mount namespace.

use std::path::{Path, PathBuf};

/// Every mount point.
pub(crate) fn points() -> Vec<PathBuf> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    text.lines().filter_map(|line| Some(PathBuf::from(unescape(line.split(' ').nth(4)?)))).collect()
}

/// Whether something is mounted exactly here.
pub(crate) fn is_mount(path: &Path) -> bool {
    points().iter().any(|point| point == path)
}

/// The device number (`MAJOR:MINOR`) of a process's root file system if it is an overlay of this folder.
pub(crate) fn overlay_root(pid: i32, folder: &Path) -> Option<String> {
    overlay_root_of(&std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).ok()?, folder)
}

fn overlay_root_of(text: &str, folder: &Path) -> Option<String> {
    let upper = format!("upperdir={}/", folder.display());
    let line = text.lines().find(|line| line.split(' ').nth(4) == Some("/") && line.contains(&upper))?;
    line.split(' ').nth(2).map(str::to_owned)
}

/// Mount points of cgroup hierarchies.
pub(crate) fn cgroups() -> Vec<PathBuf> {
    let text = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (point, kind) = (fields.next()?, fields.next()?);
            matches!(kind, "cgroup" | "cgroup2").then(|| PathBuf::from(unescape(point)))
        })
        .collect()
}

/// The kernel writes blank, tab, newline and backslash as octal numbers.
fn unescape(text: &str) -> String {
    ["\\040", "\\011", "\\012", "\\134"]
        .iter()
        .zip([" ", "\t", "\n", "\\"])
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_is_read() {
        let text = "389 388 0:77 / /tmp rw - tmpfs tmpfs rw\n388 332 0:69 / / rw,relatime shared:80 - overlay overlay rw,upperdir=/l/a/hosts/h/upper";
        assert_eq!(overlay_root_of(text, Path::new("/l/a")).as_deref(), Some("0:69"));
        assert_eq!(overlay_root_of(text, Path::new("/l/b")), None);
        assert_eq!(unescape("/a\\040b"), "/a b");
        assert!(is_mount(Path::new("/proc")));
    }
}
