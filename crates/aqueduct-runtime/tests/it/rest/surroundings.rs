//! What every answer gets, as seen on a Java worker 4.3.1.

use super::http::{Reply, get, request, serve};

fn cors(reply: &Reply) -> Vec<(&str, &str)> {
    let is_cors = |name: &str| name == "vary" || name.starts_with("access-control-");
    let found = reply.headers.iter().filter(|(name, _)| is_cors(name));
    found.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_the_api() {
    let allowed = [
        ("access.control.allow.origin", "http://a.example,https?://.*[.]b[.]example"),
        ("access.control.allow.methods", "GET,PUT"),
        ("admin.listeners", "http://127.0.0.1:0"),
    ];
    let served = serve(&allowed, None).await;
    let vary = ("vary", "Origin");
    let check = async |method: &str, path: &str, more: &str, status, expected: &[(&str, &str)]| {
        let reply = request(served.main[0], method, path, more, "").await;
        assert_eq!((reply.status, cors(&reply).as_slice()), (status, expected), "{more} {reply:?}");
    };
    check("GET", "/health", "", 503, &[vary]).await;
    check("GET", "/nope", "Origin: http://evil.example\r\n", 404, &[vary]).await;
    let origin = ("access-control-allow-origin", "https://x.b.example");
    check("GET", "/health", "Origin: https://x.b.example\r\n", 503, &[vary, origin]).await;
    let preflight = "Origin: https://x.b.example\r\nAccess-Control-Request-Method: DELETE\r\n";
    let all = [
        vary,
        origin,
        ("access-control-allow-methods", "GET,PUT"),
        ("access-control-allow-headers", "Content-Type"),
        ("access-control-max-age", "60"),
    ];
    check("OPTIONS", "/connectors/x", preflight, 200, &all).await;
    check("OPTIONS", "/nope", preflight, 404, &all).await;
    let admin = request(served.admin[0], "GET", "/admin/loggers", "Origin: http://a.example\r\n", "").await;
    assert_eq!((admin.status, cors(&admin).len()), (200, 0));
}

#[tokio::test]
async fn headers_are_added_to_all_answers() {
    let rules = "set X-A: 1, add Cache-Control:no-store, setDate Expires:0";
    let served = serve(&[("response.http.headers.config", rules)], None).await;
    for path in ["/health", "/nope"] {
        let reply = get(served.main[0], path).await;
        assert_eq!(reply.header("x-a"), ["1"], "{path}");
        assert!(reply.header("cache-control").contains(&"no-store"), "{reply:?}");
        assert!(reply.header("expires")[0].ends_with(" GMT"), "{reply:?}");
    }
    // As in Java, a path that is none is refused before anything is added.
    let refused = get(served.main[0], "/connectors/a%2Fb").await;
    assert!(refused.status == 400 && refused.header("x-a").is_empty(), "{refused:?}");
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let served = serve(&[], None).await;
    let check = async |headers: &str| {
        // The length in the head is what counts; the body itself never comes.
        let stream = tokio::net::TcpStream::connect(served.main[0]).await.expect("a server");
        let (mut read, mut write) = stream.into_split();
        let head = format!("POST /connectors HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut write, head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut read, &mut answer).await.expect("an answer");
        assert!(
            answer.starts_with("HTTP/1.1 413 ")
                && answer.ends_with(r#"{"error_code":413,"message":"HTTP 413 Request Entity Too Large"}"#),
            "{answer}"
        );
    };
    check("Content-Type: application/json\r\nContent-Length: 16777217\r\n").await;
    let large = "x".repeat((16 << 20) + 1);
    let chunk = format!(
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}",
        large.len()
    );
    check(&chunk).await;
}
