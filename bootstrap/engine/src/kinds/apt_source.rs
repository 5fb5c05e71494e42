//! Kind `apt_source`: a repository for apt, in the deb822 format. The name is that of
//! `/etc/apt/sources.list.d/NAME.sources`.
//!
//! Fields: `types`, `uris`, `suites`, `components`, `signed_by` (the path of a key ring), each a text with words separated by
//! one space, and `options`: every other line of the file as `Key: value`, joined by `; `, so that a `Trusted: yes` written
//! by hand is seen. A change makes the next package transaction fetch the lists again.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{file_lines, keep_folder, put_back};
use super::{normal, text, words};
use crate::kind::{Kind, Rows};

/// Our fields and what deb822 calls them.
const FIELDS: [(&str, &str); 5] =
    [("types", "Types"), ("uris", "URIs"), ("suites", "Suites"), ("components", "Components"), ("signed_by", "Signed-By")];

/// See the module.
pub struct AptSource;

impl Kind for AptSource {
    fn name(&self) -> &'static str {
        "apt_source"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        file_lines(&words(resources.iter().map(|r| path(&r.id.name))))
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let lines = rows.all(&path(&resource.id.name), "line");
        (!lines.is_empty()).then(|| fields(lines))
    }

    fn keep(&self, resource: &Resource) -> String {
        let path = quote(&path(&resource.id.name));
        format!("if [ -f {path} ]; then cp -a -- {path} \"$KEEP/copy\"; {}; fi\n", keep_folder(&path))
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        vec![path(&resource.id.name)]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

fn path(name: &str) -> String {
    format!("/etc/apt/sources.list.d/{name}.sources")
}

fn apply_one(change: &Change) -> String {
    let path = quote(&path(&change.id().name));
    let script = match change.after() {
        None => format!("rm -f -- {path} {path}.regionctl\n"),
        Some(_) if change.action == Action::Return => put_back(&path),
        Some(want) => format!("printf '%s' {} >{path}.regionctl\nreplace {path}.regionctl {path}\n", quote(&deb822(want))),
    };
    script + "mkdir -p -- \"$STATE\"\n: >\"$STATE/apt-lists-stale\"\n"
}

/// The file with these fields.
fn deb822(want: &Fields) -> String {
    let ours = FIELDS.iter().filter_map(|(field, key)| Some(format!("{key}: {}\n", text(Some(want), field)?)));
    let options = text(Some(want), "options").unwrap_or_default();
    let options = options.split("; ").filter(|option| !option.is_empty()).map(|option| format!("{option}\n"));
    ours.chain(options).collect()
}

/// The fields in the lines of a file: ours from the first stanza, all else in `options`.
fn fields(lines: &[String]) -> Fields {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for line in lines.iter().filter(|line| !line.starts_with('#')) {
        match (line.starts_with([' ', '\t']), entries.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line);
            }
            (false, _, Some((key, value))) => entries.push((key.trim(), value.to_owned())),
            _ => {}
        }
    }
    let mut have = Fields::from([("options".into(), "".into())]);
    let mut options = Vec::new();
    for (key, value) in entries {
        let value = normal(&value);
        match FIELDS.iter().find(|(_, ours)| ours.eq_ignore_ascii_case(key)) {
            Some((field, _)) if !have.contains_key(*field) => drop(have.insert((*field).into(), value.into())),
            _ => options.push(format!("{key}: {value}")),
        }
    }
    have.insert("options".into(), options.join("; ").into());
    have
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(file: &str) -> Fields {
        fields(&file.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = "Types: deb deb-src\nURIs: http://a/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /k.gpg\nArchitectures: amd64\n";
        let have = parse(file);
        assert_eq!(have["suites"], "trixie trixie-updates");
        assert_eq!(have["options"], "Architectures: amd64");
        assert_eq!(deb822(&have), file);
    }

    #[test]
    fn comments_continuations_and_case_do_not_matter() {
        let have = parse("# a comment\ntypes:   deb\nURIs: http://a\n\thttp://b\n# another\nSigned-By:\n -----BEGIN\n .\n abc\n");
        assert_eq!(have["types"], "deb");
        assert_eq!(have["uris"], "http://a http://b");
        assert_eq!(have["signed_by"], "-----BEGIN . abc");
        assert_eq!(have["options"], "");
    }

    #[test]
    fn nothing_in_the_file_is_hidden() {
        let have = parse("Types: deb\nTrusted: yes\n\nTypes: deb\nURIs: http://evil\n");
        assert_eq!(have["options"], "Trusted: yes; Types: deb");
        assert_eq!(have["uris"], "http://evil");
    }
}
