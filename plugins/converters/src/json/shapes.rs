//! The members of objects read before: most records of a topic have the same, so their keys are made, looked at for
//! duplicates and put into Java's order once, and shared by all.

use aqueduct_api::data::{Keys, Map, Text, Value};

use super::tape::{Kind, Node};

/// How many shapes are remembered. When there are more, all are forgotten.
const SHAPES_MAX: usize = 64;
/// Objects of more members are as a rule tables whose keys are data.
const MEMBERS_MAX: usize = 128;
/// More than there are shapes, so that few share a slot; a power of two.
const SLOTS: usize = 256;

/// What an object has for members.
#[derive(Debug)]
pub(crate) struct Shape {
    /// In the order of the document.
    names: Vec<Text>,
    /// Each name once, in Java's order.
    pub(crate) keys: Keys,
    /// Which member has the value of each key.
    pub(crate) members: Vec<u32>,
    /// The shape that came after this one last time.
    next: Option<u32>,
}

/// The shapes known so far, by their number.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    known: Vec<Shape>,
    /// By what the names look like; where two meet, the later one stays.
    slots: Vec<Option<u32>>,
    /// The shape that the document began with last time.
    first: Option<u32>,
    last: Option<u32>,
}

impl Shapes {
    /// Begins a document. Numbers of shapes hold for one document.
    pub(crate) fn begin(&mut self) {
        self.last = None;
        if self.known.len() >= SHAPES_MAX {
            *self = Self::default();
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Shape> {
        self.known.get(number as usize)
    }

    /// The shape of an object; `None` if it is not one to be remembered.
    pub(crate) fn of(&mut self, object: Node<'_>) -> Option<u32> {
        let follows = |number: &u32| self.get(*number).is_some_and(|shape| shape.fits(object));
        let number = match self.next().filter(follows) {
            Some(number) => number,
            None => self.found_or_made(object)?,
        };
        *self.next_mut() = Some(number);
        self.last = Some(number);
        Some(number)
    }

    fn next(&self) -> Option<u32> {
        self.last.map_or(self.first, |last| self.get(last)?.next)
    }

    fn next_mut(&mut self) -> &mut Option<u32> {
        match self.last.and_then(|last| self.known.get_mut(last as usize)) {
            Some(shape) => &mut shape.next,
            None => &mut self.first,
        }
    }

    fn found_or_made(&mut self, object: Node<'_>) -> Option<u32> {
        if object.token.count as usize > MEMBERS_MAX {
            return None;
        }
        self.slots.resize(SLOTS, None);
        let slot = look(object) as usize % SLOTS;
        let known = self.slots.get(slot).copied().flatten();
        if let Some(number) = known.filter(|number| self.get(*number).is_some_and(|shape| shape.fits(object)))
        {
            return Some(number);
        }
        if self.known.len() >= SHAPES_MAX {
            return None;
        }
        let shape = Shape::new(object)?;
        let number = self.known.len() as u32;
        self.known.push(shape);
        *self.slots.get_mut(slot)? = Some(number);
        Some(number)
    }
}

impl Shape {
    /// `None` if a name must be decoded.
    fn new(object: Node<'_>) -> Option<Self> {
        let plain = |(name, _): (Node<'_>, Node<'_>)| {
            let name = (name.kind() == Kind::Text).then_some(name.raw())?;
            // A copy: the shape outlives the message.
            Some(Text::from(std::str::from_utf8(name).ok()?))
        };
        let names: Vec<Text> = object.members().map(plain).collect::<Option<_>>()?;
        let places = names.iter().cloned().zip((0_i64..).map(Value::Int64));
        let (keys, places) = places.collect::<Map>().into_hash_order().into_parts();
        let members = places.iter().filter_map(|place| u32::try_from(place.as_i64()?).ok()).collect();
        Some(Self { names, keys, members, next: None })
    }

    fn fits(&self, object: Node<'_>) -> bool {
        object.token.count as usize == self.names.len()
            && object
                .members()
                .zip(&self.names)
                .all(|((name, _), known)| name.kind() == Kind::Text && name.raw() == known.as_bytes())
    }
}

/// A number that differs for most objects of different members. Who chooses names with equal ones makes reading no slower
/// than it is without shapes.
fn look(object: Node<'_>) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let hash = object.members().fold(u64::from(object.token.count), |hash, (name, _)| {
        let raw = name.raw();
        let end = raw.last_chunk::<8>().map_or_else(
            || raw.iter().fold(0, |end, byte| end << 8 | u64::from(*byte)),
            |end| u64::from_le_bytes(*end),
        );
        (hash.rotate_left(5) ^ end ^ raw.len() as u64).wrapping_mul(FACTOR)
    });
    hash >> 32
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::scan::Scanner;
    use super::super::tape::Document;
    use super::*;

    fn shape_of(shapes: &mut Shapes, json: &str) -> Option<u32> {
        let bytes = Bytes::copy_from_slice(json.as_bytes());
        let mut scanner = Scanner::default();
        scanner.document(&bytes).expect("JSON");
        shapes.begin();
        shapes.of(Document { bytes: &bytes, tokens: &scanner.tokens }.root())
    }

    #[test]
    fn finds_equal_members_in_equal_order() {
        let mut shapes = Shapes::default();
        let first = shape_of(&mut shapes, r#"{"id":1,"name":{"x":2}}"#);
        assert!(first.is_some());
        for (json, same) in [
            (r#"{"id":[],"name":"n"}"#, true),
            (r#"{"name":1,"id":2}"#, false),
            (r#"{"id":1}"#, false),
            (r#"{"id":1,"name":2,"x":3}"#, false),
            (r#"{"id":1,"name":2}"#, true),
            (r#"{"id":1,"n\u0061me":2}"#, false),
        ] {
            assert_eq!(shape_of(&mut shapes, json) == first, same, "{json}");
        }
        assert_eq!(shape_of(&mut shapes, r#"{"n\u0061me":2}"#), None);
    }

    #[test]
    fn keys_are_in_javas_order_and_the_last_of_a_name_counts() {
        let mut shapes = Shapes::default();
        let number = shape_of(&mut shapes, r#"{"id":1,"name":2,"created_at":3,"zeta":4,"name":5}"#);
        let shape = shapes.get(number.expect("a shape")).expect("known");
        let names: Vec<&str> =
            shape.keys.as_slice().iter().filter_map(|key| key.as_text()).map(|key| &**key).collect();
        assert_eq!(names, ["zeta", "name", "created_at", "id"]);
        assert_eq!(shape.members, [3, 4, 2, 0]);
        assert!(shape.keys.in_hash_order());
    }

    #[test]
    fn remembers_only_so_many() {
        let mut shapes = Shapes::default();
        for round in 0..3 * SHAPES_MAX {
            shape_of(&mut shapes, &format!(r#"{{"name {round}":1}}"#));
            assert!(shapes.known.len() <= SHAPES_MAX);
        }
        let members = |count: usize| (0..count).map(|n| format!("\"{n}\":{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(shape_of(&mut shapes, &format!("{{{}}}", members(MEMBERS_MAX + 1))), None);
        assert!(shape_of(&mut shapes, &format!("{{{}}}", members(MEMBERS_MAX))).is_some());
    }
}
