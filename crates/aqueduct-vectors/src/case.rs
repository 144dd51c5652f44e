//! The recorded lines.

use std::path::{Path, PathBuf};

use aqueduct_api::{ConfigMap, Error, Schema, Value};

use crate::decode::{self, bytes_of_hex, optional_text, text};
use crate::{Json, decode_schema, decode_value};

/// The recordings of one component.
#[derive(Debug)]
pub struct Vectors;

/// One call of a Java class.
#[derive(Debug, Clone)]
pub struct Case {
    /// `component/seed/number`
    pub id: String,
    /// What `configure` got; `None` where the component has no configuration.
    pub config: Option<ConfigMap>,
    /// The input, in the shape of the component.
    pub input: Json,
    /// What came out.
    pub expect: Expect,
    /// Marks for lists of deviations.
    pub tags: Vec<String>,
    /// How to compare.
    pub cmp: Cmp,
}

/// What Java answered.
#[derive(Debug, Clone)]
pub enum Expect {
    /// A result, in the shape of the component.
    Out(Json),
    /// An exception.
    Err {
        /// The full name of its class.
        class: String,
        /// Its text, as plain JSON: `{"utf16": …}` where it is no UTF-8.
        message: Json,
        /// The class of its cause.
        cause: Option<String>,
    },
}

/// How much of a result must be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cmp {
    /// Bytes given as hex.
    Bytes,
    /// As `Bytes`, where the bytes show the order of a `java.util.HashMap`.
    BytesHashOrder,
    /// Bytes given as hex, as JSON documents.
    Json,
    /// Encoded values and schemas; maps without order.
    Value,
    /// The JSON document.
    Exact,
    /// As `Exact`, with `@HASH` for identity hashes.
    Pattern,
    /// Class and text of an error.
    Error,
    /// Class of an error.
    ErrorClass,
}

/// How a closure of [`check`](crate::check) ends when it has no result.
#[derive(Debug)]
pub enum Failure {
    /// Our code failed, and Java's should have too.
    Error(Error),
    /// Our code failed with an error that stands for this Java class, but is not an [`Error`] of the API.
    Java {
        /// The full name of the class.
        class: String,
        /// The text.
        message: Option<String>,
    },
    /// The input cannot be given to our code, and why.
    Unrepresentable(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Cmp {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "bytes" => Self::Bytes,
            "bytes-hashorder" => Self::BytesHashOrder,
            "json" => Self::Json,
            "value" => Self::Value,
            "exact" => Self::Exact,
            "pattern" => Self::Pattern,
            "error" => Self::Error,
            "error-class" => Self::ErrorClass,
            _ => return None,
        })
    }
}

impl Vectors {
    /// The folder that `AQUEDUCT_VECTORS` names, or the recordings of the repository.
    pub fn folder() -> PathBuf {
        match std::env::var_os("AQUEDUCT_VECTORS") {
            Some(folder) => folder.into(),
            None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors"),
        }
    }

    /// All lines of a component.
    ///
    /// # Panics
    /// If they cannot be read: a test without its vectors has nothing to say.
    pub fn load(component: &str) -> Vec<Case> {
        Self::load_from(&Self::folder(), component)
    }

    /// All lines of a component whose recordings lie in another folder: beside the tests of a crate, for instance.
    ///
    /// # Panics
    /// As [`Vectors::load`].
    pub fn load_from(folder: &Path, component: &str) -> Vec<Case> {
        let lines = read(folder, component);
        lines
            .split('\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                serde_json::from_str::<Json>(line).unwrap_or_else(|error| panic!("{error} in {line}"))
            })
            .filter(|line| line.get("id").is_some())
            .map(|line| Case::from_line(&line).unwrap_or_else(|| panic!("not a vector: {line}")))
            .collect()
    }
}

fn read(folder: &Path, component: &str) -> String {
    let plain = folder.join(format!("{component}.ndjson"));
    let packed = folder.join(format!("{component}.ndjson.zst"));
    let bytes = if plain.exists() {
        std::fs::read(&plain).unwrap_or_else(|error| panic!("{}: {error}", plain.display()))
    } else {
        std::fs::File::open(&packed)
            .and_then(zstd::decode_all)
            .unwrap_or_else(|error| panic!("{}: {error}", packed.display()))
    };
    String::from_utf8(bytes).unwrap_or_else(|error| panic!("{component}: {error}"))
}

impl Case {
    fn from_line(line: &Json) -> Option<Self> {
        let expect = match line.get("out") {
            Some(out) => Expect::Out(out.clone()),
            None => {
                let error = line.get("err")?;
                Expect::Err {
                    class: error.get("class")?.as_str()?.to_owned(),
                    message: error.get("msg").cloned().unwrap_or(Json::Null),
                    cause: error.get("cause").and_then(Json::as_str).map(str::to_owned),
                }
            }
        };
        let tags = line.get("tags").and_then(Json::as_array);
        Some(Self {
            id: line.get("id")?.as_str()?.to_owned(),
            config: line.get("config").and_then(Json::as_object).map(|config| {
                config.iter().map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect()
            }),
            input: line.get("in").cloned().unwrap_or(Json::Null),
            expect,
            tags: tags
                .map(|tags| tags.iter().filter_map(Json::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
            cmp: Cmp::from_name(line.get("cmp")?.as_str()?)?,
        })
    }

    /// The configuration, empty where there is none.
    pub fn config(&self) -> ConfigMap {
        self.config.clone().unwrap_or_default()
    }

    /// What the input says under this key; null where it says nothing.
    pub fn get(&self, key: &str) -> &Json {
        self.input.get(key).unwrap_or(&Json::Null)
    }

    /// The operation: the input's text `op`, or nothing.
    pub fn op(&self) -> &str {
        self.get("op").as_str().unwrap_or_default()
    }

    /// The input's text of this key.
    pub fn text(&self, key: &str) -> Result<String, Failure> {
        text(self.get(key))
    }

    /// The input's text of this key; `None` where it is null or missing.
    pub fn optional_text(&self, key: &str) -> Result<Option<String>, Failure> {
        optional_text(self.get(key))
    }

    /// The input's bytes of this key; `None` where they are null.
    pub fn hex(&self, key: &str) -> Option<Vec<u8>> {
        self.get(key).as_str().map(bytes_of_hex)
    }

    /// The input's schema of this key.
    pub fn schema(&self, key: &str) -> Result<Option<Schema>, Failure> {
        decode_schema(self.get(key))
    }

    /// The input's `schema` and the `value` of that schema.
    pub fn schema_and_value(&self) -> Result<(Option<Schema>, Value), Failure> {
        let schema = self.schema("schema")?;
        let value = decode_value(self.get("value"), schema.as_ref())?;
        Ok((schema, value))
    }

    /// What the result has under this key, for what is not to be compared; null where it has nothing.
    pub fn expected(&self, key: &str) -> &Json {
        match &self.expect {
            Expect::Out(out) => out.get(key).unwrap_or(&Json::Null),
            Expect::Err { .. } => &Json::Null,
        }
    }

    /// Whether the line has this mark.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|mark| mark == tag)
    }

    /// Whether the line mentions this text in its input or in what is expected.
    pub fn mentions(&self, part: &str) -> bool {
        let expected = match &self.expect {
            Expect::Out(out) => out.to_string().contains(part),
            Expect::Err { message, .. } => message.to_string().contains(part),
        };
        expected || self.input.to_string().contains(part)
    }

    /// Whether what is expected cannot be said with the data model.
    pub(crate) fn expects_unrepresentable(&self) -> bool {
        decode::is_unrepresentable(match &self.expect {
            Expect::Out(out) => out,
            Expect::Err { message, .. } => message,
        })
    }
}
