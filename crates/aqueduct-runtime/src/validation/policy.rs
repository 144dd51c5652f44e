//! Which settings of Kafka's clients connectors may override (KIP-458, KIP-1188).

use aqueduct_api::{ConfigMap, Error, Result};

/// What connectors may override.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OverridePolicy {
    /// Every setting.
    #[default]
    All,
    /// No setting.
    None,
    /// How to log in.
    Principal,
    /// These settings.
    Allowlist(Vec<String>),
}

/// What [`OverridePolicy::Principal`] allows.
const PRINCIPAL: [&str; 3] = ["security.protocol", "sasl.jaas.config", "sasl.mechanism"];

impl OverridePolicy {
    /// Reads the policy's name, its class name, or the simple form of that. `None` for any other.
    pub fn from_name(name: &str, allowlist: &[String]) -> Option<Self> {
        let name = name.strip_prefix("org.apache.kafka.connect.connector.policy.").unwrap_or(name);
        match name.strip_suffix("ConnectorClientConfigOverridePolicy").unwrap_or(name) {
            "All" => Some(Self::All),
            "None" => Some(Self::None),
            "Principal" => Some(Self::Principal),
            "Allowlist" => Some(Self::Allowlist(allowlist.to_vec())),
            _ => None,
        }
    }

    /// As messages name it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::All => "All",
            Self::None => "None",
            Self::Principal => "Principal",
            Self::Allowlist(_) => "Allowlist",
        }
    }

    /// Whether a connector may set this, the name without the prefix of the client.
    pub fn allows(&self, setting: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Principal => PRINCIPAL.contains(&setting),
            Self::Allowlist(settings) => settings.iter().any(|allowed| allowed == setting),
        }
    }

    /// Refuses a connector's settings of a client as its start does, unless all are allowed.
    pub fn enforce(&self, overrides: &ConfigMap) -> Result<()> {
        let refused = overrides.iter().filter_map(|(setting, value)| {
            let objection = self.objection(setting)?;
            Some(format!("[{setting},{},[],[{objection}],true]", value.unwrap_or("null")))
        });
        let refused: Vec<String> = refused.collect();
        if refused.is_empty() {
            return Ok(());
        }
        Err(Error::connect(format!("Client Config Overrides not allowed [{}]", refused.join(", "))))
    }

    /// What is wrong with overriding a setting.
    pub fn objection(&self, setting: &str) -> Option<String> {
        (!self.allows(setting)).then(|| {
            let policy = self.name();
            format!("The '{policy}' policy does not allow '{setting}' to be overridden in the connector configuration.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_what_its_name_says() {
        let list = ["acks".to_owned()];
        for (name, allowed, refused) in [
            ("All", "acks", None),
            ("None", "", Some("acks")),
            ("Principal", "sasl.mechanism", Some("acks")),
            (
                "org.apache.kafka.connect.connector.policy.AllowlistConnectorClientConfigOverridePolicy",
                "acks",
                Some("linger.ms"),
            ),
        ] {
            let policy = OverridePolicy::from_name(name, &list).expect(name);
            assert!(allowed.is_empty() || policy.allows(allowed), "{name}");
            assert!(refused.is_none_or(|setting| policy.objection(setting).is_some()), "{name}");
        }
        assert_eq!(OverridePolicy::from_name("Some", &list), None);
        let error = OverridePolicy::None.enforce(&[("acks", "1")].into()).expect_err("refused");
        assert_eq!(
            error.message(),
            Some(
                "Client Config Overrides not allowed [[acks,1,[],[The 'None' policy does not allow 'acks' to be \
                 overridden in the connector configuration.],true]]"
            )
        );
        assert!(OverridePolicy::All.enforce(&[("acks", "1")].into()).is_ok());
    }
}
