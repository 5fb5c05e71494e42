//! Whose a server is: every region has an id of its own, made by its first run, kept in its folder and on its servers.
//!
//! A second inventory that names the same servers has another id. Names and generation numbers cannot tell the two apart.

use regionctl_plan::{Facts, Finding, Mark, Severity, quote};

use crate::engine::{Engine, Survey};
use crate::folder::FolderError;
use crate::remote::HostError;

/// What a server's generation is proven with.
const REACHED: &str = "generation reached";

/// Shell that makes a server the region's, under this name.
pub(crate) fn mark_script(mark: &Mark, server: &str) -> String {
    let (mark, server) = (quote(&mark.to_string()), quote(server));
    format!(
        r#"
for note in region={mark} server={server}; do
  file=$STATE/${{note%%=*}} note=${{note#*=}}
  [ "$(cat "$file" 2>/dev/null)" = "$note" ] || {{ printf '%s\n' "$note" >"$file.new" && mv -f "$file.new" "$file"; }} || cannot_write
done
"#
    )
}

impl Engine {
    /// The region's mark; `None` if it has no id yet.
    pub(crate) fn mark(&self) -> Result<Option<Mark>, FolderError> {
        Ok(self.folder.id()?.map(|id| Mark { id, region: self.about.region.clone() }))
    }

    /// The region's mark for a run: as the folder has it, as most servers of that name have it, or a new one.
    pub(crate) fn mark_for_run(&self, survey: &Survey) -> Result<Mark, FolderError> {
        if let Some(mark) = self.mark()? {
            return Ok(mark);
        }
        let own = |mark: &&Mark| mark.region == self.about.region;
        let marks: Vec<_> = facts(survey).filter_map(|(_, facts)| facts.region.as_ref()).filter(own).collect();
        let common = marks.iter().max_by_key(|mark| marks.iter().filter(|other| other.id == mark.id).count());
        let id = self.folder.keep_id(common.map(|mark| mark.id.as_str()))?;
        Ok(Mark { id, region: self.about.region.clone() })
    }

    /// True if the server belongs to another region than this folder's.
    pub(crate) fn is_foreign(&self, own: Option<&Mark>, facts: &Facts) -> bool {
        let differs = |theirs: &Mark| own.map_or(theirs.region != self.about.region, |own| own.id != theirs.id);
        facts.region.as_ref().is_some_and(differs)
    }

    /// The servers that another region's folder runs.
    pub(crate) fn foreign(&self, own: Option<&Mark>, survey: &Survey) -> Vec<Finding> {
        let finding = |(host, facts): (&String, &Facts)| {
            let theirs = facts.region.as_ref().filter(|_| self.is_foreign(own, facts))?;
            let message = format!("it belongs to region `{}`, which has another folder and other secrets", theirs.region);
            let hint = "`reset` it from that folder; or, if this is to be its region from now on, `--allow region-foreign`";
            Some(Finding::new("region-foreign", Severity::Error, message).on(host).hint(hint))
        };
        facts(survey).filter_map(finding).collect()
    }

    /// What proves that the region reached this generation.
    pub(crate) fn proof_of(&self, mark: &Mark, generation: u64) -> Option<String> {
        self.vault.secrets().proof(REACHED, &format!("{} {generation}", mark.id))
    }

    /// One server that claims a generation which neither this folder nor most others know, and cannot prove it, is left out:
    /// otherwise it would stop the whole region.
    pub(crate) fn disbelieve(&self, survey: &mut Survey) -> Result<(), FolderError> {
        let known = self.folder.generations()?.last().copied();
        let mark = self.mark()?;
        let claims = |facts: &Facts| facts.generation.filter(|theirs| Some(*theirs) > known);
        let answered = facts(survey).count();
        let ahead = facts(survey).filter(|(_, facts)| claims(facts).is_some()).count();
        if 2 * ahead > answered {
            return Ok(());
        }
        for (host, answer) in survey.iter_mut() {
            let Some(facts) = answer.as_ref().ok().map(|surveyed| &surveyed.view.facts) else { continue };
            let Some(number) = claims(facts).filter(|_| !self.is_foreign(mark.as_ref(), facts)) else { continue };
            let proof = mark.as_ref().or(facts.region.as_ref()).and_then(|mark| self.proof_of(mark, number));
            if proof.is_some() && proof == facts.generation_proof {
                continue;
            }
            let message = format!(
                "it says that it is at generation {number}, which no other server and not this folder knows; if that is right, \
                 `regionctl history --fetch --from {host}` brings it here"
            );
            *answer = Err(HostError::Answer { host: host.clone(), doing: "asking", message });
        }
        Ok(())
    }
}

fn facts(survey: &Survey) -> impl Iterator<Item = (&String, &Facts)> {
    survey.iter().filter_map(|(host, answer)| Some((host, &answer.as_ref().ok()?.view.facts)))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use regionctl_secrets::Secret;

    use super::*;
    use crate::engine::About;
    use crate::folder::RegionFolder;
    use crate::kind::Kinds;
    use crate::planner::HostView;
    use crate::secrets::Secrets;
    use crate::survey::{Goal, Selection, Surveyed};
    use crate::{Generation, Wants};

    struct Sealed;

    impl Secrets for Sealed {
        fn get(&self, _name: &str, _version: u64) -> Option<Secret<String>> {
            None
        }

        fn fingerprint(&self, text: &str) -> Option<String> {
            Some(regionctl_plan::sha256(text.as_bytes()))
        }

        fn sealed(&self) -> Option<Vec<u8>> {
            None
        }
    }

    struct Nothing;

    impl Wants for Nothing {
        fn layers(&self) -> Vec<String> {
            vec!["base".into()]
        }

        fn wanted(&self, _layer: &str, _host: &str, _facts: &Facts) -> Vec<regionctl_plan::Resource> {
            Vec::new()
        }
    }

    /// A region `demo` whose folder is at generation 3.
    fn engine(folder: &tempfile::TempDir) -> Engine {
        let about = About {
            region: "demo".into(),
            release: String::new(),
            inventory: String::new(),
            inventory_digest: String::new(),
            notes: Vec::new(),
        };
        let folder = RegionFolder::beside(&folder.path().join("region.yaml"));
        let generation = Generation {
            number: 3,
            parent: None,
            at: String::new(),
            run: String::new(),
            release: String::new(),
            inventory_digest: String::new(),
            inventory: String::new(),
            region: None,
            proof: None,
            wanted: BTreeMap::new(),
        };
        folder.keep_generation(&generation).unwrap();
        Engine::new(Kinds::host(), Arc::new(Nothing), folder, [], about, 1).with_secrets(Arc::new(Sealed))
    }

    fn survey<'a>(hosts: impl IntoIterator<Item = (&'a str, Facts)>) -> Survey {
        let view = |facts| HostView {
            facts,
            ledger: Vec::new(),
            wanted: Vec::new(),
            wanted_by_any: BTreeSet::new(),
            have: BTreeMap::new(),
            locked: BTreeMap::new(),
        };
        let surveyed = |facts| Surveyed { view: view(facts), lease: None, clock: 0, answered: 0, taken_from: None };
        hosts.into_iter().map(|(host, facts)| (host.to_owned(), Ok(surveyed(facts)))).collect()
    }

    fn at(generation: u64, mark: &Mark) -> Facts {
        Facts { generation: Some(generation), region: Some(mark.clone()), ..Facts::assumed() }
    }

    fn demo(id: &str) -> Mark {
        Mark { id: id.repeat(32), region: "demo".into() }
    }

    #[test]
    fn a_region_has_one_id() {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(&folder);
        let common = survey([("a", at(3, &demo("1"))), ("b", at(3, &demo("2"))), ("c", at(3, &demo("2")))]);
        assert_eq!(engine.mark_for_run(&common).unwrap(), demo("2"));
        assert_eq!(engine.mark_for_run(&survey([("a", at(3, &demo("1")))])).unwrap(), demo("2"));
    }

    #[test]
    fn a_server_of_another_region_is_forbidden_by_name_before_its_generation_counts() {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(&folder);
        engine.folder.keep_id(Some(&demo("1").id)).unwrap();
        let theirs = Mark { id: "2".repeat(32), region: "other".into() };
        let all = survey([("a", at(3, &demo("1"))), ("b", at(9, &theirs)), ("c", at(9, &theirs))]);
        let plan = engine.plan(&all, &Selection::default(), &Goal::Wanted).unwrap();
        let named: Vec<_> =
            plan.findings.iter().filter(|f| f.name == "region-foreign").filter_map(|f| f.host.as_deref()).collect();
        assert_eq!(named, ["b", "c"]);
        // The same name with another id is another region, too.
        assert_eq!(engine.foreign(Some(&demo("1")), &survey([("a", at(3, &demo("2")))])).len(), 1);
        assert_eq!(engine.unsettled(&all).unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn one_server_that_claims_too_much_is_left_out_and_a_proof_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(&folder);
        engine.folder.keep_id(Some(&demo("1").id)).unwrap();
        let left_out = |facts: Facts| {
            let mut all = survey([("a", facts), ("b", at(3, &demo("1"))), ("c", at(3, &demo("1")))]);
            engine.disbelieve(&mut all).unwrap();
            all["a"].is_err()
        };
        assert!(left_out(at(4, &demo("1"))));
        assert!(!left_out(at(3, &demo("1"))));
        let proof = engine.proof_of(&demo("1"), 4);
        let proven = Facts { generation_proof: proof, ..at(4, &demo("1")) };
        assert!(!left_out(proven.clone()));
        assert!(left_out(Facts { generation: Some(5), ..proven }));
        // What most servers say is so: then it is this folder that is behind.
        let mut all = survey([("a", at(4, &demo("1"))), ("b", at(4, &demo("1"))), ("c", at(3, &demo("1")))]);
        engine.disbelieve(&mut all).unwrap();
        assert!(all.values().all(Result::is_ok));
        assert!(engine.plan(&all, &Selection::default(), &Goal::Wanted).is_err());
    }
}
