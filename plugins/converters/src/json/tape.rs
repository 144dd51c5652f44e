//! A document of JSON after scanning: its tokens one after the other, over the bytes of the message.

use std::ops::Range;

use aqueduct_api::data::Text;
use bytes::Bytes;

use super::{number, text};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no value at all: the document is blank.
    Missing,
    Null,
    True,
    False,
    /// A number without fraction and exponent.
    Integer,
    /// A number with a fraction or an exponent.
    Decimal,
    /// A text whose bytes between the quotes are the text.
    Text,
    /// A text that must be decoded: it has escapes, or bytes that only Jackson takes for UTF-8.
    CodedText,
    Array,
    Object,
}

/// A value, or the name of a member, which stands before its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Where its bytes begin: behind the quote for a text.
    pub(crate) start: u32,
    /// Where they end: before the quote for a text.
    pub(crate) end: u32,
    /// The number of the token behind it and behind all that is in it.
    pub(crate) next: u32,
    /// How many elements or members it has.
    pub(crate) count: u32,
}

const MISSING: Token = Token { kind: Kind::Missing, start: 0, end: 0, next: 0, count: 0 };

/// The tokens of a document with its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) bytes: &'a Bytes,
    pub(crate) tokens: &'a [Token],
}

impl<'a> Document<'a> {
    /// The value of the document.
    pub(crate) fn root(self) -> Node<'a> {
        self.node(0)
    }

    /// The value at this token.
    pub(crate) fn node(self, at: u32) -> Node<'a> {
        let token = self.tokens.get(at as usize).copied().unwrap_or(MISSING);
        Node { document: self, at, token }
    }
}

/// A value in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    document: Document<'a>,
    pub(crate) at: u32,
    pub(crate) token: Token,
}

impl<'a> Node<'a> {
    pub(crate) fn document(self) -> Document<'a> {
        self.document
    }

    /// The value at another token of the same document.
    pub(crate) fn sibling(self, at: u32) -> Self {
        self.document.node(at)
    }

    pub(crate) fn kind(self) -> Kind {
        self.token.kind
    }

    pub(crate) fn is_null(self) -> bool {
        self.token.kind == Kind::Null
    }

    /// The type as Jackson's errors call it.
    pub(crate) fn type_name(self) -> &'static str {
        match self.token.kind {
            Kind::Missing => "MISSING",
            Kind::Null => "NULL",
            Kind::True | Kind::False => "BOOLEAN",
            Kind::Integer | Kind::Decimal => "NUMBER",
            Kind::Text | Kind::CodedText => "STRING",
            Kind::Array => "ARRAY",
            Kind::Object => "OBJECT",
        }
    }

    /// The bytes of the value in the message: of a text, those between the quotes.
    pub(crate) fn raw(self) -> &'a [u8] {
        let range = self.token.start as usize..self.token.end as usize;
        self.document.bytes.get(range).unwrap_or_default()
    }

    /// Where the value is in the message, with the quotes of a text.
    pub(crate) fn span(self) -> Range<usize> {
        let quote = usize::from(matches!(self.token.kind, Kind::Text | Kind::CodedText));
        self.token.start as usize - quote..self.token.end as usize + quote
    }

    /// The number that it is, if it is one.
    pub(crate) fn number(self) -> Option<number::Number<'a>> {
        match self.token.kind {
            Kind::Integer => Some(number::Number { text: self.raw(), integral: true }),
            Kind::Decimal => Some(number::Number { text: self.raw(), integral: false }),
            _ => None,
        }
    }

    /// The text that it is, if it is one. If it is long it shares the memory of the message where it can.
    pub(crate) fn text(self) -> Option<Text> {
        match self.token.kind {
            Kind::Text => {
                let range = self.token.start as usize..self.token.end as usize;
                Text::from_utf8_part(self.document.bytes, range)
            }
            Kind::CodedText => Some(text::decode(self.raw()).into()),
            _ => None,
        }
    }

    /// Whether it is this text.
    pub(crate) fn is_text(self, text: &str) -> bool {
        match self.token.kind {
            Kind::Text => self.raw() == text.as_bytes(),
            Kind::CodedText => text::decode(self.raw()) == text,
            _ => false,
        }
    }

    /// The elements of an array; none of other values.
    pub(crate) fn elements(self) -> impl Iterator<Item = Node<'a>> {
        let array = (self.token.kind == Kind::Array).then_some(self);
        array.into_iter().flat_map(Node::children)
    }

    /// The members of an object, each with its name; none of other values.
    pub(crate) fn members(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> {
        let object = (self.token.kind == Kind::Object).then_some(self);
        object.into_iter().flat_map(Node::children).map(|name| (name, name.document.node(name.at + 1)))
    }

    /// The element at this place of an array.
    pub(crate) fn element(self, index: usize) -> Option<Node<'a>> {
        self.elements().nth(index)
    }

    /// The value of the last member of this name.
    #[inline(never)]
    pub(crate) fn get(self, name: &str) -> Option<Node<'a>> {
        self.members().filter(|(key, _)| key.is_text(name)).last().map(|(_, value)| value)
    }

    /// The tokens directly in a container: elements, or names.
    fn children(self) -> impl Iterator<Item = Node<'a>> {
        let Self { document, at, token } = self;
        let end = if matches!(token.kind, Kind::Array | Kind::Object) { token.next } else { at };
        let named = token.kind == Kind::Object;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = document.node(next);
            let value = if named { document.node(next + 1) } else { child };
            next = value.token.next;
            Some(child)
        })
    }
}
