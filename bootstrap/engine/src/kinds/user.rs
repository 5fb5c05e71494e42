//! Kind `user`: a local user. The name is the user's.
//!
//! Fields: `uid`, `group` (the primary one, by name), `groups` (the other ones, sorted), `home`, `shell`, `comment`.
//! Parameters: `system` (true: a number below 1000 when it is made), `create_home` (false: none is made). Its password is
//! locked. A user that has processes is not removed; a home that was there before is left.

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::Value;

use super::{HOST, list, number, text, words};
use crate::kind::{Kind, Rows};

/// What the shadow tools write beside /etc/passwd and its like: their lock, and a copy of the last state.
pub const KEEP_BACKUPS: &str = r#"
for file in .pwd.lock passwd- shadow- group- gshadow- subuid- subgid-; do
  if [ -e "/etc/$file" ]; then cp -a -- "/etc/$file" "$KEEP/$file"; fi
done
: >"$KEEP/backups"
"#;

/// Puts those back, if we kept them.
pub const RESTORE_BACKUPS: &str = r#"
if [ -e "$KEEP/backups" ]; then
  for file in .pwd.lock passwd- shadow- group- gshadow- subuid- subgid-; do
    if [ -e "$KEEP/$file" ]; then cp -a -- "$KEEP/$file" "/etc/$file"; else rm -f -- "/etc/$file"; fi
  done
fi
"#;

/// `entry DATABASE NAME FIELD`; `groups_of USER`: the groups that name him. Who is as wanted is not written again: a change may be
/// made twice, and the tools keep only one copy of the state before.
pub const ENTRIES: &str = r#"
entry() { getent "$1" -- "$2" | cut -d : -f "$3"; }
groups_of() { getent group | awk -F : -v user="$1" '{ n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] == user) print $1 }' | sort | paste -sd , -; }
"#;

/// See the module.
pub struct User;

impl Kind for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        let host = quote(HOST);
        format!(
            "getent passwd -- {names} | sed 's/^\\([^:]*\\):.*/\\1\\tpasswd\\t&/'\ngetent group | while read -r line; do row {host} group \"$line\"; done\n"
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let name = &resource.id.name;
        let entry: Vec<_> = rows.get(name, "passwd")?.split(':').collect();
        let [_, _, uid, gid, comment, home, shell] = entry[..] else { return None };
        let groups: Vec<Vec<&str>> = rows.all(HOST, "group").iter().map(|line| line.split(':').collect()).collect();
        let primary = groups.iter().find(|g| g.get(2) == Some(&gid)).and_then(|g| g.first()).unwrap_or(&gid);
        let member = |g: &&Vec<&str>| g.get(3).is_some_and(|members| members.split(',').any(|member| member == name));
        let mut others: Vec<&str> = groups.iter().filter(member).filter_map(|g| g.first().copied()).collect();
        others.sort_unstable();
        Some(Fields::from([
            ("uid".into(), uid.parse::<u64>().ok()?.into()),
            ("group".into(), (*primary).into()),
            ("groups".into(), others.into()),
            ("home".into(), home.into()),
            ("shell".into(), shell.into()),
            ("comment".into(), comment.into()),
        ]))
    }

    fn keep(&self, resource: &Resource) -> String {
        let name = quote(&resource.id.name);
        let home = resource.text("home").map_or_else(|| format!("/home/{}", resource.id.name), str::to_owned);
        format!(
            "{KEEP_BACKUPS}[ ! -d {} ] || : >\"$KEEP/home\"\n! getent group -- {name} >/dev/null || : >\"$KEEP/group\"\n",
            quote(&home)
        )
    }

    fn writes(&self, _resource: &Resource) -> Vec<String> {
        ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map(str::to_owned).into()
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

fn apply_one(change: &Change) -> String {
    let name = quote(&change.id().name);
    let exists = format!("getent passwd -- {name} >/dev/null");
    let want = change.after();
    if want.is_none() {
        // userdel takes the group of the same name along, even if it was there before the user; not if it is not his.
        return format!(
            r#"if {exists}; then
  [ ! -e "$KEEP/group" ] || usermod -g nogroup -- {name}
  if [ -e "$KEEP/home" ]; then userdel -- {name}; else userdel -r -- {name} 2>/dev/null || userdel -- {name}; fi
fi
! {exists} || fail the user {name} cannot be removed
{RESTORE_BACKUPS}"#
        );
    }
    let uid = number(want, "uid").map(|uid| uid.to_string());
    let wanted = |field: &str| text(want, field).map(str::to_owned);
    let entries = [("-u", 3, uid), ("-d", 6, wanted("home")), ("-s", 7, wanted("shell")), ("-c", 5, wanted("comment"))];
    let entries =
        entries.into_iter().filter_map(|(option, at, value)| Some((option, format!("$(entry passwd {name} {at})"), value?)));
    let groups = want.filter(|want| want.contains_key("groups")).map(|_| list(want, "groups").join(","));
    let groups = groups.map(|groups| ("-G", format!("$(groups_of {name})"), groups));
    let group = wanted("group").map(|group| ("-g", format!("$(id -gn -- {name})"), group));
    let options: Vec<_> = entries.chain(groups).chain(group.clone()).collect();
    let own = if group.is_some() { String::new() } else { format!(" $(! getent group -- {name} >/dev/null || echo -g {name})") };
    let given: String = options.iter().map(|(option, _, value)| format!(" {option} {}", quote(value))).collect();
    let mend = |(option, have, value): &(&str, String, String)| {
        format!("  [ \"{have}\" = {value} ] || set -- \"$@\" {option} {value}\n", value = quote(value))
    };
    let mend: String = options.iter().map(mend).collect();
    let param = |name: &str| change.resource.params.get(name).and_then(Value::as_bool);
    let system = if param("system") == Some(true) { " -r" } else { "" };
    let home = if param("create_home") == Some(false) { " -M" } else { " -m" };
    // A group of the user's name that is there already becomes his.
    let restore = if change.action == Action::Return { RESTORE_BACKUPS } else { "" };
    format!(
        "{ENTRIES}if {exists}; then\n  set --\n{mend}  [ \"$#\" -eq 0 ] || usermod \"$@\" -- {name}\nelse useradd{given}{own}{system}{home} -- {name}; fi\n{restore}"
    )
}
