//! Shell for kinds that own one line of a file, or a folder on the way to a thing.

use regionctl_plan::quote;

/// What is made by the way, a parent folder or a file for one line, is noted in `$STATE/made`, so that it goes when it is
/// empty. Needed by [`put_line`] and [`drop_line`].
///
/// * `make_dirs PATH` is `mkdir -p` that notes what it makes;
/// * `unmake PATH` removes what was noted and is an empty folder, upwards;
/// * `set_line FILE PATTERN LINE` puts LINE where the first line matches, or at the end; without LINE that line goes. Mode,
///   owner and a missing newline at the end stay as they are, and nobody sees half a file.
pub const EDIT: &str = r#"
note_made() { mkdir -p -- "$STATE"; was_made "$1" || printf '%s\n' "$1" >>"$STATE/made"; }
was_made() { grep -qsxFe "$1" -- "$STATE/made"; }
forget_made() { grep -vxFe "$1" -- "$STATE/made" >"$STATE/made.new" || :; mv -f -- "$STATE/made.new" "$STATE/made"; }
make_dirs() { [ -d "$1" ] || { make_dirs "$(dirname -- "$1")"; note_made "$1"; mkdir -- "$1"; }; }
unmake() {
  while was_made "$1"; do
    if [ -d "$1" ]; then rmdir -- "$1" 2>/dev/null || return 0; fi
    forget_made "$1"
    set -- "$(dirname -- "$1")"
  done
}
set_line() {
  _file=$(readlink -m -- "$1")
  if [ ! -e "$_file" ]; then
    [ $# -gt 2 ] || { unmake "$_file"; return 0; }
    make_dirs "$(dirname -- "$_file")"; note_made "$_file"; : >"$_file"
  fi
  _at=$(grep -anEm1 -e "$2" -- "$_file" | cut -d: -f1)
  cp -a -- "$_file" "$_file.regionctl"
  if [ -n "$_at" ]; then
    { head -n "$((_at - 1))" -- "$_file"; [ $# -lt 3 ] || printf '%s\n' "$3"; tail -n "+$((_at + 1))" -- "$_file" | sed '$a\'; } >"$_file.regionctl"
  elif [ $# -gt 2 ]; then
    { sed '$a\' -- "$_file"; printf '%s\n' "$3"; } >"$_file.regionctl"
  fi
  [ -z "$(tail -c1 -- "$_file")" ] || [ ! -s "$_file.regionctl" ] || [ -n "$(tail -c1 -- "$_file.regionctl")" ] || truncate -s -1 -- "$_file.regionctl"
  if [ ! -s "$_file.regionctl" ] && was_made "$_file"; then
    rm -f -- "$_file" "$_file.regionctl"; forget_made "$_file"; unmake "$(dirname -- "$_file")"
  elif cmp -s -- "$_file" "$_file.regionctl"; then rm -f -- "$_file.regionctl"
  else replace "$_file.regionctl" "$_file"; fi
}
"#;

/// Shell that notes in `$KEEP` the folder in which an original stands: it may go with a package before the original comes back.
/// `path` is a shell word.
pub fn keep_folder(path: &str) -> String {
    format!("stat -c '%a %u:%g' -- \"$(dirname -- {path})\" >\"$KEEP/folder\"")
}

/// Shell that puts the original back from `$KEEP/copy`, for good: its copy goes as soon as it is there. That folder is made again,
/// if it is gone.
pub fn put_back(path: &str) -> String {
    format!(
        r#"[ -e "$KEEP/copy" ] || [ -L "$KEEP/copy" ] || fail 'no copy of the original is kept'
folder=$(dirname -- {path})
if [ ! -d "$folder" ]; then
  mkdir -p -- "$folder"
  if read -r mode owner 2>/dev/null <"$KEEP/folder"; then chown "$owner" "$folder"; chmod "$mode" "$folder"; fi
fi
cp -a -- "$KEEP/copy" {path}.regionctl
replace {path}.regionctl {path}
sync -- "$folder"
"#
    )
}

/// Shell that makes `line` the line of `file` that matches the extended regular expression.
pub fn put_line(file: &str, pattern: &str, line: &str) -> String {
    format!("set_line {} {} {}\n", quote(file), quote(pattern), quote(line))
}

/// Shell that removes the line of `file` that matches.
pub fn drop_line(file: &str, pattern: &str) -> String {
    format!("set_line {} {}\n", quote(file), quote(pattern))
}

/// Shell that prints every line of the files that exist as rows `PATH line TEXT`, in two forks. `paths` are shell words.
pub fn file_lines(paths: &str) -> String {
    lines_matching("''", paths)
}

/// The same for the lines that match an extended regular expression; both arguments are shell words.
pub fn lines_matching(pattern: &str, paths: &str) -> String {
    format!("grep -saEHZ -e {pattern} -- {paths} | sed 's/\\x00/\\tline\\t/'\n")
}

/// A text as an extended regular expression that matches just it.
pub fn ere(text: &str) -> String {
    let special = |c: char| r".[]{}()*+?^$|\".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
