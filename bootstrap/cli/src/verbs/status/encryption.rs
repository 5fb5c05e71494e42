//! Encrypted disks: whether they are open, and which of the servers that can open them answer.

use std::collections::BTreeMap;

use regionctl_engine::{HostView, Survey};
use regionctl_plan::{Fields, Resource, quote};
use serde::Serialize;

use super::Section;
use super::look::{Answers, views};
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::render::words::list;

/// Every encrypted disk.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Encryption(Vec<Encrypted>);

/// One of them.
#[derive(Debug, Serialize)]
struct Encrypted {
    host: String,
    /// The mapper's name: `/dev/mapper/NAME` is what is opened.
    name: String,
    device: String,
    open: bool,
    /// The Tang servers that its binding names, and whether they answer the host; `None`: nobody could ask.
    servers: BTreeMap<String, Option<bool>>,
}

/// The containers that are there, with their devices: what is not there is not as wanted already.
fn containers(view: &HostView) -> impl Iterator<Item = (&Resource, &Fields, &str)> {
    let wanted = view.wanted.iter().flat_map(|(_, wanted)| wanted).filter(|resource| resource.id.kind == "luks");
    wanted.filter_map(|resource| {
        let have = view.have.get(&resource.id)?.as_ref()?;
        Some((resource, have, have.get("device")?.as_str()?))
    })
}

/// The Tang servers of a device's binding, as the host has it.
fn servers<'a>(view: &'a HostView, device: &'a str) -> impl Iterator<Item = &'a str> {
    let of_device = move |id: &regionctl_plan::Id| id.kind == "luks_binding" && id.name == device;
    let binding = view.have.iter().find(|(id, _)| of_device(id)).and_then(|(_, have)| have.as_ref());
    let servers = binding.and_then(|have| have.get("servers")?.as_array());
    servers.into_iter().flatten().filter_map(|server| server.as_str()?.split(' ').next()).filter(|url| url.starts_with("http"))
}

/// Asks each Tang server as clevis does, for its keys.
pub fn script(view: &HostView) -> Option<String> {
    let mut urls: Vec<_> = containers(view).flat_map(|(_, _, device)| servers(view, device)).collect();
    urls.sort_unstable();
    urls.dedup();
    let urls: Vec<_> = urls.into_iter().map(quote).collect();
    let script = format!(
        "for url in {}; do\n  ( if curl -sf -m 5 -o /dev/null \"$url/adv\"; then row tang \"$url\" yes; else row tang \"$url\" no; fi ) &\n\
         done\nwait\n",
        urls.join(" ")
    );
    (!urls.is_empty()).then_some(script)
}

/// `None` where no disk is encrypted.
pub fn section(survey: &Survey, answers: &Answers) -> Option<Encryption> {
    let mut all = Vec::new();
    for (host, view) in views(survey) {
        let answers = |url: &str| Some(answers.of(host)?.get("tang", url)? == "yes");
        all.extend(containers(view).map(|(resource, have, device)| Encrypted {
            host: host.to_owned(),
            name: resource.id.name.clone(),
            device: device.to_owned(),
            open: have.get("open").and_then(serde_json::Value::as_bool).unwrap_or(false),
            servers: servers(view, device).map(|url| (url.to_owned(), answers(url))).collect(),
        }));
    }
    (!all.is_empty()).then_some(Encryption(all))
}

impl Encrypted {
    /// The Tang servers that did not answer.
    fn silent(&self) -> Vec<String> {
        self.servers.iter().filter(|(_, answers)| **answers != Some(true)).map(|(url, _)| clean(url)).collect()
    }
}

impl Section for Encryption {
    fn is_well(&self) -> bool {
        self.0.iter().all(|disk| disk.open && disk.silent().is_empty())
    }

    fn text(&self, style: &Style) -> String {
        let mut table = Table::new(["host", "encrypted disk", "state", "opened by", "no answer from"]);
        for disk in &self.0 {
            let state = if disk.open { Cell::new(style.good, "open") } else { Cell::new(style.error, "closed") };
            let silent = disk.silent();
            let opened_by = format!("{}/{}", disk.servers.len() - silent.len(), disk.servers.len());
            table.row([
                clean(&disk.host).into(),
                clean(&disk.name).into(),
                state,
                opened_by.into(),
                Cell::new(style.warning, list(&silent, 4)),
            ]);
        }
        // One answer is enough at boot, none is not.
        let locked = self.0.iter().any(|disk| !disk.servers.is_empty() && disk.silent().len() == disk.servers.len());
        let hint = "no server answers that could open it: after a reboot it stays closed until one does";
        table.render(style) + &if locked { hint_line(hint, style) } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(name: &str, open: bool, servers: &[(&str, Option<bool>)]) -> Encrypted {
        let servers = servers.iter().map(|(url, answers)| ((*url).to_owned(), *answers)).collect();
        Encrypted { host: "storage-1".into(), name: name.into(), device: "/dev/vdb".into(), open, servers }
    }

    #[test]
    fn closed_disks_and_silent_servers_ail() {
        let (one, two) = ("http://10.90.0.11:7500", "http://10.90.0.12:7500");
        let well = Encryption(vec![disk("luks-data", true, &[(one, Some(true)), (two, Some(true))])]);
        assert!(well.is_well());
        assert_eq!(
            well.text(&Style::plain()),
            "host       encrypted disk  state  opened by  no answer from\nstorage-1  luks-data       open   2/2\n"
        );
        let some = Encryption(vec![disk("luks-data", true, &[(one, Some(true)), (two, Some(false))])]);
        assert!(!some.is_well());
        let text = some.text(&Style::plain());
        assert!(text.ends_with("1/2        http://10.90.0.12:7500\n"), "{text}");
        let none = Encryption(vec![disk("luks-data", false, &[(one, Some(false)), (two, None)])]);
        let text = none.text(&Style::plain());
        assert!(text.contains("closed") && text.contains("0/2") && text.contains("hint: no server answers"), "{text}");
    }
}
