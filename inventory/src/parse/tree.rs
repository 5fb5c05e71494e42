//! The document as a tree that knows where each of its parts stands in the text.

use std::{collections::HashMap, rc::Rc};

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span as ParserSpan, options};

use super::{Path, Step};

/// How many nodes the aliases of a document may stand for. What is written itself is bounded by its bytes: a region of 5,000 servers
/// has about 110,000 nodes and no alias.
const MOST_ALIASED: usize = 100_000;

/// How deep a document may be nested; the deepest field that has a meaning is at about 8.
const DEEPEST: usize = 64;

/// A place in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The column in characters, counted from 1.
    pub(crate) column: usize,
    /// The text that stands there, as far as the end of the line.
    pub(crate) text: String,
}

/// A part of the document.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) data: Data,
    /// How many nodes it is made of, itself included.
    size: usize,
    /// How many levels of lists and mappings it has.
    depth: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// A text; `plain` when it is written without quotes and so may be a number, a boolean or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<Field>),
}

/// A field of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) value: Rc<Node>,
}

/// Why a text is no tree.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Node {
    /// The first field of that name.
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        match &self.data {
            Data::Map(fields) => fields.iter().find(|field| field.key == key),
            _ => None,
        }
    }

    /// Where the field at `path` stands. When it is not in the document, the nearest field around it, by its name.
    pub(crate) fn locate(&self, path: &Path) -> &Span {
        let mut node = self;
        let mut last = &self.span;
        for step in &path.0 {
            let next = match (step, &node.data) {
                (Step::Key(key), Data::Map(_)) => node.field(key).map(|field| (&field.span, &field.value)),
                (Step::Index(index), Data::List(items)) => items.get(*index).map(|item| (&item.span, item)),
                _ => None,
            };
            let Some((span, value)) = next else { return last };
            last = span;
            node = value;
        }
        match &node.data {
            Data::Scalar { text, .. } if !text.is_empty() => &node.span,
            // The name of a section says more than its first line.
            _ => last,
        }
    }
}

/// Reads a text into a tree. `Ok(None)` when there is no document in it.
pub(crate) fn read(text: &str) -> Result<Option<Rc<Node>>, Refusal> {
    let options = options! {
        emit_comments: false,
        block_nesting_limit: DEEPEST,
        flow_nesting_limit: DEEPEST,
        disallow_directives: true,
    };
    let mut builder = Builder { text, ..Builder::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| refusal(text, &error))?;
        builder.take(event, &span)?;
    }
    Ok(builder.root)
}

/// A list or mapping that is not closed yet.
struct Open {
    span: Span,
    anchor: usize,
    data: Data,
    key: Option<(String, Span)>,
    size: usize,
    depth: usize,
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    documents: usize,
    nodes: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &ParserSpan) -> Result<(), Refusal> {
        if let Some(tag) = event.tag() {
            let known = ["str", "int", "bool", "null", "float", "map", "seq"];
            if !known.iter().any(|suffix| tag.is_yaml_core_schema_tag(suffix)) {
                return Err(Refusal {
                    span: here(self.text, span),
                    message: format!("the tag `{}` has no meaning here", tag.original()),
                    hint: Some("leave it out".to_owned()),
                });
            }
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Refusal {
                        span: here(self.text, span),
                        message: "a second document starts here".to_owned(),
                        hint: Some("one file describes one region; put the other in a folder of its own".to_owned()),
                    });
                }
            }
            Event::Scalar(text, style, anchor, ref tag) => {
                let forced = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let plain = style == ScalarStyle::Plain && !forced;
                let data = Data::Scalar { text: text.into_owned(), plain };
                self.add(Rc::new(Node { span: here(self.text, span), data, size: 1, depth: 0 }), anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.start(Data::List(Vec::new()), anchor, span),
            Event::MappingStart(_, anchor, _) => self.start(Data::Map(Vec::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { span, anchor, data, size, depth, .. }) = self.open.pop() {
                    self.add(Rc::new(Node { span, data, size, depth: depth + 1 }), anchor)?;
                }
            }
            Event::Alias(id) => {
                let span = here(self.text, span);
                let Some(node) = self.anchors.get(&id) else {
                    return Err(Refusal {
                        message: format!("`{}` stands for something that contains it", span.text),
                        span,
                        hint: Some("write the value out".to_owned()),
                    });
                };
                // The copy stands where it is used: that is where the reader looks.
                let node = Rc::new(Node { span, data: node.data.clone(), size: node.size, depth: node.depth });
                self.add(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, data: Data, anchor: usize, span: &ParserSpan) {
        let mut place = here(self.text, span);
        // A list or mapping is shown by its first line.
        let from = span.start.byte_offset().and_then(|offset| self.text.get(offset..));
        place.text = line_of(from.unwrap_or_default());
        self.open.push(Open { span: place, anchor, data, key: None, size: 1, depth: 0 });
    }

    fn add(&mut self, node: Rc<Node>, anchor: usize) -> Result<(), Refusal> {
        self.nodes += 1;
        // Sizes saturate: eight aliases of eight aliases pass any limit long before they are walked.
        let size = node.size;
        if size > self.nodes.saturating_add(MOST_ALIASED) {
            return Err(Refusal {
                span: node.span.clone(),
                message: format!(
                    "the document has over {MOST_ALIASED} parts more than are written, once its aliases are replaced"
                ),
                hint: Some("write out what the aliases (`*name`) stand for, and only what is needed".to_owned()),
            });
        }
        // The parser bounds what is written; aliases of aliases are deeper than they look.
        if node.depth > DEEPEST {
            return Err(Refusal { span: node.span.clone(), ..too_deep() });
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.size = parent.size.saturating_add(size);
        parent.depth = parent.depth.max(node.depth);
        match &mut parent.data {
            Data::List(items) => items.push(node),
            Data::Map(fields) => match parent.key.take() {
                Some((key, span)) => fields.push(Field { key, span, value: node }),
                None => match &node.data {
                    Data::Scalar { text, .. } => parent.key = Some((text.clone(), node.span.clone())),
                    _ => {
                        return Err(Refusal {
                            span: node.span.clone(),
                            message: "a list or mapping cannot be the name of a field".to_owned(),
                            hint: Some("put quotes around a text that starts with `[`, `{` or `?`".to_owned()),
                        });
                    }
                },
            },
            Data::Scalar { .. } => {}
        }
        Ok(())
    }
}

fn here(text: &str, span: &ParserSpan) -> Span {
    let source = span.slice(text).unwrap_or_default();
    Span { line: span.start.line().max(1), column: span.start.col() + 1, text: line_of(source) }
}

fn line_of(text: &str) -> String {
    let end = text.char_indices().enumerate().find(|(count, (_, c))| *count == 120 || matches!(c, '\n' | '\r'));
    let line = end.and_then(|(_, (at, _))| text.get(..at)).unwrap_or(text);
    line.trim_end().to_owned()
}

fn refusal(text: &str, error: &ScanError) -> Refusal {
    let mark = error.marker();
    let line = mark.line().max(1);
    let column = mark.col() + 1;
    let source = text.split('\n').nth(line - 1).unwrap_or_default();
    let offending: String = source.chars().skip(mark.col()).take(1).collect();
    let indented_by_tab = source.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => tab(),
        _ if indented_by_tab => tab(),
        ErrorKind::RecursionLimitExceeded => {
            let refusal = too_deep();
            (refusal.message, refusal.hint)
        }
        ErrorKind::UnknownAnchor => (
            "this alias stands for nothing".to_owned(),
            Some("an anchor (`&name`) must come before its aliases; put quotes around a text that starts with `*`".to_owned()),
        ),
        ErrorKind::DirectiveDisallowed => {
            ("a line that starts with `%` has no meaning here".to_owned(), Some("leave it out".to_owned()))
        }
        ErrorKind::UnexpectedCharacter { character } => (
            format!("`{}` cannot stand here", character.escape_default()),
            Some("put quotes around a text that starts with a special character".to_owned()),
        ),
        ErrorKind::UnclosedQuotedScalar => {
            ("this quote is never closed".to_owned(), Some("close it on the same line".to_owned()))
        }
        ErrorKind::MappingValueNotAllowed => (
            "a `:` cannot stand here".to_owned(),
            Some("check the indentation, or put quotes around a text with `: ` in it".to_owned()),
        ),
        kind => {
            let message = kind.to_string();
            let message = if message.is_empty() { format!("{kind:?}") } else { message };
            (format!("not valid YAML: {message}"), Some("check the indentation, quotes and brackets around it".to_owned()))
        }
    };
    Refusal { span: Span { line, column, text: offending }, message, hint }
}

fn tab() -> (String, Option<String>) {
    ("a tab cannot indent YAML".to_owned(), Some("use spaces, two for each level".to_owned()))
}

fn too_deep() -> Refusal {
    Refusal {
        span: Span::default(),
        message: format!("the document is nested more than {DEEPEST} deep"),
        hint: Some("no field of a region is that deep".to_owned()),
    }
}
