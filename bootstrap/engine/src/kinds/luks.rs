//! Kind `luks`: an encrypted container (LUKS2) on a device, opened. The name is the mapper's: `/dev/mapper/NAME`.
//!
//! Fields: `device` (its path), `type` (`luks2`), `open` (true or false). Parameter: `key`, a passphrase that opens it; it goes to
//! cryptsetup through a pipe and is in no argument and no output. A container is made only on what is blank: the target looks
//! again just before. One that is there is opened with the key, and never overwritten.

use regionctl_plan::{Action, Change, Fields, Resource, SecretRef, quote};

use super::blank::BLANK;
use super::data;
use super::{flag, text, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Luks;

impl Kind for Luks {
    fn name(&self) -> &'static str {
        "luks"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let names = words(resources.iter().map(|r| &r.id.name));
        let devices = words(resources.iter().filter_map(|r| r.text("device")));
        format!(
            r#"for device in {devices}; do
  [ -e "$device" ] || continue
  row "$device" is "$(readlink -f -- "$device")"
  blkid -p -o export -s TYPE -s VERSION -- "$device" 2>/dev/null | while IFS= read -r line; do row "$device" "${{line%%=*}}" "${{line#*=}}"; done
done
for name in {names}; do
  [ -b "/dev/mapper/$name" ] || continue
  for below in "/sys/dev/block/$(stat -Lc %Hr:%Lr -- "/dev/mapper/$name")/slaves/"*; do row "$name" on "/dev/${{below##*/}}"; done
done
"#
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let device = resource.text("device").unwrap_or_default();
        let below = rows.get(&resource.id.name, "on");
        let luks = rows.get(device, "TYPE") == Some("crypto_LUKS");
        if below.is_none() && !luks {
            return None;
        }
        let elsewhere = below.filter(|below| rows.get(device, "is") != Some(below));
        Some(Fields::from([
            ("device".into(), elsewhere.unwrap_or(device).into()),
            ("type".into(), format!("luks{}", rows.get(device, "VERSION").unwrap_or_default()).into()),
            ("open".into(), below.is_some().into()),
        ]))
    }

    fn secret_params(&self) -> &'static [&'static str] {
        &["key"]
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        data::no_undo(resource)
    }

    fn guard(&self, change: &Change) -> String {
        let (Some(device), true) = (text(change.after(), "device"), change.action != Action::Return) else {
            return String::new();
        };
        let (name, device) = (quote(&change.id().name), quote(device));
        if !has_key(&change.resource) {
            return format!("fail there is no key for {name}\n");
        }
        format!(
            r#"{BLANK}must_be_blank {device} crypto_LUKS
if [ -b /dev/mapper/{name} ]; then
  below=$(ls "/sys/dev/block/$(stat -Lc %Hr:%Lr -- /dev/mapper/{name})/slaves")
  [ "/dev/$below" = "$(readlink -f -- {device})" ] || fail {name} is open on "/dev/$below", not on {device}
fi
"#
        )
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

/// Room for bindings, whose size grows with the servers that can open the device: what is usual (16 KiB) takes six, and not two bindings
/// beside each other. It is taken from the room for keys, of which 16 MiB are reserved.
const METADATA: &str = " --luks2-metadata-size 256k";

fn apply_one(change: &Change) -> String {
    let name = quote(&change.id().name);
    let close = format!("[ ! -b /dev/mapper/{name} ] || cryptsetup close -- {name}\n");
    let device = text(change.after(), "device").map(quote);
    let Some(device) = device.filter(|_| change.action != Action::Return) else {
        let close = if flag(change.after(), "open") == Some(true) { String::new() } else { close };
        let on = change.resource.text("device").or(text(change.before.as_ref(), "device")).unwrap_or_default();
        let left = data::left(&change.resource, &format!("{} with what is encrypted on it", quote(on)));
        return format!("{close}[ ! -e {} ] || {left}\n", quote(on));
    };
    let sort = text(change.after(), "type").unwrap_or("luks2");
    let open = match flag(change.after(), "open") {
        Some(true) => format!("[ -b /dev/mapper/{name} ] || key | cryptsetup open --type luks --key-file - -- {device} {name}\n"),
        _ => close,
    };
    format!(
        "{}if ! cryptsetup isLuks -- {device}; then key | cryptsetup luksFormat -q --type {}{METADATA} --key-file - -- {device}; fi\n{open}",
        key(&change.resource),
        quote(sort)
    )
}

/// A reference that nobody filled in would be a passphrase that anybody can read in the plan.
pub(super) fn has_key(resource: &Resource) -> bool {
    resource.text_param("key").is_some_and(|key| !key.is_empty() && SecretRef::all(key).is_empty())
}

/// Defines `key`, which prints the key of a resource and nothing more.
pub(super) fn key(resource: &Resource) -> String {
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.encode(resource.text_param("key").unwrap_or_default());
    format!("key() {{ base64 -d <<'REGIONCTL'\n{key}\nREGIONCTL\n}}\n")
}
