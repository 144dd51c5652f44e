//! Definitions of configurations: what keys there are, what they take, and what is wrong with given values.

mod def;
mod embed;
mod number;
mod order;
mod parse;
mod parsed;
mod validate;
mod validator;

pub use def::{ConfigDef, ConfigKey, ConfigType, Default as ConfigDefault, Importance, Recommender, Width};
pub use order::{hash_order, hash_order_of_copy};
pub use parse::{AnyClass, ClassLookup};
pub use parsed::{ConfigData, Parsed, Password};
pub use validate::ConfigValue;
pub use validator::Validator;
