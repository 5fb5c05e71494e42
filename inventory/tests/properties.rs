//! What holds for every document and every region.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use std::{collections::BTreeMap, net::IpAddr};

use proptest::prelude::*;
use regionctl_inventory::{AddressRange, Inventory, Known, allot, parse, parse_bytes};

const FOUR: &str = include_str!("../examples/four-servers.yaml");
const LAB: &str = include_str!("../examples/lab.yaml");

/// A small region with these servers, in this order, and no address written.
fn region(names: &[String]) -> String {
    let mut text =
        "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {name: r}\nspec:\n  release: x\n  servers:\n".to_owned();
    for (number, name) in names.iter().enumerate() {
        let (high, low) = (number / 200, number % 200);
        text.push_str(&format!("  - {{name: {name}, roles: [compute], address: 10.1.{high}.{low}}}\n"));
    }
    text
}

fn addresses(inventory: &Inventory) -> BTreeMap<String, IpAddr> {
    inventory.region.servers().iter().map(|server| (server.name.to_string(), server.vrack_address())).collect()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}-[1-9][0-9]?", "(compute|storage|gpu)-[1-9][0-9]?", "[a-z][a-z0-9]{0,10}"]
        .prop_filter("reserved", |name| {
            !["api", "apps", "console", "gateway", "localhost", "ns", "region", "registry", "vpn"].contains(&name.as_str())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Adding, removing or reordering servers never moves another.
    #[test]
    fn no_server_moves_another(
        names in proptest::collection::btree_set(name(), 2..20),
        keep in proptest::collection::vec(any::<bool>(), 20),
        turn in any::<prop::sample::Index>(),
    ) {
        let all: Vec<String> = names.into_iter().collect();
        let mut some: Vec<String> = all.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(name, _)| name.clone()).collect();
        prop_assume!(!some.is_empty());
        let start = turn.index(some.len());
        some.rotate_left(start);
        let (Ok(before), Ok(after)) = (
            parse(&region(&some), "r", &Known::default()),
            parse(&region(&all), "r", &Known::default()),
        ) else {
            // Two names on one address: an error, which moves nothing either.
            return Ok(());
        };
        let (before, after) = (addresses(&before), addresses(&after));
        for (name, address) in before {
            prop_assert_eq!(after[&name], address);
        }
    }

    /// An allotted address lies in its range, and hosts of one stem never meet while the range has room.
    #[test]
    fn allotment_stays_in_range(name in "[a-z]{1,12}", first in any::<u32>(), length in 1u32..5000, a in 0u64..4000, b in 0u64..4000) {
        let last = first.saturating_add(length - 1);
        let range = AddressRange::ordered(first.into(), last.into());
        let one = allot(&format!("{name}-{a}"), range);
        prop_assert!(range.contains(one));
        let two = allot(&format!("{name}-{b}"), range);
        if a % range.len() != b % range.len() {
            prop_assert_ne!(one, two);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        if let Err(wrong) = parse(&text, "r", &Known::default()) {
            let _ = wrong.to_string();
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_bytes(&bytes, "r", &Known::default()).map_err(|wrong| wrong.to_string());
    }

    #[test]
    fn no_yaml_is_too_strange(text in "([a-z]{1,3}: |- |[&*][ab] |[\\[\\]{},:?|>#!%@\"' \t\r\n-]|  |\n|spec|x){0,60}") {
        let _ = parse(&text, "r", &Known::default()).map_err(|wrong| wrong.to_string());
    }

    /// A document with a change anywhere is read or refused, with places that are in the text.
    #[test]
    fn no_mutation_is_too_strange(
        four in any::<bool>(),
        place in any::<prop::sample::Index>(),
        cut in 0usize..40,
        put in "([a-z0-9:/.,\\[\\]{}&*!|>'\"% \t\n-]|\\PC){0,12}",
    ) {
        let text = if four { FOUR } else { LAB };
        let chars: Vec<char> = text.chars().collect();
        let start = place.index(chars.len());
        let end = (start + cut).min(chars.len());
        let changed: String = chars[..start].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        if let Err(wrong) = parse(&changed, "r", &Known::default()) {
            let lines = changed.lines().count() + 1;
            for mistake in &wrong {
                prop_assert!((1..=lines).contains(&mistake.line), "{mistake}");
                prop_assert!(mistake.column >= 1);
            }
            let _ = wrong.to_string();
        }
    }

    /// A line that is taken away, doubled or moved: the lists and sections of the document change their shape.
    #[test]
    fn no_order_of_lines_is_too_strange(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), indent in 0usize..6) {
        let mut lines: Vec<String> = FOUR.lines().map(str::to_owned).collect();
        let line = lines.remove(from.index(lines.len()));
        let to = to.index(lines.len());
        lines.insert(to, format!("{}{}", " ".repeat(indent), line.trim_start()));
        let _ = parse(&lines.join("\n"), "r", &Known::default()).map_err(|wrong| wrong.to_string());
    }
}
