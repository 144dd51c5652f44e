//! From JSON to values without a schema.

use aqueduct_api::data::{Map, Value};

use super::entries::Entries;
use super::shapes::Shapes;
use super::tape::{Kind, Node};

/// Memory for more values than this is given back when the next document comes.
const VALUES_KEPT_MAX: usize = 1 << 16;

/// Reads values by their own looks. What it needs is kept from document to document.
#[derive(Debug, Default)]
pub(crate) struct Schemaless {
    shapes: Shapes,
    /// The containers that are being read.
    open: Vec<Open>,
    /// The values of their elements and members so far.
    values: Vec<Value>,
}

#[derive(Debug)]
struct Open {
    /// The token of the container.
    at: u32,
    /// The number of the token behind it.
    end: u32,
    /// Where its values begin.
    values: usize,
    kind: OpenKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum OpenKind {
    Array,
    /// With the number of its shape, if it is one to be remembered.
    Object(Option<u32>),
}

impl Schemaless {
    /// Begins a document.
    pub(crate) fn begin(&mut self) {
        self.shapes.begin();
        self.open.clear();
        self.values.clear();
        self.values.shrink_to(VALUES_KEPT_MAX);
    }

    /// The value of a node. A loop instead of recursion: the depth costs no stack.
    #[inline(never)]
    pub(crate) fn value(&mut self, root: Node<'_>) -> Value {
        let document = root.document();
        let mut at = root.at;
        loop {
            // Inside an object, the name comes before its value.
            if self.open.last().is_some_and(|open| open.kind != OpenKind::Array) {
                at += 1;
            }
            let node = document.node(at);
            let kind = match node.kind() {
                Kind::Array if node.token.count > 0 => Some(OpenKind::Array),
                Kind::Object if node.token.count > 0 => Some(OpenKind::Object(self.shapes.of(node))),
                _ => None,
            };
            if let Some(kind) = kind {
                self.open.push(Open { at, end: node.token.next, values: self.values.len(), kind });
                at += 1;
                continue;
            }
            let mut value = plain(node);
            at = node.token.next;
            loop {
                let Some(open) = self.open.last() else {
                    return value;
                };
                self.values.push(value);
                if at < open.end {
                    break;
                }
                let container = document.node(open.at);
                value = self.close(container);
            }
        }
    }

    /// The innermost container with all its values.
    fn close(&mut self, container: Node<'_>) -> Value {
        let Some(open) = self.open.pop() else { return Value::Null };
        let shape = match open.kind {
            OpenKind::Array => return Value::Array(self.values.drain(open.values..).collect()),
            OpenKind::Object(shape) => shape.and_then(|number| self.shapes.get(number)),
        };
        let Some(shape) = shape else {
            let mut entries = Entries::with_capacity(container.token.count as usize);
            for ((name, _), value) in container.members().zip(self.values.drain(open.values..)) {
                entries.put(Value::from(name.text()), value);
            }
            return Value::Map(Map::from_unique(entries.into_vec()).into_hash_order());
        };
        let values = self.values.get_mut(open.values..).unwrap_or_default();
        let taken = |member: &u32| values.get_mut(*member as usize).map(std::mem::take).unwrap_or_default();
        let map = Map::from_parts(shape.keys.clone(), shape.members.iter().map(taken).collect());
        self.values.truncate(open.values);
        Value::Map(map)
    }
}

fn plain(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Missing | Kind::Null => Value::Null,
        Kind::True => Value::Boolean(true),
        Kind::False => Value::Boolean(false),
        Kind::Integer => Value::from(node.number().map(|number| number.to_i64())),
        Kind::Decimal => Value::from(node.number().map(|number| number.to_f64())),
        Kind::Text | Kind::CodedText => Value::from(node.text()),
        Kind::Array => Value::Array(Vec::new()),
        Kind::Object => Value::Map(Map::new().into_hash_order()),
    }
}
