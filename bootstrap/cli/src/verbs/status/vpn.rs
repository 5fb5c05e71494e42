//! Who is connected to the VPN.

use std::time::Duration;

use regionctl_engine::{HostView, Survey};
use regionctl_plan::rfc3339;
use regionctl_roles::vpn::{STATUS, UNIT};
use serde::Serialize;

use super::Section;
use super::look::{self, Answers, has_role};
use crate::render::clean::clean;
use crate::render::style::Style;
use crate::render::table::Table;
use crate::render::time::date_and_clock;
use crate::render::words::list;

const ROLE: &str = "vpn/openvpn";

/// The VPN's clients, as its servers last wrote them down: OpenVPN does so every minute.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpn {
    clients: Vec<Client>,
    /// Servers that could not be asked.
    silent: Vec<String>,
}

/// A connection.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Client {
    user: String,
    /// RFC 3339, UTC.
    since: String,
    /// In the VPN.
    address: String,
    /// Address and port outside.
    from: String,
    server: String,
}

/// Prints what a server that runs says of its clients: one that does not run leaves its last word behind.
pub fn script(view: &HostView) -> Option<String> {
    let script = format!(
        "if systemctl is-active -q {UNIT}; then\n  \
         grep CLIENT_LIST {STATUS} | while IFS= read -r line; do row vpn line \"$line\"; done\nfi\n"
    );
    has_role(view, ROLE).then_some(script)
}

/// `None` where no server of the VPN was asked.
pub fn section(survey: &Survey, answers: &Answers) -> Option<Vpn> {
    let servers: Vec<_> = look::views(survey).filter(|(_, view)| has_role(view, ROLE)).map(|(name, _)| name).collect();
    let mut vpn = Vpn { clients: Vec::new(), silent: Vec::new() };
    for server in &servers {
        match answers.of(server) {
            Some(rows) => vpn.clients.extend(read(rows.all("vpn", "line"), server)),
            None => vpn.silent.push((*server).to_owned()),
        }
    }
    vpn.clients.sort();
    (!servers.is_empty()).then_some(vpn)
}

/// Reads the lines of a status file, version 2, whose heading names the columns.
fn read(lines: &[String], server: &str) -> Vec<Client> {
    let head: Vec<_> =
        lines.iter().find_map(|line| line.strip_prefix("HEADER,CLIENT_LIST,")).unwrap_or_default().split(',').collect();
    let client = |line: &String| {
        let cells: Vec<_> = line.strip_prefix("CLIENT_LIST,")?.split(',').collect();
        let cell = |name: &str| cells.get(head.iter().position(|known| *known == name)?).map(|cell| (*cell).to_owned());
        Some(Client {
            // Whoever has not shown a certificate yet is nobody.
            user: cell("Common Name").filter(|user| user != "UNDEF")?,
            since: rfc3339(Duration::from_secs(cell("Connected Since (time_t)")?.parse().ok()?)),
            address: cell("Virtual Address")?,
            from: cell("Real Address")?,
            server: server.to_owned(),
        })
    };
    lines.iter().filter_map(client).collect()
}

impl Section for Vpn {
    /// A server that does not run is not as wanted already.
    fn is_well(&self) -> bool {
        self.silent.is_empty()
    }

    fn text(&self, style: &Style) -> String {
        let unknown = match self.silent.as_slice() {
            [] => String::new(),
            silent => format!("VPN: not known from {}\n", clean(&list(silent, 8))),
        };
        if self.clients.is_empty() {
            return if unknown.is_empty() { "VPN: nobody is connected\n".to_owned() } else { unknown };
        }
        let mut table = Table::new(["VPN user", "since", "address", "from", "server"]);
        for client in &self.clients {
            let Client { user, since, address, from, server } = client;
            table.row([
                clean(user).into(),
                date_and_clock(since).into(),
                clean(address).into(),
                clean(from).into(),
                clean(server).into(),
            ]);
        }
        table.render(style) + &unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of OpenVPN 2.6.14 on a host an hour ahead of UTC; the last client, as `multi_print_status` in its multi.c has it, has not shown a certificate yet.
    const TEXT: &str = "\
HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t),Username,Client ID,Peer ID,Data Channel Cipher
CLIENT_LIST,bob,203.0.113.14:52271,10.91.0.2,,27362,27064,2026-11-21 17:57:42,1795280262,UNDEF,0,0,AES-256-GCM
CLIENT_LIST,UNDEF,198.51.100.7:1194,,,14,54,2026-11-21 17:58:02,1795280282,UNDEF,1,1,
";

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn who_is_connected() {
        let clients = read(&lines(TEXT), "compute-1");
        let vpn = Vpn { clients, silent: Vec::new() };
        assert_eq!(
            vpn.text(&Style::plain()),
            "VPN user  since                address    from                server\n\
             bob       2026-11-21 16:57:42  10.91.0.2  203.0.113.14:52271  compute-1\n"
        );
    }

    #[test]
    fn nobody_and_nonsense() {
        assert_eq!(read(&lines(TEXT)[..1], "a"), []);
        assert_eq!(read(&lines("CLIENT_LIST,alice,1,2,3"), "a"), []);
        assert_eq!(read(&[], "a"), []);
    }

    #[test]
    fn a_server_that_is_silent_may_have_clients() {
        let told = |silent: &[&str]| {
            let silent = silent.iter().map(|name| (*name).to_owned()).collect();
            Vpn { clients: Vec::new(), silent }.text(&Style::plain())
        };
        assert_eq!(told(&[]), "VPN: nobody is connected\n");
        assert_eq!(told(&["a", "b"]), "VPN: not known from a, b\n");
    }
}
