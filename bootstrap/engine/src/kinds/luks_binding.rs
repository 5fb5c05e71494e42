//! Kind `luks_binding`: the Tang servers any one of which opens a LUKS device without anybody at the console. The name is the
//! device's path.
//!
//! Field: `servers`, their URLs in order. Parameter: `key`, a passphrase that opens the device already. All servers must answer when the
//! binding is made. A binding that is not of this form is shown as clevis words it, and replaced. One that was there before ours is
//! not made again on the way back: that would take a key, and no host is given one for what its own ledger says.

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::{Value, json};

use super::luks::{has_key, key};
use super::{list, words};
use crate::kind::{Kind, Rows};

/// See the module.
pub struct Binding;

impl Kind for Binding {
    fn name(&self) -> &'static str {
        "luks_binding"
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        format!(
            r#"for device in {}; do
  if command -v clevis-luks-list >/dev/null && cryptsetup isLuks -- "$device" 2>/dev/null; then
    clevis luks list -d "$device" 2>/dev/null | while IFS= read -r line; do row "$device" slot "$line"; done
  fi
done
"#,
            words(resources.iter().map(|r| &r.id.name))
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let slots = rows.all(&resource.id.name, "slot");
        let mut servers: Vec<_> = slots.iter().flat_map(|slot| servers(slot).unwrap_or_else(|| vec![slot.clone()])).collect();
        servers.sort_unstable();
        (!slots.is_empty()).then(|| Fields::from([("servers".into(), servers.into())]))
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

/// The servers of a line such as `1: sss '{"t":1,"pins":{"tang":[{"url":"http://10.0.0.1"}]}}'`.
fn servers(slot: &str) -> Option<Vec<String>> {
    let (_, pin) = slot.split_once(": sss '")?;
    let pin: Value = serde_json::from_str(pin.strip_suffix('\'')?).ok()?;
    let tangs = pin.get("pins")?.get("tang")?.as_array()?;
    let url = |tang: &Value| Some(tang.get("url")?.as_str()?.to_owned());
    let urls: Vec<_> = tangs.iter().map(url).collect::<Option<_>>()?;
    (pin.get("t")?.as_u64() == Some(1)).then_some(urls)
}

fn apply_one(change: &Change) -> String {
    let device = quote(&change.id().name);
    let urls = list(change.after(), "servers");
    let tangs: Vec<_> = urls.iter().map(|url| json!({ "url": url })).collect();
    let pin = quote(&json!({ "t": 1, "pins": { "tang": tangs } }).to_string());
    // The new binding is there before the old one goes.
    let bind = match (urls.is_empty(), has_key(&change.resource)) {
        (true, _) => String::new(),
        (false, true) => format!("key | clevis luks bind -f -y -k - -d {device} sss {pin}\n"),
        (false, false) => format!("echo left: {device} without its former binding to {}\n", words(&urls)),
    };
    format!(
        r#"{}if cryptsetup isLuks -- {device} 2>/dev/null; then
old=$(clevis luks list -d {device} | cut -d: -f1)
{bind}for slot in $old; do clevis luks unbind -f -d {device} -s "$slot"; done
fi
"#,
        key(&change.resource)
    )
}
