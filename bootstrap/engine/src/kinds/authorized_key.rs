//! Kind `authorized_key`: a key that opens an account over SSH. The name is `USER:LABEL`.
//!
//! Field: `key`, the whole line of ~/.ssh/authorized_keys. Parameter `key`: the same; what finds the line is the key proper,
//! so that changed options or another comment are seen. The file and folder are made with the modes that sshd asks for, and
//! go with their last line.

use regionctl_plan::{Action, Change, Fields, Resource, quote};

use super::edit::{EDIT, ere};
use super::{text, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct AuthorizedKey;

impl Kind for AuthorizedKey {
    fn name(&self) -> &'static str {
        "authorized_key"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        format!(
            r#"getent passwd -- {} | while IFS=: read -r user _ _ _ _ home _; do
  [ ! -f "$home/.ssh/authorized_keys" ] || while IFS= read -r line || [ -n "$line" ]; do row "$user" line "$line"; done <"$home/.ssh/authorized_keys"
done
"#,
            words(resources.iter().map(|r| user(r)))
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let proper = proper(resource)?;
        let mut lines = rows.all(user(resource), "line").iter().filter(|line| !line.trim_start().starts_with('#'));
        let line = lines.find(|line| line.split_whitespace().any(|word| word == proper))?;
        Some(Fields::from([("key".into(), line.as_str().into())]))
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        vec![format!("~{}/.ssh/authorized_keys", user(resource))]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(EDIT.to_owned(), |script, change| script + &apply_one(change))
    }
}

fn user(resource: &Resource) -> &str {
    resource.id.name.split(':').next().unwrap_or_default()
}

/// The base64 part of the key. The type before it may be preceded by options.
fn proper(resource: &Resource) -> Option<&str> {
    proper_part(resource.text_param("key").or_else(|| resource.text("key"))?)
}

/// The base64 part of an authorized_keys line: the word after the key's type.
pub fn proper_part(line: &str) -> Option<&str> {
    let sort = |word: &&str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start));
    let mut words = line.split_whitespace().skip_while(|word| !sort(word));
    words.next()?;
    words.next()
}

fn apply_one(change: &Change) -> String {
    let Some(proper) = proper(&change.resource) else {
        return format!("fail {} holds no key\n", quote(&change.id().to_string()));
    };
    let pattern = quote(&format!("^[^#]*[[:space:]]{}([[:space:]]|$)", ere(proper)));
    let user = quote(user(&change.resource));
    let find = format!("user={user}\ndir=$(getent passwd -- {user} | cut -d: -f6)/.ssh\nkeys=$dir/authorized_keys\n");
    let script = match text(change.after(), "key") {
        Some(line) => {
            find + &format!(
                r#"[ "$dir" != /.ssh ] || fail there is no user {user}
[ ! -L "$dir" ] && [ ! -L "$keys" ] || fail "$keys is a symbolic link"
make_dirs "$dir"
! was_made "$dir" || {{ chmod 0700 "$dir"; chown {user}: "$dir"; }}
[ -e "$keys" ] || {{ note_made "$keys"; install -m 0600 -o {user} -g "$(id -gn {user})" /dev/null "$keys"; }}
set_line "$keys" {pattern} {}
"#,
                quote(line)
            )
        }
        None => find + &format!("set_line \"$keys\" {pattern}\n"),
    };
    if change.action == Action::Return {
        // The user may be gone already, and the keys with the home.
        return format!("if getent passwd -- {user} >/dev/null; then\n{script}fi\n");
    }
    script
}
