//! Whether each server reaches each other one over the vrack.

use std::collections::BTreeMap;

use regionctl_engine::{HostView, Rows, Survey};
use regionctl_inventory::{Region, Server};
use regionctl_roles::ask_others;
use serde::Serialize;

use super::Section;
use super::look::{Answers, views};
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::words::list;

/// The ways over the vrack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pairs {
    /// The size of the packets that are to pass, in bytes.
    mtu: u16,
    /// From each server that was asked, to each other one.
    ways: BTreeMap<String, BTreeMap<String, Way>>,
    /// Servers that could not be asked, and why.
    not_asked: BTreeMap<String, &'static str>,
    /// True if no server of the region was left out.
    all: bool,
}

/// What comes back from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    /// Packets of full size.
    Full,
    /// Small packets only.
    Small,
    /// Nothing.
    None,
}

/// True for a host that is part of the region and of what was asked for.
fn is_meant(view: &HostView) -> bool {
    view.facts.generation.is_some() && view.wanted.iter().any(|(layer, _)| layer == "network")
}

fn on_vrack(view: &HostView, server: &Server) -> bool {
    view.facts.nic_with(server.vrack_address()).is_some()
}

/// Asks only from a host that has its address there: without it packets would leave through the public network.
pub fn script(region: &Region, host: &str, view: &HostView) -> Option<String> {
    let server = region.server(host).filter(|server| is_meant(view) && on_vrack(view, server))?;
    let ask = ask_others(region, server)?;
    Some(format!(
        "if command -v ping >/dev/null; then\n{ask}\
         ask_others | while read -r other came; do row pair \"$other\" \"$came\"; done\nelse row pair ping none; fi\n"
    ))
}

/// `None` where there is no pair, or nothing is installed yet.
pub fn section(region: &Region, survey: &Survey, answers: &Answers) -> Option<Pairs> {
    let meant: Vec<_> = views(survey).filter(|(_, view)| is_meant(view)).collect();
    let all = meant.len() == region.servers().len();
    let mut pairs = Pairs { mtu: region.spec.network.vrack.mtu, ways: BTreeMap::new(), not_asked: BTreeMap::new(), all };
    for (name, view) in meant {
        let Some(server) = region.server(name) else { continue };
        match asked(server, view, answers) {
            Ok(rows) => drop(pairs.ways.insert(name.to_owned(), ways(region, server, rows))),
            Err(why) => drop(pairs.not_asked.insert(name.to_owned(), why)),
        }
    }
    let nothing = region.servers().len() < 2 || (pairs.ways.is_empty() && pairs.not_asked.is_empty());
    (!nothing).then_some(pairs)
}

/// What a server answered, or why it did not.
fn asked<'a>(server: &Server, view: &HostView, answers: &'a Answers) -> Result<&'a Rows, &'static str> {
    if !on_vrack(view, server) {
        return Err("it has no address on the vrack");
    }
    match answers.of(server.name.as_str()) {
        None => Err("it did not answer"),
        Some(rows) if rows.get("pair", "ping").is_some() => Err("it has no `ping`: `apt-get install iputils-ping`"),
        Some(rows) => Ok(rows),
    }
}

fn ways(region: &Region, from: &Server, rows: &Rows) -> BTreeMap<String, Way> {
    let way = |other: &Server| match rows.get("pair", &other.vrack_address().to_string()) {
        Some("full") => Way::Full,
        Some("small") => Way::Small,
        _ => Way::None,
    };
    let others = region.servers().iter().filter(|other| other.name != from.name);
    others.map(|other| (other.name.to_string(), way(other))).collect()
}

impl Section for Pairs {
    fn is_well(&self) -> bool {
        self.not_asked.is_empty() && self.ways.values().flat_map(BTreeMap::values).all(|way| *way == Way::Full)
    }

    fn text(&self, style: &Style) -> String {
        let mtu = self.mtu;
        if self.is_well() {
            let from: Vec<_> = self.ways.keys().map(|name| clean(name)).collect();
            let between =
                if self.all { "between all servers".to_owned() } else { format!("from {} to all others", list(&from, 8)) };
            return format!("vrack: packets of {mtu} bytes pass {between}\n");
        }
        let mut text = format!("vrack: {}\n", style.paint(style.error, format!("not all packets of {mtu} bytes pass")));
        for (from, ways) in &self.ways {
            let to = |which: Way| ways.iter().filter(|(_, way)| **way == which).map(|(to, _)| clean(to)).collect::<Vec<_>>();
            let said = [(Way::None, "no answer from"), (Way::Small, "only small packets to and from")];
            let said = said.map(|(way, what)| (what, to(way))).into_iter().filter(|(_, to)| !to.is_empty());
            let said: Vec<_> = said.map(|(what, to)| format!("{what} {}", list(&to, 8))).collect();
            if !said.is_empty() {
                text += &format!("  {}: {}\n", clean(from), said.join("; "));
            }
        }
        for (name, why) in &self.not_asked {
            text += &format!("  {}: not asked, {why}\n", clean(name));
        }
        text + &hint_line("look at the cables, the switch, the VLAN and its packet size; `regionctl preflight` says more", style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ways: &[(&str, &[(&str, Way)])], not_asked: &[(&str, &'static str)], all: bool) -> Pairs {
        let ways =
            ways.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|(to, way)| ((*to).to_owned(), *way)).collect()));
        let not_asked = not_asked.iter().map(|(name, why)| ((*name).to_owned(), *why)).collect();
        Pairs { mtu: 9000, ways: ways.collect(), not_asked, all }
    }

    #[test]
    fn every_packet_passes() {
        let all = pairs(&[("a", &[("b", Way::Full)]), ("b", &[("a", Way::Full)])], &[], true);
        assert!(all.is_well());
        assert_eq!(all.text(&Style::plain()), "vrack: packets of 9000 bytes pass between all servers\n");
        let one = pairs(&[("a", &[("b", Way::Full)])], &[], false);
        assert_eq!(one.text(&Style::plain()), "vrack: packets of 9000 bytes pass from a to all others\n");
    }

    #[test]
    fn what_does_not_pass_is_named() {
        let ways: &[(&str, &[(&str, Way)])] =
            &[("a", &[("b", Way::None), ("c", Way::Small), ("d", Way::None)]), ("c", &[("a", Way::Full)])];
        let some = pairs(ways, &[("d", "it has no address on the vrack")], true);
        assert!(!some.is_well());
        let text = some.text(&Style::plain());
        let said = "vrack: not all packets of 9000 bytes pass\n  \
                    a: no answer from b, d; only small packets to and from c\n  \
                    d: not asked, it has no address on the vrack\n  hint: ";
        assert!(text.starts_with(said), "{text}");
    }
}
