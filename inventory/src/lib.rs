//! The inventory of a region: the document `region.yaml`, from text to checked data.
//!
//! Pure: no files, no network, no clock. [`parse`] takes the text and gives either an [`Inventory`], in which every
//! address is allotted and every reference holds, or [`Diagnostics`] with *all* mistakes, each with line, column, the
//! offending text and a hint.
//!
//! The shape of the document is declared once, by the types under [`types`]. The JSON schema made from them is what
//! editors use, what the reference in the docs is written from, and what the parser checks a document against.
#![deny(missing_docs)]

mod addresses;
mod diagnostics;
mod layers;
mod nearest;
mod parse;
mod reference;
mod schema;
mod template;
pub mod types;
mod validate;
pub mod values;

pub use addresses::allot;
pub use diagnostics::{Diagnostic, Diagnostics};
pub use layers::{Layer, NotAvailable};
pub use parse::{Inventory, Known, MAX_BYTES, parse, parse_bytes};
pub use reference::reference;
pub use schema::schema;
pub use template::{DiskGuess, NEW_RELEASE, NicGuess, ServerGuess, template};
pub use types::*;
pub use values::{
    AddressRange, Cidr, Device, DnsName, FolderPath, Host, InterfaceName, KubernetesVersion, Mac, Name, Problem, Size,
};

/// The value that `apiVersion` must have.
pub const API_VERSION: &str = "regionctl.dev/v1alpha1";

/// The value that `kind` must have.
pub const KIND: &str = "Region";
