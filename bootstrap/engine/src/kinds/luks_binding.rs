//! Kind `luks_binding`: the Tang servers that open a LUKS device (version 2) without anybody at the console. The name is the
//! device's path.
//!
//! Fields: `servers`, each its URL and the thumbprint of the key that signs what it says, in order; `threshold`, how many of them
//! it takes. Parameter: `key`, a passphrase that opens the device already. All servers must answer when the binding is made, each
//! with its own key: the binding knows no other afterwards. A binding that is not of this form is shown by the name of its
//! pin, and replaced. One that was there before ours is not made again on the way back: that would take a key, and no host is
//! given one for what its own ledger says.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regionctl_plan::{Action, Change, Fields, Resource, quote};
use regionctl_secrets::tang::thumbprint;
use serde::Deserialize;
use serde_json::{Value, json};

use super::luks::{has_key, key};
use super::{list, number, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Binding;

impl Kind for Binding {
    fn name(&self) -> &'static str {
        "luks_binding"
    }

    /// A device's tokens are in its header. The keys are not read.
    fn observe(&self, resources: &[&Resource]) -> String {
        format!(
            r#"for device in {}; do
  if cryptsetup isLuks --type luks2 -- "$device" 2>/dev/null; then
    row "$device" header "$(cryptsetup luksDump --dump-json-metadata -- "$device" 2>/dev/null | tr -d '\n')"
  fi
done
"#,
            words(resources.iter().map(|r| &r.id.name))
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let wanted = list(resource.want.as_ref(), "servers");
        let header: Header = serde_json::from_str(rows.get(&resource.id.name, "header")?).ok()?;
        let tokens = header.tokens.into_values().filter(|token| token.sort == "clevis");
        let bindings: Vec<_> = tokens.map(|token| binding(&token, &wanted)).collect();
        let mut servers: Vec<_> = bindings.iter().flat_map(|binding| binding.servers.clone()).collect();
        servers.sort_unstable();
        let mut thresholds = bindings.iter().map(|binding| binding.threshold);
        let threshold = thresholds.next()?;
        // Two bindings are one too many, whatever they say.
        let threshold = if thresholds.next().is_none() { threshold } else { 0 };
        Some(Fields::from([("servers".into(), servers.into()), ("threshold".into(), threshold.into())]))
    }

    fn secret_params(&self) -> &'static [&'static str] {
        &["key"]
    }

    fn guard(&self, change: &Change) -> String {
        let needless = change.action == Action::Return || list(change.after(), "servers").is_empty() || has_key(&change.resource);
        if needless { String::new() } else { format!("fail there is no key for {}\n", quote(&change.id().name)) }
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

/// The part of a header (LUKS2 On-Disk Format, 3) that is looked at.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    tokens: BTreeMap<String, Token>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(rename = "type")]
    sort: String,
    #[serde(default)]
    jwe: Value,
}

/// What clevis notes of one binding.
struct Found {
    servers: Vec<String>,
    threshold: u64,
}

/// What is not bound as we do it is no server, and takes any number of them.
fn binding(token: &Token, wanted: &[&str]) -> Found {
    let protected = token.jwe.get("protected").and_then(Value::as_str).unwrap_or_default();
    let pin = decode(protected).and_then(|header| header.get("clevis").cloned()).unwrap_or_default();
    let name = pin.get("pin").and_then(Value::as_str).unwrap_or("unknown");
    ours(&pin, wanted).unwrap_or_else(|| Found { servers: vec![format!("pin {name}")], threshold: 0 })
}

/// Shamir's shares (`sss`), each closed by one Tang server.
fn ours(pin: &Value, wanted: &[&str]) -> Option<Found> {
    let shares = pin.get("sss")?;
    let each = |share: &Value| {
        let header = decode(share.as_str()?.split('.').next()?)?;
        server(header.get("clevis")?.get("tang")?, wanted)
    };
    let servers = shares.get("jwe")?.as_array()?.iter().map(each).collect::<Option<_>>()?;
    Some(Found { servers, threshold: shares.get("t")?.as_u64()? })
}

/// A server, with the thumbprint that is wanted of it if the key was one of those it showed, or else with all of them.
fn server(tang: &Value, wanted: &[&str]) -> Option<String> {
    let url = tang.get("url")?.as_str()?;
    let verifies = |key: &&Value| {
        let uses = key.get("key_ops").and_then(Value::as_array);
        uses.is_some_and(|uses| uses.iter().any(|purpose| purpose == "verify"))
    };
    let keys = tang.get("adv")?.get("keys")?.as_array()?.iter().filter(verifies);
    let thumbprints: Vec<_> = keys.filter_map(thumbprint).collect();
    let pinned =
        thumbprints.iter().map(|thumbprint| format!("{url} {thumbprint}")).find(|server| wanted.contains(&server.as_str()));
    Some(pinned.unwrap_or_else(|| [&[url.to_owned()], &thumbprints[..]].concat().join(" ")))
}

fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// `bind DEVICE PIN`: the new binding is there before the old one, in `$old`, goes; or after it, in a header that was made without room
/// for two. By then every server has answered, so that what is left to go wrong is nothing that another run does not mend. Never with
/// `-y`: clevis then takes whatever key a server shows.
const BIND: &str = r#"
bind() {
  if said=$(key | clevis luks bind -f -k - -d "$1" sss "$2" 2>&1); then return 0; fi
  case $said in
    *'Unable to update metadata'*) [ -n "$old" ] || fail "$said: the header has no room; a disk that is made anew has more" ;;
    *) fail "$said" ;;
  esac
  unbind "$1"
  key | clevis luks bind -f -k - -d "$1" sss "$2"
}
"#;

const UNBIND: &str = r#"
unbind() { for slot in $old; do clevis luks unbind -f -d "$1" -s "$slot"; done; old=; }
"#;

fn apply_one(change: &Change) -> String {
    let device = quote(&change.id().name);
    let servers = list(change.after(), "servers");
    let known = servers.iter().filter_map(|server| server.split_once(' '));
    let tangs: Vec<_> = known.map(|(url, thumbprint)| json!({ "url": url, "thp": thumbprint })).collect();
    let threshold = number(change.after(), "threshold").unwrap_or(1);
    let pin = quote(&json!({ "t": threshold, "pins": { "tang": tangs } }).to_string());
    let bind = match (servers.is_empty(), has_key(&change.resource)) {
        (true, _) => String::new(),
        (false, true) => format!("{BIND}bind {device} {pin}\n"),
        (false, false) => format!("echo left: {device} without its former binding to {}\n", words(&servers)),
    };
    format!(
        r#"{}{UNBIND}if cryptsetup isLuks -- {device} 2>/dev/null; then
old=$(clevis luks list -d {device} | cut -d: -f1)
{bind}unbind {device}
fi
"#,
        key(&change.resource)
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::shell::PRELUDE;
    use crate::want;

    /// What is asked of a clevis that fails like this when it binds beside another binding, and how the script ends.
    fn asked(fails: &str, slots: &str) -> (bool, String) {
        let tang = want::Tang { url: "http://10.0.0.1", thumbprint: "T" };
        let wanted = want::luks_binding("/dev/sdb", 2, &[tang], "a key");
        let change = regionctl_plan::diff(&wanted, None).unwrap();
        let stand_in = format!(
            r#"
bound={slots}
cryptsetup() {{ :; }}
clevis() {{
  case $2 in
    list) for slot in $bound; do echo "$slot: sss"; done ;;
    bind) cat >/dev/null; echo bind >&3; [ -z "$(cat "$LEFT")" ] || {{ echo {fails}; return 1; }} ;;
    unbind) echo "unbind $7" >&3; : >"$LEFT" ;;
  esac
}}
"#,
            slots = quote(slots),
            fails = quote(fails)
        );
        let left = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(left.path(), slots).unwrap();
        let script = format!("{PRELUDE}\nset -eu\n{stand_in}\n{}", apply_one(&change));
        let output =
            Command::new("sh").args(["-c", &format!("exec 3>&1 >/dev/null\n{script}")]).env("LEFT", left.path()).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>().join(", "))
    }

    /// As clevis 19 says it of a header that is full.
    #[test]
    fn the_old_binding_goes_first_only_where_there_is_no_room_for_two() {
        let full = "Error saving metadata to LUKS2 header in device /dev/sdb\nUnable to update metadata; operation cancelled";
        assert_eq!(asked(full, ""), (true, "bind".to_owned()));
        assert_eq!(asked(full, "1"), (true, "bind, unbind 1, bind".to_owned()));
        assert_eq!(asked("Unable to fetch advertisement", "1"), (false, "bind".to_owned()));
    }
}
