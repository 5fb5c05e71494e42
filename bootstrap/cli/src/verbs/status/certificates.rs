//! What ends by itself among the secrets: certificates, and the list of revoked ones.

use std::time::Duration;

use regionctl_plan::rfc3339;
use serde::Serialize;

use super::Section;
use crate::render::clean::clean;
use crate::render::findings::hint_line;
use crate::render::style::Style;
use crate::render::table::{Cell, Table};
use crate::render::time::date_and_clock;
use crate::vault::Vault;

/// All of them, as the secrets file has them.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Certificates(Vec<Certificate>);

/// One of them.
#[derive(Debug, Serialize)]
pub struct Certificate {
    /// As `regionctl secrets show` names it.
    name: String,
    /// RFC 3339, UTC.
    ends: String,
    /// True if it is needed and less than a third of its life is left, or none: the next install makes another.
    due: bool,
    over: bool,
}

/// `None` where there are none.
pub fn section(vault: &Vault, now: Duration) -> Option<Certificates> {
    let certificate = |end: &crate::vault::End| Certificate {
        name: end.name.clone(),
        ends: rfc3339(Duration::from_secs(end.at)),
        due: end.due,
        over: end.at <= now.as_secs(),
    };
    let all: Vec<_> = vault.ends().iter().map(certificate).collect();
    (!all.is_empty()).then_some(Certificates(all))
}

impl Section for Certificates {
    fn is_well(&self) -> bool {
        !self.0.iter().any(|certificate| certificate.due)
    }

    fn text(&self, style: &Style) -> String {
        if self.is_well() {
            return String::new();
        }
        let mut table = Table::new(["certificate", "ends", "state"]);
        for Certificate { name, ends, over, .. } in self.0.iter().filter(|certificate| certificate.due) {
            let state = if *over { Cell::new(style.error, "over") } else { Cell::new(style.warning, "to be renewed") };
            table.row([clean(name).into(), date_and_clock(ends).into(), state]);
        }
        let hint = "`regionctl install` renews them; users then need their profiles again: `regionctl vpn profile NAME`";
        table.render(style) + &hint_line(hint, style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str, due: bool, over: bool) -> Certificate {
        Certificate { name: name.to_owned(), ends: rfc3339(Duration::from_secs(1_795_219_200)), due, over }
    }

    #[test]
    fn only_what_is_due_is_told() {
        // What nobody needs any more may be over.
        let well =
            Certificates(vec![certificate("vpn/ca/cert", false, false), certificate("vpn/servers/gone/cert", false, true)]);
        assert!(well.is_well());
        assert_eq!(well.text(&Style::plain()), "");
        let some = Certificates(vec![certificate("vpn/crl", true, true), certificate("vpn/users/a/cert", true, false)]);
        assert!(!some.is_well());
        let text = some.text(&Style::plain());
        let said = "certificate       ends                 state\n\
                    vpn/crl           2026-11-21 00:00:00  over\n\
                    vpn/users/a/cert  2026-11-21 00:00:00  to be renewed\n  hint: ";
        assert!(text.starts_with(said), "{text}");
    }
}
