//! Definitions of configurations: what keys there are, what they take, and what is wrong with given values.

mod def;
mod parsed;
mod validate;
mod validator;

pub use def::{ConfigDef, ConfigKey, ConfigType, Default as ConfigDefault, Importance, Recommender, Width};
pub use parsed::{ConfigData, Parsed, Password};
pub use validate::ConfigValue;
pub use validator::Validator;
