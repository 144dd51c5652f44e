//! Which settings of Kafka's clients connectors may override (KIP-458, KIP-1188).

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
    }
}
