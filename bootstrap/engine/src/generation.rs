//! Generations: what the region was made to be, each time a run ended well.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_plan::{Resource, digest, quote};
use serde::{Deserialize, Serialize};

use crate::secrets::Secrets;

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
    /// The region's id.
    #[serde(default)]
    pub region: Option<String>,
    /// What only who holds the region's key can have written of the rest.
    #[serde(default)]
    pub proof: Option<String>,
    /// Every resolved wanted resource, by host: a rollback goes back to these, never to a re-rendering.
    pub wanted: BTreeMap<String, Vec<Resource>>,
}

impl Generation {
    /// What the proof is of, without the proof.
    fn proven(&self, secrets: &dyn Secrets) -> Option<String> {
        secrets.proof("generation", &digest(&Self { proof: None, ..self.clone() }))
    }

    /// With its proof, if the region has a key.
    #[must_use]
    pub fn prove(self, secrets: &dyn Secrets) -> Self {
        Self { proof: self.proven(secrets), ..self }
    }

    /// True if it is as somebody wrote it who holds the region's key.
    pub fn is_proven(&self, secrets: &dyn Secrets) -> bool {
        self.proof.is_some() && self.proof == self.proven(secrets)
    }

    /// Shell that keeps the generation on a host, with the encrypted secrets file, after the shell text `first`, if `run` still
    /// holds the lease; `reached` proves that the region is at it.
    pub fn store_script(&self, run: &str, first: &str, reached: Option<&str>, secrets: Option<&[u8]>) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let secrets = secrets.map_or_else(String::new, |sealed| self.store_secrets(sealed));
        format!(
            r#"
held_by {run} || fail 'another run took the lease'
{first}
mkdir -p "$STATE/generations" && chmod 0700 "$STATE/generations"
cat >"$STATE/generations/{number}.new" <<'REGIONCTL_GENERATION'
{json}
REGIONCTL_GENERATION
sync -- "$STATE/generations/{number}.new"
mv -f "$STATE/generations/{number}.new" "$STATE/generations/{number}.json"
{secrets}printf '%s\n' {at} >"$STATE/generation.new" && mv -f "$STATE/generation.new" "$STATE/generation"
ls -1dt "$STATE"/runs/*/ | tail -n +11 | xargs -r rm -rf --
"#,
            run = quote(run),
            number = self.number,
            at = quote(&reached.map_or_else(|| self.number.to_string(), |proof| format!("{} {proof}", self.number))),
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
