//! The settings of Kafka's clients, as far as validation shows them.

use std::sync::LazyLock;

use aqueduct_api::{ConfigDef, ConfigKey, ConfigType, Importance};

use crate::worker_config::default_text;

/// One setting a line: the clients that have it (`p`, `c`, `a`), its name, type, importance, and default (`!`: it must be
/// set, `~`: null, `=…`: that text).
const TABLE: &str = include_str!("clients.tsv");

/// The kinds of clients that connectors can configure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Writes.
    Producer,
    /// Reads.
    Consumer,
    /// Administers.
    Admin,
}

impl Client {
    /// As keys begin: `producer`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Admin => "admin",
        }
    }

    /// The prefix of a connector's settings for the client.
    pub fn override_prefix(self) -> String {
        format!("{}.override.", self.name())
    }

    /// The settings of the client.
    pub fn definition(self) -> &'static ConfigDef {
        static DEFINITIONS: LazyLock<[ConfigDef; 3]> =
            LazyLock::new(|| [Client::Producer, Client::Consumer, Client::Admin].map(read));
        let [producer, consumer, admin] = &*DEFINITIONS;
        match self {
            Self::Producer => producer,
            Self::Consumer => consumer,
            Self::Admin => admin,
        }
    }

    const fn mark(self) -> char {
        match self {
            Self::Producer => 'p',
            Self::Consumer => 'c',
            Self::Admin => 'a',
        }
    }
}

fn read(client: Client) -> ConfigDef {
    TABLE.lines().filter_map(|line| key(client, line)).collect()
}

fn key(client: Client, line: &'static str) -> Option<ConfigKey> {
    let mut columns = line.split('\t');
    if !columns.next()?.contains(client.mark()) {
        return None;
    }
    let name = columns.next()?;
    let kind = ConfigType::from_name(columns.next()?)?;
    let importance = Importance::from_name(columns.next()?)?;
    let doc = format!("The setting {name} of Kafka's {} clients.", client.name());
    let mut key = ConfigKey::required(name, kind, importance, doc);
    key.default = default_text(kind, name, columns.next()?)?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aqueduct_api::config::Parsed;

    #[test]
    fn reads_every_line_of_the_table() {
        let marks = |client: Client| {
            TABLE
                .lines()
                .filter(|line| line.split('\t').next().is_some_and(|marks| marks.contains(client.mark())))
                .count()
        };
        for client in [Client::Producer, Client::Consumer, Client::Admin] {
            assert_eq!(client.definition().keys().len(), marks(client));
        }
        let linger = Client::Producer.definition().key("linger.ms").expect("a producer's");
        assert_eq!((linger.kind, &linger.default), (ConfigType::Long, &Parsed::Long(5).into()));
        assert!(Client::Consumer.definition().key("linger.ms").is_none());
    }
}
