//! Which fields are cast to what.

use aqueduct_api::config::Parsed;
use aqueduct_api::data::Map;
use aqueduct_api::{Text, Type, Validator};

/// The value of the key `spec`.
#[derive(Debug)]
pub(super) enum Spec {
    /// The whole key or value.
    Whole(Type),
    /// Fields by their names, in the order of Java's hash map.
    Fields(Vec<(Text, Type)>),
}

impl Default for Spec {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

const OUTPUT_TYPES: [Type; 8] = [
    Type::Int8,
    Type::Int16,
    Type::Int32,
    Type::Int64,
    Type::Float32,
    Type::Float64,
    Type::Boolean,
    Type::String,
];

/// Java's `trim`.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// Java's split at colons, which drops empty parts at the end.
fn split(mapping: &str) -> Vec<&str> {
    if mapping.is_empty() {
        return vec![mapping];
    }
    let mut parts: Vec<&str> = mapping.split(':').collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

fn target(name: &str) -> Result<Type, String> {
    let name = trim(name);
    let upper = name.to_uppercase();
    let Some(kind) = Type::from_name(&upper) else {
        // Java passes value and message in the wrong places.
        return Err(format!(
            "Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.{upper} for configuration Invalid type found in casting spec: {name}"
        ));
    };
    if OUTPUT_TYPES.contains(&kind) {
        return Ok(kind);
    }
    let supported = OUTPUT_TYPES.map(Type::name).join(", ");
    Err(format!("Cast transformation does not support casting to {kind}; supported types are [{supported}]"))
}

impl Spec {
    /// Reads the mappings; fails with the message of Java's exception.
    pub(super) fn parse(mappings: &[String]) -> Result<Self, String> {
        let mut whole = None;
        let mut fields = Map::new();
        for mapping in mappings {
            match split(mapping).as_slice() {
                [field, kind] => {
                    fields.insert(trim(field), target(kind)?.name());
                }
                [kind] => whole = Some(target(kind)?),
                [] => whole = Some(target("")?),
                _ => {
                    // Java borrows the message from another transformation.
                    let all = mappings.join(", ");
                    return Err(format!(
                        "Invalid value [{all}] for configuration renames: Invalid rename mapping: {mapping}"
                    ));
                }
            }
        }
        let Some(whole) = whole else {
            let fields = fields.into_hash_order().into_iter().filter_map(|(name, kind)| {
                Some((name.as_text()?.clone(), Type::from_name(kind.as_text()?)?))
            });
            return Ok(Self::Fields(fields.collect()));
        };
        if mappings.len() > 1 {
            return Err("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec".to_owned());
        }
        Ok(Self::Whole(whole))
    }

    /// What a field is cast to.
    pub(super) fn target_of(&self, name: &str) -> Option<Type> {
        match self {
            Self::Whole(_) => None,
            Self::Fields(fields) => {
                fields.iter().find(|(field, _)| field.as_str() == name).map(|(_, kind)| *kind)
            }
        }
    }
}

pub(super) fn validator() -> Validator {
    const TEXT: &str = "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>";
    Validator::new(TEXT, |_, value| {
        let checked = match value {
            Parsed::List(mappings) if !mappings.is_empty() => Spec::parse(mappings).map(|_| ()),
            _ => Err("Must specify at least one field to cast.".to_owned()),
        };
        checked.err().into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_java_does() {
        assert_eq!(split(""), [""]);
        assert_eq!(split("a:"), ["a"]);
        assert_eq!(split(":a"), ["", "a"]);
        assert_eq!(split("a:b:"), ["a", "b"]);
        assert!(split(":").is_empty());
    }
}
