//! Definitions of keys.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Parsed, Validator};

type Str = Cow<'static, str>;

/// The types of configuration values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigType {
    /// true or false
    Boolean,
    /// text
    String,
    /// 32 bits
    Int,
    /// 16 bits
    Short,
    /// 64 bits
    Long,
    /// a double
    Double,
    /// texts between commas
    List,
    /// the name or alias of a plugin class
    Class,
    /// text that is never shown
    Password,
}

impl ConfigType {
    /// All types.
    const ALL: [Self; 9] = [
        Self::Boolean,
        Self::String,
        Self::Int,
        Self::Short,
        Self::Long,
        Self::Double,
        Self::List,
        Self::Class,
        Self::Password,
    ];

    /// The type that REST answers spell so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As REST answers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Short => "SHORT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        }
    }
}

/// How much a key matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// First to look at.
    High,
    /// Worth a look.
    Medium,
    /// For special needs.
    Low,
}

impl Importance {
    /// The importance that REST answers spell so.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::High, Self::Medium, Self::Low].into_iter().find(|importance| importance.name() == name)
    }

    /// As REST answers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

/// How wide a form's field should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Not said.
    None,
    /// A number.
    Short,
    /// A name.
    Medium,
    /// A list.
    Long,
}

impl Width {
    /// As REST answers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Short => "SHORT",
            Self::Medium => "MEDIUM",
            Self::Long => "LONG",
        }
    }
}

/// What a key has when nobody sets it.
#[derive(Debug, Clone, PartialEq)]
pub enum Default {
    /// It must be set.
    Required,
    /// This value; [`Parsed::Null`] for none.
    Value(Parsed),
}

impl From<Parsed> for Default {
    fn from(value: Parsed) -> Self {
        Self::Value(value)
    }
}

/// Offers values for a key, given the rest of the configuration.
pub trait Recommender: Send + Sync {
    /// The values to offer, as REST answers show them.
    fn valid_values(&self, name: &str, config: &super::ConfigData) -> Vec<String>;

    /// Whether the key matters with this configuration.
    fn visible(&self, name: &str, config: &super::ConfigData) -> bool;
}

/// One key: all that the validate endpoint tells about it.
#[derive(Clone)]
pub struct ConfigKey {
    /// The name.
    pub name: Str,
    /// The type.
    pub kind: ConfigType,
    /// The default.
    pub default: Default,
    /// What values it takes beyond its type.
    pub validator: Option<Validator>,
    /// How much it matters.
    pub importance: Importance,
    /// What it is for, in a sentence or two.
    pub documentation: Str,
    /// The group that it is shown in.
    pub group: Option<Str>,
    /// The position in the group, from 1; -1 without a group.
    pub order_in_group: i32,
    /// How wide a form's field should be.
    pub width: Width,
    /// The name that people see.
    pub display_name: Str,
    /// The keys whose recommended values or visibility depend on this one.
    pub dependents: Vec<Str>,
    /// Offers values.
    pub recommender: Option<Arc<dyn Recommender>>,
}

impl ConfigKey {
    /// A key without a default, a group or a validator.
    pub fn required(
        name: impl Into<Str>,
        kind: ConfigType,
        importance: Importance,
        documentation: impl Into<Str>,
    ) -> Self {
        let name = name.into();
        Self {
            display_name: name.clone(),
            name,
            kind,
            default: Default::Required,
            validator: None,
            importance,
            documentation: documentation.into(),
            group: None,
            order_in_group: -1,
            width: Width::None,
            dependents: Vec::new(),
            recommender: None,
        }
    }

    /// A key with a default; `()` makes it null.
    pub fn new(
        name: impl Into<Str>,
        kind: ConfigType,
        default: impl Into<Parsed>,
        importance: Importance,
        documentation: impl Into<Str>,
    ) -> Self {
        Self {
            default: Default::Value(default.into()),
            ..Self::required(name, kind, importance, documentation)
        }
    }

    /// Sets what values it takes.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validator = Some(validator);
        self
    }

    /// Sets where and how it is shown.
    #[must_use]
    pub fn group(
        mut self,
        group: impl Into<Str>,
        order: i32,
        width: Width,
        display_name: impl Into<Str>,
    ) -> Self {
        self.group = Some(group.into());
        self.order_in_group = order;
        self.width = width;
        self.display_name = display_name.into();
        self
    }

    /// Sets what offers values.
    #[must_use]
    pub fn recommender(mut self, recommender: Arc<dyn Recommender>) -> Self {
        self.recommender = Some(recommender);
        self
    }

    /// Sets which keys depend on this one.
    #[must_use]
    pub fn dependents(mut self, dependents: impl IntoIterator<Item = impl Into<Str>>) -> Self {
        self.dependents = dependents.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// The keys of a configuration, in the order of their definition.
#[derive(Debug, Clone, Default)]
pub struct ConfigDef {
    keys: Vec<ConfigKey>,
}

impl ConfigDef {
    /// A definition without keys.
    pub fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// Adds a key, or replaces the one of that name in its place.
    #[must_use]
    pub fn with(mut self, key: ConfigKey) -> Self {
        self.define(key);
        self
    }

    /// Adds a key, or replaces the one of that name in its place.
    pub fn define(&mut self, key: ConfigKey) {
        match self.keys.iter_mut().find(|other| other.name == key.name) {
            Some(other) => *other = key,
            None => self.keys.push(key),
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> &[ConfigKey] {
        &self.keys
    }

    /// The keys in order, to change them.
    pub fn keys_mut(&mut self) -> &mut [ConfigKey] {
        &mut self.keys
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&ConfigKey> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The groups in the order of their first key.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for group in self.keys.iter().filter_map(|key| key.group.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }
}

impl FromIterator<ConfigKey> for ConfigDef {
    fn from_iter<I: IntoIterator<Item = ConfigKey>>(keys: I) -> Self {
        keys.into_iter().fold(Self::new(), Self::with)
    }
}
