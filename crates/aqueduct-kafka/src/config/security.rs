//! TLS and SASL, for both planes.

use super::jaas::JaasEntry;
use super::native::NativeConfig;
use super::properties::{Properties, Secret};
use super::stores::{self, Identity};
use super::table::{Key, Use, key};
use super::token::TokenSource;
use super::value::{Type, invalid};
use crate::error::{KafkaError, Result};

use Type::{Boolean, Int, Long, OneOf, Text};
use Use::{Ignored, Ours, Refused};

const JVM_ONLY: &str = "Java classes cannot be run inside the client";

/// Security keys.
pub(super) const SECURITY: &[Key] = &[
    key("security.protocol", OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Ours),
    key("security.providers", Text, Refused(JVM_ONLY)),
    key("sasl.mechanism", Text, Ours),
    key("sasl.jaas.config", Text, Ours),
    key("sasl.client.callback.handler.class", Text, Refused(JVM_ONLY)),
    key("sasl.login.callback.handler.class", Text, Ours),
    key("sasl.login.class", Text, Refused(JVM_ONLY)),
    key("sasl.kerberos.service.name", Text, Ignored),
    key("sasl.kerberos.kinit.cmd", Text, Ignored),
    key("sasl.kerberos.ticket.renew.window.factor", Text, Ignored),
    key("sasl.kerberos.ticket.renew.jitter", Text, Ignored),
    key("sasl.kerberos.min.time.before.relogin", Long(0), Ignored),
    key("sasl.login.refresh.window.factor", Text, Ignored),
    key("sasl.login.refresh.window.jitter", Text, Ignored),
    key("sasl.login.refresh.min.period.seconds", Int(0), Ignored),
    key("sasl.login.refresh.buffer.seconds", Int(0), Ignored),
    key("sasl.login.connect.timeout.ms", Int(0), Ignored),
    key("sasl.login.read.timeout.ms", Int(0), Ignored),
    key("sasl.login.retry.backoff.ms", Long(0), Ignored),
    key("sasl.login.retry.backoff.max.ms", Long(0), Ignored),
    key("sasl.oauthbearer.token.endpoint.url", Text, Ours),
    key("sasl.oauthbearer.scope.claim.name", Text, Ignored),
    key("sasl.oauthbearer.sub.claim.name", Text, Ours),
    key("sasl.oauthbearer.expected.audience", Text, Ignored),
    key("sasl.oauthbearer.expected.issuer", Text, Ignored),
    key("sasl.oauthbearer.clock.skew.seconds", Int(0), Ignored),
    key("sasl.oauthbearer.jwks.endpoint.url", Text, Ignored),
    key("sasl.oauthbearer.header.urlencode", Boolean, Ignored),
    key("sasl.oauthbearer.jwt.retriever.class", Text, Ignored),
    key("sasl.oauthbearer.jwt.validator.class", Text, Ignored),
    key("ssl.protocol", Text, Ignored),
    key("ssl.enabled.protocols", Text, Ignored),
    key("ssl.cipher.suites", Text, Ignored),
    key("ssl.provider", Text, Ignored),
    key("ssl.keymanager.algorithm", Text, Ignored),
    key("ssl.trustmanager.algorithm", Text, Ignored),
    key("ssl.secure.random.implementation", Text, Ignored),
    key("ssl.engine.factory.class", Text, Refused(JVM_ONLY)),
    key("ssl.endpoint.identification.algorithm", Text, Ours),
    key("ssl.truststore.type", Text, Ours),
    key("ssl.truststore.location", Text, Ours),
    key("ssl.truststore.password", Text, Ours),
    key("ssl.truststore.certificates", Text, Ours),
    key("ssl.keystore.type", Text, Ours),
    key("ssl.keystore.location", Text, Ours),
    key("ssl.keystore.password", Text, Ours),
    key("ssl.keystore.key", Text, Ours),
    key("ssl.keystore.certificate.chain", Text, Ours),
    key("ssl.key.password", Text, Ours),
];

/// How to secure connections. One value drives the data plane and the control plane.
#[derive(Clone, Debug, Default)]
pub struct SecurityConfig {
    /// TLS, with `SSL` and `SASL_SSL`.
    pub tls: Option<Tls>,
    /// SASL, with `SASL_PLAINTEXT` and `SASL_SSL`.
    pub sasl: Option<Sasl>,
}

/// TLS settings, with all stores already read.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Certificates to trust, as PEM; `None` trusts what the system trusts.
    pub trusted_pem: Option<String>,
    /// The client's own certificate and key.
    pub identity: Option<Identity>,
    /// Whether the server's certificate must name the host (`ssl.endpoint.identification.algorithm=https`).
    pub verify_host: bool,
}

/// How to log in.
#[derive(Clone, Debug)]
pub enum Sasl {
    /// PLAIN.
    Plain {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// SCRAM-SHA-256.
    ScramSha256 {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// SCRAM-SHA-512.
    ScramSha512 {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// OAUTHBEARER.
    OAuthBearer(TokenSource),
}

impl Sasl {
    /// The mechanism's name on the wire.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Sasl::Plain { .. } => "PLAIN",
            Sasl::ScramSha256 { .. } => "SCRAM-SHA-256",
            Sasl::ScramSha512 { .. } => "SCRAM-SHA-512",
            Sasl::OAuthBearer(_) => "OAUTHBEARER",
        }
    }

    fn new(properties: &Properties) -> Result<Sasl> {
        let mechanism = properties.get("sasl.mechanism").unwrap_or("GSSAPI");
        let handler = properties.get("sasl.login.callback.handler.class").unwrap_or_default();
        if !handler.is_empty() && !handler.ends_with("OAuthBearerLoginCallbackHandler") {
            return Err(invalid("sasl.login.callback.handler.class", handler, JVM_ONLY));
        }
        let jaas = || match properties.get("sasl.jaas.config") {
            Some(text) => JaasEntry::parse(text),
            None => Err(KafkaError::config(format!(
                "Could not find a 'KafkaClient' entry in the JAAS configuration: set sasl.jaas.config for {mechanism}"
            ))),
        };
        let login = |module: &str| {
            let entry = jaas()?;
            if entry.module != module {
                return Err(KafkaError::config(format!(
                    "sasl.jaas.config names {} where sasl.mechanism {mechanism} wants {module}",
                    entry.module
                )));
            }
            Ok(entry)
        };
        let user = |entry: &JaasEntry| {
            Ok((entry.required("username")?.to_owned(), Secret::new(entry.required("password")?)))
        };
        match mechanism {
            "PLAIN" => user(&login("PlainLoginModule")?)
                .map(|(username, password)| Sasl::Plain { username, password }),
            "SCRAM-SHA-256" => user(&login("ScramLoginModule")?)
                .map(|(username, password)| Sasl::ScramSha256 { username, password }),
            "SCRAM-SHA-512" => user(&login("ScramLoginModule")?)
                .map(|(username, password)| Sasl::ScramSha512 { username, password }),
            "OAUTHBEARER" => {
                TokenSource::new(properties, &login("OAuthBearerLoginModule")?).map(Sasl::OAuthBearer)
            }
            other => Err(invalid(
                "sasl.mechanism",
                other,
                "this build supports PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER",
            )),
        }
    }

    fn apply(&self, native: &mut NativeConfig) {
        native.set("sasl.mechanism", self.mechanism());
        match self {
            Sasl::Plain { username, password }
            | Sasl::ScramSha256 { username, password }
            | Sasl::ScramSha512 { username, password } => {
                native.set("sasl.username", username);
                native.set("sasl.password", password.expose());
            }
            // Tokens come through the refresh callback.
            Sasl::OAuthBearer(_) => {}
        }
    }
}

impl SecurityConfig {
    /// Reads the security keys, and the stores that they name.
    ///
    /// # Errors
    /// `Config`, naming the key and never a secret.
    pub fn new(properties: &Properties) -> Result<SecurityConfig> {
        let protocol = properties.get("security.protocol").unwrap_or("PLAINTEXT").to_ascii_uppercase();
        let (tls, sasl) = match protocol.as_str() {
            "PLAINTEXT" => (false, false),
            "SSL" => (true, false),
            "SASL_PLAINTEXT" => (false, true),
            "SASL_SSL" => (true, true),
            _ => {
                let reason = "String must be one of: PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL";
                return Err(invalid("security.protocol", &protocol, reason));
            }
        };
        Ok(SecurityConfig {
            tls: tls.then(|| Tls::new(properties)).transpose()?,
            sasl: sasl.then(|| Sasl::new(properties)).transpose()?,
        })
    }

    /// The source of tokens, with OAUTHBEARER.
    pub fn token_source(&self) -> Option<&TokenSource> {
        match &self.sasl {
            Some(Sasl::OAuthBearer(source)) => Some(source),
            _ => None,
        }
    }

    pub(super) fn apply(&self, native: &mut NativeConfig) {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        native.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            tls.apply(native);
        }
        if let Some(sasl) = &self.sasl {
            sasl.apply(native);
        }
    }
}

impl Tls {
    fn new(properties: &Properties) -> Result<Tls> {
        let name = "ssl.endpoint.identification.algorithm";
        let algorithm = properties.get(name).unwrap_or("https");
        let verify_host = match algorithm.to_ascii_lowercase().as_str() {
            "https" => true,
            "" => false,
            _ => return Err(invalid(name, algorithm, "String must be https or empty")),
        };
        Ok(Tls {
            trusted_pem: stores::trusted_pem(properties)?,
            identity: stores::identity(properties)?,
            verify_host,
        })
    }

    fn apply(&self, native: &mut NativeConfig) {
        match &self.trusted_pem {
            Some(pem) => native.set("ssl.ca.pem", pem),
            // OpenSSL is part of the program and knows no folder of the system: look where systems keep them.
            None => native.set("ssl.ca.location", "probe"),
        }
        if let Some(identity) = &self.identity {
            native.set("ssl.certificate.pem", &identity.chain_pem);
            native.set("ssl.key.pem", identity.key_pem.expose());
        }
        native.set("ssl.endpoint.identification.algorithm", if self.verify_host { "https" } else { "none" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sasl(mechanism: &str, jaas: &str) -> Result<SecurityConfig> {
        SecurityConfig::new(
            &Properties::new()
                .with("security.protocol", "sasl_plaintext")
                .with("sasl.mechanism", mechanism)
                .with("sasl.jaas.config", jaas),
        )
    }

    #[test]
    fn mechanisms_and_their_login_modules() {
        let plain =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=u password=tiger;";
        let scram =
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=u password=tiger;";
        for (mechanism, jaas) in [("PLAIN", plain), ("SCRAM-SHA-256", scram), ("SCRAM-SHA-512", scram)] {
            let config = sasl(mechanism, jaas).unwrap();
            let mut native = NativeConfig::default();
            config.apply(&mut native);
            assert_eq!(native.get("sasl.mechanism"), Some(mechanism));
            assert_eq!(native.get("security.protocol"), Some("sasl_plaintext"));
            assert_eq!(
                (native.get("sasl.username"), native.get("sasl.password")),
                (Some("u"), Some("tiger"))
            );
            assert!(!format!("{config:?} {native:?}").contains("tiger"));
        }
        for (mechanism, jaas, reason) in [
            ("SCRAM-SHA-256", plain, "names PlainLoginModule"),
            ("PLAIN", "PlainLoginModule required username=u;", "needs the option 'password'"),
            ("GSSAPI", plain, "sasl.mechanism"),
        ] {
            let error = sasl(mechanism, jaas).unwrap_err();
            assert!(error.message().contains(reason) && !error.message().contains("tiger"), "{error}");
        }
    }

    #[test]
    fn tls_defaults_check_the_host_and_trust_the_system() {
        let config = SecurityConfig::new(&Properties::new().with("security.protocol", "SSL")).unwrap();
        let tls = config.tls.unwrap();
        assert!(tls.verify_host && tls.trusted_pem.is_none() && tls.identity.is_none());
        let config = SecurityConfig::new(
            &Properties::new()
                .with("security.protocol", "SSL")
                .with("ssl.endpoint.identification.algorithm", ""),
        );
        assert!(!config.unwrap().tls.unwrap().verify_host);
    }
}
