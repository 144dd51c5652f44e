//! Names that Confluent's converters give a meaning.

use super::Options;

pub(super) const DEFAULT_RECORD: &str = "io.confluent.connect.avro.ConnectDefault";
pub(super) const ANYTHING: &str = "io.confluent.connect.avro.Anything";
pub(super) const MAP_ENTRY: &str = "io.confluent.connect.avro.MapEntry";
pub(super) const UNION: &str = "io.confluent.connect.avro.Union";
pub(super) const ENUM: &str = "io.confluent.connect.avro.Enum";
pub(super) const ENUM_DOC: &str = "io.confluent.connect.avro.enum.doc.";
pub(super) const ENUM_DEFAULT: &str = "io.confluent.connect.avro.enum.default.";
pub(super) const RECORD_DOC: &str = "io.confluent.connect.avro.record.doc";
pub(super) const FIELD_DOC: &str = "io.confluent.connect.avro.field.doc.";
pub(super) const FIELD_DEFAULT: &str = "io.confluent.connect.avro.field.default";
pub(super) const GENERAL_UNION: &str = "org.apache.kafka.connect.data.Union";
pub(super) const GENERAL_ENUM: &str = "org.apache.kafka.connect.data.Enum";
pub(super) const FIXED_SIZE: &str = "connect.fixed.size";
pub(super) const PRECISION: &str = "connect.decimal.precision";
pub(super) const PRECISION_DEFAULT: i64 = 64;
pub(super) const INTERNAL_TYPE: &str = "connect.internal.type";

impl Options {
    /// The name of unions.
    pub(super) fn union(&self) -> &'static str {
        if self.generalized { GENERAL_UNION } else { UNION }
    }

    /// The parameter that says that a text is one of an enum.
    pub(super) fn enumeration(&self) -> &'static str {
        if self.generalized { GENERAL_ENUM } else { ENUM }
    }

    /// A name as Avro takes it, if that is wanted.
    pub(super) fn name(&self, name: &str) -> String {
        if self.scrub { scrub(name) } else { name.to_owned() }
    }

    /// As [`Options::name`] for each part between dots.
    pub(super) fn full_name(&self, name: &str) -> String {
        if !self.scrub {
            return name.to_owned();
        }
        name.split('.').map(scrub).collect::<Vec<_>>().join(".")
    }
}

/// Percent-encodes, then puts `_` for what Avro does not allow, and `x` before a digit at the beginning.
fn scrub(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'_' | b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'.' | b'-' | b'*' | b' ' => out.push('_'),
            other => out.push_str(&format!("_{other:02X}")),
        }
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'x');
    }
    out
}

/// The part before the last dot, and the part behind it.
pub(super) fn split(full: &str) -> (&str, &str) {
    full.rsplit_once('.').unwrap_or(("", full))
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn names_are_made_valid() {
        for (name, expected) in
            [("ok_1", "ok_1"), ("a-b c", "a_b_c"), ("1st", "x1st"), ("ä", "_C3_A4"), ("a$", "a_24")]
        {
            assert_eq!(scrub(name), expected, "{name}");
        }
    }
}
