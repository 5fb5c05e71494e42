//! `regionctl vpn user list`

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regionctl_inventory::{Cidr, Server, VpnGroup};
use regionctl_plan::rfc3339;
use regionctl_roles::vpn::{self, User};
use regionctl_secrets::Secrets;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::region::Region;
use crate::render::clean::clean;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::render::time::date_and_clock;
use crate::vault;
use crate::verbs::Context;

/// A user, as `-o json` prints it.
#[derive(Serialize)]
struct Row {
    name: String,
    group: Option<VpnGroup>,
    /// The user's address at each server of the VPN.
    addresses: BTreeMap<String, Ipv4Addr>,
    expires: String,
    /// Whether the certificate's time is over.
    expired: bool,
    revoked: Option<String>,
}

/// Lists the users.
pub fn run(context: &Context, region: &Region, secrets: &Secrets) -> Result<Exit, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let users = vpn::list(secrets).map_err(|error| vault::vpn_failure(&error))?;
    let rows: Vec<_> = users.into_iter().map(|user| row(&region.inventory.region, user, now)).collect();
    context.output.data(&rows, |style| text(&rows, style))?;
    Ok(Exit::Done)
}

fn row(region: &regionctl_inventory::Region, user: User, now: u64) -> Row {
    let at = |seconds: u64| rfc3339(Duration::from_secs(seconds));
    let address = |(server, part): (&Server, Cidr)| Some((server.name.to_string(), user.place?.address(part)?));
    Row {
        group: user.place.map(|place| place.group),
        addresses: region.vpn_parts().into_iter().filter_map(address).collect(),
        name: user.name,
        expires: at(user.until),
        expired: user.until <= now,
        revoked: user.revoked.map(at),
    }
}

fn text(rows: &[Row], style: &Style) -> String {
    if rows.is_empty() {
        return "the VPN has no users yet\n".to_owned();
    }
    let mut table = Table::new(["user", "group", "addresses", "expires", "state"]);
    for row in rows {
        let state = match (&row.revoked, row.expired) {
            (Some(at), _) => Cell::new(style.warning, format!("revoked {}", date_and_clock(at))),
            (None, true) => Cell::new(style.error, "expired"),
            (None, false) => Cell::new(style.good, "good"),
        };
        let group = row.group.map_or_else(|| "none".to_owned(), |group| group.to_string());
        let addresses = row.addresses.values().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        table.row([clean(&row.name).into(), group.into(), addresses.into(), date_and_clock(&row.expires).into(), state]);
    }
    table.render(style)
}
