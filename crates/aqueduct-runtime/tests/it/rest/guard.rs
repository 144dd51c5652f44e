//! The extension for basic authentication.

use std::path::PathBuf;

use aqueduct_runtime::rest::BASIC_AUTH_EXTENSION;

use super::http::{get, plan, request, serve};

/// A file for the extension, which lets `anna` in.
pub(crate) fn jaas(dir: &tempfile::TempDir) -> PathBuf {
    let users = dir.path().join("users.properties");
    std::fs::write(&users, "anna=s e\n").expect("written");
    let path = dir.path().join("jaas.conf");
    let module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
    let text = format!("KafkaConnect {{\n  {module} required\n  file=\"{}\";\n}};\n", users.display());
    std::fs::write(&path, text).expect("written");
    path
}

#[tokio::test]
async fn strangers_are_kept_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let properties =
        [("rest.extension.classes", BASIC_AUTH_EXTENSION), ("admin.listeners", "http://127.0.0.1:0")];
    let served = serve(&properties, Some(&jaas(&dir))).await;
    let (main, admin) = (served.main[0], served.admin[0]);
    for (address, path) in [(main, "/health"), (main, "/connectors"), (admin, "/admin/loggers")] {
        let refused = get(address, path).await;
        refused.expect(401, "User cannot access the resource.");
        assert!(refused.header("www-authenticate").is_empty(), "{refused:?}");
    }
    // What `printf 'anna:s e' | base64` prints.
    let anna = "Authorization: Basic YW5uYTpzIGU=\r\n";
    assert_eq!(request(main, "GET", "/health", anna, "").await.status, 503);
    assert_eq!(request(admin, "GET", "/admin/loggers", anna, "").await.status, 200);
    let wrong = "Authorization: Basic !!!\r\n";
    assert_eq!(request(main, "GET", "/health", wrong, "").await.status, 401);
    assert_eq!(request(main, "OPTIONS", "/connectors", "", "").await.status, 401);
    assert_eq!(get(main, "/nope").await.status, 404);
}

#[test]
fn a_worker_does_not_start_without_what_should_guard_it() {
    let check = |classes: &str, reason: &str| match plan(&[("rest.extension.classes", classes)], None) {
        Ok(_) => panic!("{classes} was taken"),
        Err(error) => assert!(error.to_string().contains(reason), "{error}"),
    };
    check("a.B", "rest.extension.classes: a.B is not available here");
    check(BASIC_AUTH_EXTENSION, "needs a JAAS file");
}
