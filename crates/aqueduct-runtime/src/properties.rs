//! Files of configuration: Java properties, and the forms of connector files.

mod connector_file;
mod parse;

pub use connector_file::{ConnectorFile, InitialState};
pub use parse::parse;

use std::path::{Path, PathBuf};

use aqueduct_api::ConfigMap;

/// Why a file of configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PropertiesError {
    /// The file cannot be read.
    #[error("Could not read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `\u` without four hexadecimal digits.
    #[error("Malformed \\uxxxx encoding. (line {line})")]
    Escape {
        /// Counted from 1.
        line: usize,
    },
    /// A connector file without a name.
    #[error("Connector configuration at '{}' is missing the mandatory 'name' configuration", path.display())]
    NoName {
        /// The file.
        path: PathBuf,
    },
    /// A connector file with two names.
    #[error("Connector name configuration in 'config' doesn't match the one specified in 'name' at '{}'", path.display())]
    TwoNames {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a file of Java properties.
///
/// The text is UTF-8 where it can be, and ISO 8859-1 otherwise, which is all that Java reads here.
pub fn read(path: &Path) -> Result<ConfigMap, PropertiesError> {
    parse(&decode(read_bytes(path)?))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, PropertiesError> {
    std::fs::read(path).map_err(|source| PropertiesError::Unreadable { path: path.to_owned(), source })
}

fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}
