//! Tokens for SASL/OAUTHBEARER.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::client::OAuthToken;
use serde_json::{Map, Value, json};

use super::jaas::JaasEntry;
use super::properties::{Properties, Secret};
use crate::error::{ErrorKind, KafkaError, Result};

const CLAIM_STRING: &str = "unsecuredLoginStringClaim_";
const CLAIM_NUMBER: &str = "unsecuredLoginNumberClaim_";
const CLAIM_LIST: &str = "unsecuredLoginListClaim_";
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// A bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The compact JWT, as it goes over the wire.
    pub jwt: Secret,
    /// Whom it names.
    pub principal: String,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: i64,
}

/// Where tokens come from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// Made here, unsigned, as Java's default login callback does; for development only.
    Unsecured {
        /// Claims besides `iat` and `exp`.
        claims: Map<String, Value>,
        /// The claim that names the principal.
        principal_claim: String,
        /// How long a token lives.
        lifetime: Duration,
    },
    /// Read from a file each time (`sasl.oauthbearer.token.endpoint.url=file:...`).
    File {
        /// The file, which holds one compact JWT.
        path: PathBuf,
        /// The claim that names the principal.
        principal_claim: String,
    },
}

impl TokenSource {
    /// Reads the source from a login module's options and the `sasl.oauthbearer.*` properties.
    pub(super) fn new(properties: &Properties, jaas: &JaasEntry) -> Result<TokenSource> {
        let named = properties.get("sasl.oauthbearer.sub.claim.name").unwrap_or("sub");
        match properties.get("sasl.oauthbearer.token.endpoint.url").filter(|url| !url.is_empty()) {
            Some(url) => match url.strip_prefix("file:") {
                Some(path) => {
                    let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
                    Ok(TokenSource::File { path, principal_claim: named.to_owned() })
                }
                None => Err(KafkaError::config(
                    "sasl.oauthbearer.token.endpoint.url: only file: URLs are supported; have a sidecar fetch the \
                     token into a file",
                )),
            },
            None => TokenSource::unsecured(jaas),
        }
    }

    fn unsecured(jaas: &JaasEntry) -> Result<TokenSource> {
        let mut claims = Map::new();
        let mut lifetime = DEFAULT_LIFETIME;
        let mut principal_claim = "sub".to_owned();
        for (name, value) in &jaas.options {
            let value = value.expose();
            if let Some(claim) = name.strip_prefix(CLAIM_STRING) {
                claims.insert(claim.to_owned(), json!(value));
            } else if let Some(claim) = name.strip_prefix(CLAIM_NUMBER) {
                let number: f64 = value.parse().map_err(|_| {
                    KafkaError::config(format!("The option {name} in sasl.jaas.config is not a number"))
                })?;
                claims.insert(claim.to_owned(), json!(number));
            } else if let Some(claim) = name.strip_prefix(CLAIM_LIST) {
                claims.insert(claim.to_owned(), list_claim(value));
            } else if name == "unsecuredLoginLifetimeSeconds" {
                let seconds = value.parse().map_err(|_| {
                    KafkaError::config(format!("The option {name} in sasl.jaas.config is not a number"))
                })?;
                lifetime = Duration::from_secs(seconds);
            } else if name == "unsecuredLoginPrincipalClaimName" {
                value.clone_into(&mut principal_claim);
            }
        }
        if !claims.contains_key(&principal_claim) {
            return Err(KafkaError::config(format!(
                "OAuthBearerLoginModule needs the option '{CLAIM_STRING}{principal_claim}' in sasl.jaas.config, or \
                 sasl.oauthbearer.token.endpoint.url"
            )));
        }
        Ok(TokenSource::Unsecured { claims, principal_claim, lifetime })
    }

    /// A token that is valid now.
    ///
    /// # Errors
    /// `Authentication` if there is none to be had; never quotes the token.
    pub fn token(&self) -> Result<Token> {
        match self {
            TokenSource::Unsecured { claims, principal_claim, lifetime } => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let expires = now + *lifetime;
                let mut claims = claims.clone();
                claims.insert("iat".to_owned(), json!(now.as_secs_f64()));
                claims.insert("exp".to_owned(), json!(expires.as_secs_f64()));
                let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
                let principal = principal_of(&claims, principal_claim)?;
                let jwt = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&Value::Object(claims)));
                let expires_ms = i64::try_from(expires.as_millis()).unwrap_or(i64::MAX);
                Ok(Token { jwt: Secret::new(jwt), principal, expires_ms })
            }
            TokenSource::File { path, principal_claim } => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    refused(format!("cannot read the token file {}: {error}", path.display()))
                })?;
                parse(text.trim(), principal_claim)
            }
        }
    }

    /// The token in the shape that librdkafka's refresh callback wants.
    pub(crate) fn for_librdkafka(
        source: Option<&TokenSource>,
    ) -> std::result::Result<OAuthToken, Box<dyn std::error::Error>> {
        let source = source.ok_or("no OAUTHBEARER login is configured")?;
        let token = source.token()?;
        Ok(OAuthToken {
            token: token.jwt.expose().to_owned(),
            principal_name: token.principal,
            lifetime_ms: token.expires_ms,
        })
    }
}

/// A list claim's option: its first character separates the elements.
fn list_claim(value: &str) -> Value {
    let mut chars = value.chars();
    match chars.next() {
        None => json!([]),
        Some(separator) => chars.as_str().split(separator).collect(),
    }
}

fn parse(jwt: &str, principal_claim: &str) -> Result<Token> {
    let claims =
        jwt.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims: Map<String, Value> = claims
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| refused("the token is not a JWT with JSON claims"))?;
    let expires = claims
        .get("exp")
        .and_then(Value::as_f64)
        .ok_or_else(|| refused("the token has no expiration time (claim 'exp')"))?;
    let principal = principal_of(&claims, principal_claim)?;
    Ok(Token { jwt: Secret::new(jwt), principal, expires_ms: (expires * 1000.0) as i64 })
}

fn principal_of(claims: &Map<String, Value>, name: &str) -> Result<String> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| refused(format!("the token has no principal (claim '{name}')")))
}

fn refused(message: impl Into<String>) -> KafkaError {
    KafkaError::new(ErrorKind::Authentication, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(options: &str) -> Result<TokenSource> {
        let jaas = JaasEntry::parse(&format!("OAuthBearerLoginModule required {options};"))?;
        TokenSource::new(&Properties::new(), &jaas)
    }

    #[test]
    fn an_unsecured_token_has_the_claims_asked_for_and_no_signature() {
        let source = source(
            "unsecuredLoginStringClaim_sub=alice unsecuredLoginListClaim_scope=\",a,b\" \
             unsecuredLoginNumberClaim_n=3 unsecuredLoginLifetimeSeconds=60",
        );
        let token = source.unwrap().token().unwrap();
        let parts: Vec<_> = token.jwt.expose().split('.').collect();
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[0]).unwrap(), br#"{"alg":"none"}"#);
        assert_eq!((parts.len(), parts[2]), (3, ""));
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert_eq!(
            (&claims["sub"], &claims["scope"], &claims["n"]),
            (&json!("alice"), &json!(["a", "b"]), &json!(3.0))
        );
        assert_eq!(token.principal, "alice");
        let again = parse(token.jwt.expose(), "sub").unwrap();
        assert!((again.expires_ms - token.expires_ms).abs() <= 1);
    }

    #[test]
    fn a_login_without_a_principal_is_refused() {
        assert!(source("unsecuredLoginStringClaim_other=x").unwrap_err().message().contains("Claim_sub"));
    }
}
