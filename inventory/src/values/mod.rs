//! The small values of the document: names, sizes, addresses. Each is written as text, checked when it is read, and
//! gives a [`Problem`] with a hint when it is wrong.

mod cidr;
mod device;
mod folder;
mod formats;
mod host;
mod interface;
mod kubernetes_version;
mod mac;
mod name;
mod range;
mod size;

pub use cidr::Cidr;
pub use device::Device;
pub use folder::FolderPath;
pub(crate) use formats::{check, placeholder};
pub use host::{DnsName, Host};
pub use interface::InterfaceName;
pub use kubernetes_version::KubernetesVersion;
pub use mac::Mac;
pub use name::Name;
pub use range::AddressRange;
pub use size::Size;

/// Why a text is not a value of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong, without the place: `a VLAN is a number from 1 to 4094`.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// A problem with a hint.
    pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

/// Serde and schema for a type that is written as text: `FromStr` reads it, `Display` writes it. The pattern (ECMA-262) is for
/// editors: it lets through all that `FromStr` takes, and some that it does not.
macro_rules! written_as_text {
    ($type:ident, $format:literal, $description:literal, $example:literal, $pattern:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "format": $format,
                    "description": $description,
                    "examples": [$example],
                    "pattern": $pattern,
                })
            }
        }
    };
}
pub(crate) use written_as_text;
