//! From text to an [`Inventory`], or to all that is wrong with it.

mod path;
mod scalar;
mod tree;
mod walk;

use std::{collections::HashMap, rc::Rc, sync::LazyLock};

use sha2::{Digest, Sha256};

pub(crate) use path::{Path, Step, at};
pub(crate) use tree::Node;

use crate::{
    diagnostics::{Diagnostic, Diagnostics, Source},
    schema::schema,
    types::Region,
    validate,
};

/// The largest document that is read, in bytes: 1 MiB. A region of 200 servers takes about 100 KiB.
pub const MAX_BYTES: usize = 1 << 20;

/// What the document is compared with and does not say itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The names of the releases in the catalog. With none, every release is accepted.
    pub releases: &'a [&'a str],
}

/// A document without mistakes.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The region, with every address allotted.
    pub region: Region,
    /// The SHA-256 of the document's bytes, in hexadecimal: plans name it.
    pub digest: String,
    /// The file, as it was named to [`parse`].
    pub file: String,
    /// Where each field stands, by its path.
    places: HashMap<String, (usize, usize)>,
}

impl Inventory {
    /// Line and column, both counted from 1, of the field at a path such as `spec.servers[2].name`; `None` when the
    /// document does not write that field.
    pub fn position(&self, path: &str) -> Option<(usize, usize)> {
        self.places.get(path).copied()
    }
}

/// Reads and checks a document. `file_name` is only shown.
///
/// # Errors
///
/// All mistakes of the document, in the order of its lines.
pub fn parse(source: &str, file_name: &str, known: &Known<'_>) -> Result<Inventory, Diagnostics> {
    parse_bytes(source.as_bytes(), file_name, known)
}

/// Reads and checks a document that may not be text.
///
/// # Errors
///
/// All mistakes of the document, in the order of its lines; one alone when it is too large, not UTF-8, or not YAML.
pub fn parse_bytes(bytes: &[u8], file_name: &str, known: &Known<'_>) -> Result<Inventory, Diagnostics> {
    let text = text(bytes, file_name)?;
    let source = Source::new(file_name, text);
    let one = |diagnostic: Diagnostic| Diagnostics::new(source.file(), vec![diagnostic]);

    let root = tree::read(text).map_err(|refusal| {
        let place = (refusal.span.line, refusal.span.column);
        one(source.diagnostic(place, String::new(), &refusal.span.text, refusal.message, refusal.hint))
    })?;
    let Some(root) = root.filter(|root| !scalar::is_nothing(root)) else {
        let hint = "`regionctl init` writes a document to start from";
        let message = "the document is empty".to_owned();
        return Err(one(source.diagnostic((1, 1), String::new(), "", message, Some(hint.to_owned()))));
    };

    let (region, mut diagnostics, replaced) = shape(&root, &source);
    let region = region.map(|region| validate::validate(region, &root, &source, known, &replaced));
    match region {
        Some((region, found)) => {
            diagnostics.extend(found);
            if diagnostics.is_empty() {
                return Ok(Inventory {
                    region,
                    digest: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
                    file: file_name.to_owned(),
                    places: places(&root),
                });
            }
        }
        None if diagnostics.is_empty() => {
            let message = "the document cannot be read as a region".to_owned();
            diagnostics.push(source.diagnostic((1, 1), String::new(), "", message, None));
        }
        None => {}
    }
    Err(Diagnostics::new(source.file(), diagnostics))
}

/// The document as text: not too large, UTF-8, without a byte order mark.
fn text<'a>(bytes: &'a [u8], file_name: &str) -> Result<&'a str, Diagnostics> {
    let refuse = |place, text: &str, message: String, hint: &str, source: &str| {
        let source = Source::new(file_name, source);
        let diagnostic = source.diagnostic(place, String::new(), text, message, Some(hint.to_owned()));
        Diagnostics::new(source.file(), vec![diagnostic])
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, a document at most {MAX_BYTES}", bytes.len());
        return Err(refuse((1, 1), "", message, "is this the right file?", ""));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).map(String::from_utf8_lossy).unwrap_or_default();
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        let message = format!("the byte 0x{byte:02x} is not UTF-8");
        let all = String::from_utf8_lossy(bytes);
        refuse((line, column), "\u{fffd}", message, "save the file as UTF-8", &all)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Compares the tree with the schema and reads it into the types.
fn shape(root: &Rc<Node>, source: &Source) -> (Option<Region>, Vec<Diagnostic>, Vec<Path>) {
    // The same for every document, and most of the time of a small one.
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(schema);
    let schema = &*SCHEMA;
    let mut walk = walk::Walk { source, schema, diagnostics: Vec::new(), replaced: Vec::new() };
    let value = walk.value(root, schema, &Path::default());
    let (mut diagnostics, replaced) = (walk.diagnostics, walk.replaced);
    let region = match value.map(serde_json::from_value::<Region>) {
        Some(Ok(region)) => Some(region),
        Some(Err(error)) if diagnostics.is_empty() => {
            // The schema accepted what the types do not: say so rather than go on.
            let message = format!("the document cannot be read as a region: {error}");
            diagnostics.push(source.diagnostic((1, 1), String::new(), "", message, None));
            None
        }
        Some(Err(_)) | None => None,
    };
    (region, diagnostics, replaced)
}

fn places(root: &Node) -> HashMap<String, (usize, usize)> {
    /// One path for all: it grows on the way down.
    fn visit(node: &Node, path: &mut Path, out: &mut HashMap<String, (usize, usize)>) {
        out.insert(path.to_string(), (node.span.line, node.span.column));
        let mut below = |step: Step, node: &Node| {
            path.0.push(step);
            visit(node, path, out);
            path.0.pop();
        };
        match &node.data {
            tree::Data::Scalar { .. } => {}
            tree::Data::List(items) => items.iter().enumerate().for_each(|(index, item)| below(index.into(), item)),
            tree::Data::Map(fields) => fields.iter().for_each(|field| below((&field.key).into(), &field.value)),
        }
    }
    let mut out = HashMap::new();
    visit(root, &mut Path::default(), &mut out);
    out
}
