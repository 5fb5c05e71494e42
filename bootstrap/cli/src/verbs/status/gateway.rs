//! Which server is the way out now.

use std::net::{IpAddr, Ipv4Addr};

use regionctl_engine::Survey;
use regionctl_inventory::Region;
use regionctl_roles::gateway_servers;
use serde::Serialize;

use super::Section;
use super::look::{has_role, views};
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::words::list;

/// The gateway's address, and who has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    address: Ipv4Addr,
    holders: Vec<String>,
    /// Servers that may hold it, and were not asked or did not answer.
    unknown: Vec<String>,
}

/// `None` without a gateway, or where it is not installed yet. The addresses of a host are among its facts.
pub fn section(region: &Region, survey: &Survey) -> Option<Gateway> {
    let network = &region.spec.network;
    let (gateway, address) = (network.gateway.as_ref()?, network.gateway_address()?);
    let view = |name: &str| views(survey).find(|(known, _)| *known == name).map(|(_, view)| view);
    let servers: Vec<_> = gateway_servers(region, gateway).iter().map(|server| server.name.as_str()).collect();
    if !servers.iter().any(|name| view(name).is_some_and(|view| has_role(view, "network/gateway"))) {
        return None;
    }
    // Whoever has it, whether meant to or not.
    let holds = views(survey).filter(|(_, view)| view.facts.nic_with(IpAddr::V4(address)).is_some());
    let holders = holds.map(|(name, _)| name.to_owned()).collect();
    let unknown = servers.into_iter().filter(|name| view(name).is_none()).map(str::to_owned).collect();
    Some(Gateway { address, holders, unknown })
}

impl Section for Gateway {
    fn is_well(&self) -> bool {
        match self.holders.len() {
            0 => !self.unknown.is_empty(),
            holders => holders == 1,
        }
    }

    fn text(&self, style: &Style) -> String {
        let holders: Vec<_> = self.holders.iter().map(|name| clean(name)).collect();
        let (said, hint) = match (holders.as_slice(), self.unknown.as_slice()) {
            ([one], _) => (one.clone(), None),
            ([], []) => {
                let hint = "`journalctl -u keepalived` on its servers says why; what lives on the vrack only has no way out";
                (style.paint(style.error, "nobody holds it"), Some(hint))
            }
            ([], unknown) => (format!("not known without {}", clean(&list(unknown, 8))), None),
            (several, _) => {
                let hint = "they do not hear each other: look at the vrack between them, and at `journalctl -u keepalived`";
                let said = format!("{} hold it at the same time", list(several, 8));
                (style.paint(style.error, said), Some(hint))
            }
        };
        format!("gateway {}: {said}\n{}", self.address, hint.map(|hint| hint_line(hint, style)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(holders: &[&str], unknown: &[&str]) -> Gateway {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Gateway { address: Ipv4Addr::new(10, 90, 0, 1), holders: names(holders), unknown: names(unknown) }
    }

    #[test]
    fn one_holds_it_and_no_more() {
        let told = |gateway: Gateway| (gateway.is_well(), gateway.text(&Style::plain()));
        assert_eq!(told(gateway(&["a"], &["b"])), (true, "gateway 10.90.0.1: a\n".to_owned()));
        assert_eq!(told(gateway(&[], &["b"])), (true, "gateway 10.90.0.1: not known without b\n".to_owned()));
        let (well, text) = told(gateway(&[], &[]));
        assert!(!well && text.starts_with("gateway 10.90.0.1: nobody holds it\n  hint: "), "{text}");
        let (well, text) = told(gateway(&["a", "b"], &[]));
        assert!(!well && text.starts_with("gateway 10.90.0.1: a, b hold it at the same time\n  hint: "), "{text}");
    }
}
