//! Generations: what the region was made to be, each time a run ended well.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_plan::{Resource, digest, quote};
use serde::{Deserialize, Serialize};

/// One state of the region that was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// From 1.
    pub number: u64,
    /// The generation it came from.
    pub parent: Option<u64>,
    /// When it was reached, RFC 3339 UTC.
    pub at: String,
    /// The run that reached it.
    pub run: String,
    /// The release.
    pub release: String,
    /// SHA-256 of the inventory, in hexadecimal.
    pub inventory_digest: String,
    /// The inventory's text; it never holds secrets.
    pub inventory: String,
    /// Every resolved wanted resource, by host: a rollback goes back to these, never to a re-rendering.
    pub wanted: BTreeMap<String, Vec<Resource>>,
}

impl Generation {
    /// Shell that keeps the generation on a host, with the encrypted secrets file, if `run` still holds the lease.
    pub fn store_script(&self, run: &str, secrets: Option<&[u8]>) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let secrets = secrets.map_or_else(String::new, |sealed| self.store_secrets(sealed));
        format!(
            r#"
held_by {run} || fail 'another run took the lease'
mkdir -p "$STATE/generations" && chmod 0700 "$STATE/generations"
cat >"$STATE/generations/{number}.new" <<'REGIONCTL_GENERATION'
{json}
REGIONCTL_GENERATION
sync -- "$STATE/generations/{number}.new"
mv -f "$STATE/generations/{number}.new" "$STATE/generations/{number}.json"
{secrets}echo {number} >"$STATE/generation.new" && mv -f "$STATE/generation.new" "$STATE/generation"
ls -1dt "$STATE"/runs/*/ | tail -n +11 | xargs -r rm -rf --
"#,
            run = quote(run),
            number = self.number,
        )
    }

    /// Each generation has the file as it was then: it alone has the versions that the generation's resources speak of.
    fn store_secrets(&self, sealed: &[u8]) -> String {
        let file = format!("\"$STATE/generations/{}.age\"", self.number);
        let new = format!("\"$STATE/generations/{}.age.new\"", self.number);
        format!(
            "(umask 077; base64 -d >{new} <<'REGIONCTL_SECRETS'\n{}\nREGIONCTL_SECRETS\n)\nsync -- {new}\nmv -f {new} {file}\n",
            STANDARD.encode(sealed)
        )
    }

    /// True if the two describe the same region: such a run makes no new generation.
    pub fn same_region(&self, wanted: &BTreeMap<String, Vec<Resource>>, inventory_digest: &str) -> bool {
        self.inventory_digest == inventory_digest && digest(&self.wanted) == digest(wanted)
    }
}
