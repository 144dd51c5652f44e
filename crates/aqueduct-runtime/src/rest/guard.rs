//! Who may use the API: the extension for basic authentication (spec: listeners, headers, auth).

mod jaas;

use std::path::Path;
use std::sync::Arc;

use aqueduct_api::{ConfigMap, Error, Result};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::surroundings::User;
use crate::properties;

/// The only extension there is here, by the name of the Java class.
pub const BASIC_AUTH_EXTENSION: &str =
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";
/// The login module that the extension brings.
const LOGIN_MODULE: &str = "PropertyFileLoginModule";

/// Somebody who names no user, or not with its password.
#[derive(Debug)]
pub(super) struct Stranger;

impl IntoResponse for Stranger {
    fn into_response(self) -> Response {
        // Java calls the text JSON, which is what the resource would have given.
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::UNAUTHORIZED, kind, Body::from("User cannot access the resource.")).into_response()
    }
}

/// Lets through who names a user of the file with its password.
#[derive(Debug)]
pub(super) struct Guard {
    /// Passwords by user. Empty: everybody is let through, as in Java.
    users: ConfigMap,
}

impl Guard {
    /// Reads what `rest.extension.classes` asks for; `None` if that is nothing. `jaas` is the file with the entry
    /// `KafkaConnect`, whose module names the file of users.
    ///
    /// # Errors
    /// Another class than [`BASIC_AUTH_EXTENSION`], and files that are missing or say something else. A worker that
    /// everybody could use, or nobody, does not start.
    pub(super) fn new(classes: &[String], jaas: Option<&Path>) -> Result<Option<Self>> {
        if let Some(other) = classes.iter().find(|class| *class != BASIC_AUTH_EXTENSION) {
            return Err(Error::config(format!(
                "rest.extension.classes: {other} is not available here: extensions are Java code. {BASIC_AUTH_EXTENSION} is built in"
            )));
        }
        if classes.is_empty() {
            return Ok(None);
        }
        let Some(jaas) = jaas else {
            return Err(Error::config(format!(
                "{BASIC_AUTH_EXTENSION} needs a JAAS file: set aqueduct.rest.jaas.config, or \
                 -Djava.security.auth.login.config=FILE in the environment variable KAFKA_OPTS"
            )));
        };
        let text = std::fs::read_to_string(jaas).map_err(|error| {
            Error::config(format!("The JAAS file {} cannot be read: {error}", jaas.display()))
        })?;
        let entry = jaas::entry(&text, "KafkaConnect")
            .map_err(|reason| Error::config(format!("The JAAS file {}: {reason}", jaas.display())))?;
        if entry.module != LOGIN_MODULE {
            return Err(Error::config(format!(
                "The JAAS file {}: {} is not available here, only {LOGIN_MODULE}",
                jaas.display(),
                entry.module
            )));
        }
        let file = entry.option("file").filter(|file| !file.trim().is_empty()).ok_or_else(|| {
            Error::config(
                "Property Credentials file must be specified: the option `file` of PropertyFileLoginModule",
            )
        })?;
        let users = properties::read(Path::new(file)).map_err(|error| Error::config(error.to_string()))?;
        if users.is_empty() {
            tracing::warn!("{file} has no users: everybody may use the REST API");
        }
        Ok(Some(Self { users }))
    }

    /// Who sends a request with these headers; `None` where nobody is asked. What workers ask of each other does not come
    /// here: it is signed.
    pub(super) fn admit(&self, headers: &HeaderMap) -> std::result::Result<Option<User>, Stranger> {
        if self.users.is_empty() {
            return Ok(None);
        }
        match credentials(headers).filter(|(user, password)| self.knows(user, password)) {
            Some((user, _)) => Ok(Some(User(Arc::from(user)))),
            None => Err(Stranger),
        }
    }

    fn knows(&self, user: &str, password: &str) -> bool {
        self.users.get(user).is_some_and(|known| same(known.as_bytes(), password.as_bytes()))
    }
}

/// Whether both are equal, in a time that does not tell how much of them is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn answer(users: &[(&str, &str)], authorization: Option<&str>) -> u16 {
        let guard = Guard { users: users.iter().copied().collect() };
        let value = authorization.map(|text| HeaderValue::from_str(text).expect("a header"));
        let headers: HeaderMap = value.map(|value| (header::AUTHORIZATION, value)).into_iter().collect();
        match guard.admit(&headers) {
            Ok(_) => 200,
            Err(stranger) => stranger.into_response().status().as_u16(),
        }
    }

    #[test]
    fn users_of_the_file_are_let_through() {
        let check = |authorization: Option<&str>, expected| {
            assert_eq!(answer(&[("anna", "s e:x")], authorization), expected, "{authorization:?}");
        };
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        check(Some(&basic("anna:s e:x")), 200);
        check(Some(&basic("anna:s e:x").replace("Basic", "bAsIc")), 200);
        check(Some(&basic("anna:s e")), 401);
        check(Some(&basic("anna")), 401);
        check(Some(&basic("bob:s e:x")), 401);
        check(Some("Basic ###"), 401);
        check(Some("Bearer x"), 401);
        check(None, 401);
        assert_eq!(answer(&[], None), 200, "an empty file");
    }

    #[test]
    fn what_cannot_guard_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
        let basic = [BASIC_AUTH_EXTENSION.to_owned()];
        let check = |classes: &[String], jaas: Option<&str>, reason: &str| {
            let jaas = jaas.map(|text| file("jaas", text));
            let error = Guard::new(classes, jaas.as_deref()).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        };
        check(&["a.B".to_owned()], None, "rest.extension.classes: a.B is not available here");
        check(&basic, None, "needs a JAAS file");
        check(&basic, Some("Other { a.B required; };"), "no entry KafkaConnect");
        check(&basic, Some("KafkaConnect { a.B required; };"), "B is not available here");
        check(&basic, Some(&format!("KafkaConnect {{ {module} required; }};")), "must be specified");
        check(&basic, Some(&format!("KafkaConnect {{ {module} required file=\"/missing\"; }};")), "/missing");
        let users = file("users", "anna=secret\n");
        let jaas =
            file("good", &format!("KafkaConnect {{\n{module} required\nfile=\"{}\";\n}};", users.display()));
        let guard = Guard::new(&basic, Some(&jaas)).expect("good").expect("a guard");
        assert!(guard.knows("anna", "secret"));
        assert!(Guard::new(&[], None).expect("good").is_none());
    }
}
