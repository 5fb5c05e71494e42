//! Plan files: written whole or not at all, and executed only for whom they were made.
//!
//! A plan is root on every server of the region, so a file carries proofs that it is as it was made: one under the region's seal,
//! for all who can open its secrets, and one under the operator's own key, for a region that has no secrets yet.

use std::path::Path;

use regionctl_engine::{Kinds, Secrets, lints};
use regionctl_plan::{PLAN_FORMAT, Plan, digest};
use regionctl_secrets::{Secret, fingerprint};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::operator_key;
use crate::region::Region;

/// What the proofs are for: one made for something else proves no plan.
const PURPOSE: &str = "plan";

/// More than the plan of a large region has.
const MAX_BYTES: u64 = 1 << 30;

/// What a plan file holds.
#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    plan: Plan,
    proofs: Proofs,
}

/// What only the region, or only the operator, can have written beside this plan.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Proofs {
    region: Option<String>,
    operator: Option<String>,
}

impl Proofs {
    fn of(plan: &Plan, secrets: &dyn Secrets, key: Option<&Secret<String>>) -> Self {
        let text = digest(plan);
        let operator = key.map(|key| fingerprint(key, &format!("regionctl {PURPOSE}\n{text}")));
        Self { region: secrets.proof(PURPOSE, &text), operator }
    }

    /// True if the other has one of these.
    fn meet(&self, other: &Self) -> bool {
        let same = |own: &Option<String>, other: &Option<String>| own.is_some() && own == other;
        same(&self.region, &other.region) || same(&self.operator, &other.operator)
    }
}

/// Writes a plan, readable by its owner only: it shows what the hosts hold.
///
/// # Errors
/// The file, or the operator's key, cannot be written.
pub fn write(path: &Path, plan: &Plan, secrets: &dyn Secrets) -> Result<(), Failure> {
    let proofs = Proofs::of(plan, secrets, Some(&operator_key::find_or_make()?));
    let document = Document { format: PLAN_FORMAT, plan: plan.clone(), proofs };
    let mut json = serde_json::to_vec_pretty(&document).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    json.push(b'\n');
    regionctl_files::write(path, &json).map_err(|error| Failure::file("write", path, &error))
}

/// Reads a plan that was made for this region as its inventory is now, by somebody who holds its secrets or by this operator.
/// What the lints find in it is found anew.
///
/// # Errors
/// It is no plan, was edited, or belongs to another region, inventory, operator or version.
pub fn read(path: &Path, region: &Region, secrets: &dyn Secrets) -> Result<Plan, Failure> {
    /// What tells a plan's version.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let again = "`regionctl plan --out FILE` makes a new one";
    let refused = |why: &str| Err(Failure::new(Exit::Refused, format!("`{}` {why}", path.display())).hint(again));
    let bytes = regionctl_files::read(path, MAX_BYTES).map_err(|error| Failure::file("read", path, &error).hint(again))?;
    match serde_json::from_slice::<Format>(&bytes) {
        Ok(Format { format }) if format != PLAN_FORMAT => {
            return refused(&format!("is a plan of format {format}, this version executes format {PLAN_FORMAT}"));
        }
        Ok(_) => {}
        Err(_) => return refused("is not a plan"),
    }
    let Ok(Document { mut plan, proofs, .. }) = serde_json::from_slice(&bytes) else {
        return refused("is not a plan, or a damaged one");
    };
    if !Proofs::of(&plan, secrets, operator_key::find()?.as_ref()).meet(&proofs) {
        return refused("was changed after it was made, or made by somebody who holds none of this region's secrets");
    }
    if plan.region != region.name() {
        return refused(&format!("is a plan for region `{}`, the inventory is of `{}`", plan.region, region.name()));
    }
    if plan.inventory != region.inventory.digest {
        return refused("was made from another inventory than the one there is now");
    }
    let found = lints(&Kinds::host(), &plan);
    plan.findings.extend(found.into_iter().filter(|finding| !plan.findings.contains(finding)).collect::<Vec<_>>());
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use regionctl_engine::NoSecrets;

    use super::*;
    use crate::render::samples;

    /// A region whose secrets have this seal.
    struct Sealed(&'static str);

    impl Secrets for Sealed {
        fn get(&self, _name: &str, _version: u64) -> Option<Secret<String>> {
            None
        }

        fn fingerprint(&self, text: &str) -> Option<String> {
            Some(fingerprint(&Secret::new(self.0.to_owned()), text))
        }

        fn sealed(&self) -> Option<Vec<u8>> {
            None
        }
    }

    fn key(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn who_holds_the_regions_secrets_or_made_the_plan_may_execute_it() {
        let plan = samples::first();
        let file = Proofs::of(&plan, &Sealed("seal"), Some(&key("alice")));
        assert!(Proofs::of(&plan, &Sealed("seal"), Some(&key("bob"))).meet(&file), "another operator of the region");
        assert!(Proofs::of(&plan, &NoSecrets, Some(&key("alice"))).meet(&file), "before the secrets were kept");
        assert!(!Proofs::of(&plan, &Sealed("other"), Some(&key("bob"))).meet(&file), "another region");
        assert!(!Proofs::of(&plan, &NoSecrets, None).meet(&Proofs { region: None, operator: None }), "nobody");
    }

    #[test]
    fn an_edited_plan_proves_nothing() {
        let plan = samples::first();
        let file = Proofs::of(&plan, &Sealed("seal"), Some(&key("alice")));
        let json = serde_json::to_string(&plan).unwrap();
        for (was, is) in [("0644", "0666"), ("\"demo\"", "\"other\"")] {
            assert!(json.contains(was), "{was}");
            let edited: Plan = serde_json::from_str::<Plan>(&json.replace(was, is)).unwrap().seal();
            assert!(!Proofs::of(&edited, &Sealed("seal"), Some(&key("alice"))).meet(&file), "{was}");
        }
    }
}
