//! Whether services answer where they are used: that files and units are right does not say so. Names and the gateway are asked from
//! every server on the vrack, and into every mounted volume a small file is written and removed again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regionctl_engine::{HostView, Survey};
use regionctl_inventory::Region;
use regionctl_plan::quote;
use serde::Serialize;

use super::Section;
use super::look::{Answers, has_role, names_of, views};
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::words::list;

/// What does not answer, and whom.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    /// Servers that do not answer for names, and whom.
    names: BTreeMap<String, Vec<String>>,
    /// Servers that the gateway's address does not answer.
    gateway: Vec<String>,
    /// Mount points that take no file, by server.
    mounts: BTreeMap<String, Vec<String>>,
    /// What was asked for, in words.
    asked: Vec<&'static str>,
}

/// What answers for names: by what it is called, and its address.
fn name_servers(region: &Region, survey: &Survey) -> BTreeMap<String, String> {
    let serves = |name: &str| views(survey).any(|(known, view)| known == name && has_role(view, "network/dns"));
    let servers = region.servers().iter().filter(|server| serves(server.name.as_str()));
    servers.map(|server| (server.name.to_string(), server.vrack_address().to_string())).collect()
}

/// The address of a gateway that is installed.
fn gateway(region: &Region, survey: &Survey) -> Option<String> {
    let address = region.spec.network.gateway_address()?;
    views(survey).any(|(_, view)| has_role(view, "network/gateway")).then(|| address.to_string())
}

fn is_on_vrack(region: &Region, host: &str, view: &HostView) -> bool {
    region.server(host).is_some_and(|server| view.facts.nic_with(server.vrack_address()).is_some())
}

/// `ask_names NAME ADDRESS QUERY`: the answer says no error and has a record (RFC 1035, section 4.1.1).
const NAMES: &str = r#"
ask_names() {
  set -- "$1" $(timeout 3 bash -c 'exec 3<>"/dev/udp/$0/53" && printf "$1" >&3 && head -c 12 <&3 | od -An -v -tx1' "$2" "$3")
  name=$1; shift
  [ $# = 12 ] && [ "$1$2" = 1234 ] && [ "$((0x$4 & 15))" = 0 ] && [ "$7$8" != 0000 ] && row names "$name" yes || row names "$name" no
}
"#;

/// A mount that hangs is not waited for: whoever writes there may never come back.
const WRITE: &str = r#"
try_write() {
  came=$(mktemp) || return 0
  {
    if file=$(mktemp "$1/.regionctl.XXXXXX") && echo regionctl >"$file" && sync -- "$file" && rm -f -- "$file"; then
      echo yes >"$came"
    else rm -f -- "${file:-}"; echo no >"$came"; fi
  } </dev/null >/dev/null 2>&1 &
  end=$(($(seconds) + 10))
  until [ -s "$came" ] || [ "$(seconds)" -ge "$end" ]; do sleep 0.1; done
  row mount "$1" "$(cat "$came")."
  rm -f -- "$came"
}
"#;

/// What a host asks of the others and of itself.
pub fn script(region: &Region, host: &str, view: &HostView, survey: &Survey) -> Option<String> {
    let mut script = String::new();
    if is_on_vrack(region, host, view) {
        let gateway = gateway(region, survey);
        let servers = name_servers(region, survey);
        if !servers.is_empty() {
            script += NAMES;
        }
        for (name, address) in &servers {
            let query = query(&format!("{name}.{}", region.domain()));
            let _ = writeln!(script, "ask_names {} {} {} &", quote(name), quote(address), quote(&query));
        }
        if let Some(address) = gateway {
            let address = quote(&address);
            let ask = format!(
                "if ping -n -q -c 3 -i 0.2 -W 1 {address} >/dev/null; then row gateway answers yes; else row gateway answers no; fi"
            );
            let _ = writeln!(script, "! command -v ping >/dev/null || {{ {ask}; }} &");
        }
    }
    let mounts: Vec<_> = mounts(view).collect();
    if !mounts.is_empty() {
        script += WRITE;
    }
    mounts.into_iter().for_each(|mount| {
        let _ = writeln!(script, "try_write {} &", quote(mount));
    });
    (!script.is_empty()).then(|| script + "wait\n")
}

/// The volumes that are mounted where the inventory wants them; bricks are no place to write.
fn mounts(view: &HostView) -> impl Iterator<Item = &str> {
    let of_role = move |name: &&str| {
        let mut entries = view.ledger.iter().map(|entry| &entry.resource);
        entries.any(|resource| resource.role == "gluster/mounts" && resource.id.name == **name)
    };
    names_of(view, "mount").filter(of_role)
}

/// A question for the address of a name, as `printf` writes it (RFC 1035, section 4.1).
fn query(name: &str) -> String {
    let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        bytes.extend(label.bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes.iter().fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}"))
}

/// `None` where nothing was asked.
pub fn section(region: &Region, survey: &Survey, answers: &Answers) -> Option<Services> {
    let mut services = Services::default();
    let servers = name_servers(region, survey);
    let gateway = gateway(region, survey);
    let mut mounted = false;
    for (host, view) in views(survey) {
        let Some(rows) = answers.of(host) else { continue };
        for name in servers.keys().filter(|name| rows.get("names", name) == Some("no")) {
            services.names.entry(name.clone()).or_default().push(host.to_owned());
        }
        if rows.get("gateway", "answers") == Some("no") {
            services.gateway.push(host.to_owned());
        }
        for mount in mounts(view) {
            mounted = true;
            if rows.get("mount", mount) != Some("yes.") {
                services.mounts.entry(host.to_owned()).or_default().push(mount.to_owned());
            }
        }
    }
    let asked = [(!servers.is_empty(), "names"), (gateway.is_some(), "the gateway"), (mounted, "mounted volumes")];
    services.asked = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, what)| what).collect();
    (!services.asked.is_empty()).then_some(services)
}

impl Section for Services {
    fn is_well(&self) -> bool {
        self.names.is_empty() && self.gateway.is_empty() && self.mounts.is_empty()
    }

    fn text(&self, style: &Style) -> String {
        if self.is_well() {
            return format!("services: {} answer where they are used\n", self.asked.join(", "));
        }
        let all = |names: &[String]| clean(&list(names, 8));
        let mut text = format!("services: {}\n", style.paint(style.error, "not all answer"));
        for (name, whom) in &self.names {
            text += &format!("  names: {} does not answer {}\n", clean(name), all(whom));
        }
        if !self.gateway.is_empty() {
            text += &format!("  the gateway does not answer {}\n", all(&self.gateway));
        }
        for (host, mounts) in &self.mounts {
            text += &format!("  {} cannot write to {}\n", clean(host), all(mounts));
        }
        let hint = "where all is as wanted, somebody else is in the way: `nft list ruleset` on the server that does not answer; \
                    `journalctl -u unbound -u keepalived`, and the log of a volume in `/var/log/glusterfs`";
        text + &hint_line(hint, style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The question of RFC 1035, section 4.1.2, by hand: `ab.c`, class IN, type A.
    #[test]
    fn a_question_for_a_name() {
        let head = r"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        assert_eq!(query("ab.c."), format!(r"{head}\x02\x61\x62\x01\x63\x00\x00\x01\x00\x01"));
    }

    #[test]
    fn what_does_not_answer_is_named_with_whom() {
        let one = |name: &str| vec![name.to_owned()];
        let asked = vec!["names", "the gateway"];
        let well = Services { asked: asked.clone(), ..Services::default() };
        assert!(well.is_well());
        assert_eq!(well.text(&Style::plain()), "services: names, the gateway answer where they are used\n");
        let some = Services {
            names: [("a".to_owned(), vec!["b".to_owned(), "c".to_owned()])].into(),
            gateway: one("c"),
            mounts: [("b".to_owned(), one("/srv/data"))].into(),
            asked,
        };
        assert!(!some.is_well());
        let text = some.text(&Style::plain());
        let said = "services: not all answer\n  names: a does not answer b, c\n  the gateway does not answer c\n  \
                    b cannot write to /srv/data\n  hint: ";
        assert!(text.starts_with(said), "{text}");
    }
}
