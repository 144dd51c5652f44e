//! What goes over the wire to a registry, and what comes of its moods.

use aqueduct_api::{ErrorKind, Schema, Value, WireHeaders};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{converter, write};

/// Answers one connection after the other with these status lines and bodies, and gives the requests.
async fn serve(listener: TcpListener, answers: &[(&str, &str)]) -> Vec<String> {
    let mut requests = Vec::new();
    for (status, body) in answers {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // The body of a request ends with its object.
        while !request.ends_with(b"}") {
            let read = stream.read(&mut buffer).await.expect("a request");
            assert!(read > 0, "the request ends too early");
            request.extend_from_slice(&buffer[..read]);
        }
        requests.push(String::from_utf8(request).expect("a text").to_lowercase());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.expect("an answer");
    }
    requests
}

#[tokio::test]
async fn a_registration_is_retried_and_says_who_asks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://name:secret@{}/base", listener.local_addr().expect("an address"));
    let config = [
        ("schema.registry.url", &url[..]),
        ("retries.wait.ms", "1"),
        ("normalize.schemas", "true"),
        ("request.header.X-Team", "blue"),
    ];
    let mut converter = converter("AvroConverter", &config).expect("a configuration");
    let (mut headers, schema, value) = (WireHeaders::new(), Schema::STRING, Value::from("x"));
    let answers = [("503 Service Unavailable", "busy"), ("200 OK", r#"{"id":42}"#)];
    let (requests, bytes) = tokio::join!(
        serve(listener, &answers),
        write(&mut *converter, "a topic", &mut headers, Some(&schema), &value)
    );
    assert_eq!(bytes.expect("written").expect("bytes"), &[0, 0, 0, 0, 42, 2, b'x'][..]);
    for request in requests {
        assert!(
            request.starts_with("post /base/subjects/a%20topic-value/versions?normalize=true http/1.1"),
            "{request}"
        );
        // "name:secret", and the text of the schema.
        assert!(request.contains("authorization: basic bmftztpzzwnyzxq="), "{request}");
        assert!(
            request.contains("x-team: blue") && request.ends_with(r#"{"schema":"\"string\""}"#),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_not_retried_and_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut converter =
        converter("JsonSchemaConverter", &[("schema.registry.url", &url)]).expect("a configuration");
    let (mut headers, schema, value) = (WireHeaders::new(), Schema::STRING, Value::from("x"));
    let answers =
        [("409 Conflict", r#"{"error_code":40901,"message":"Schema being registered is incompatible"}"#)];
    let (requests, written) = tokio::join!(
        serve(listener, &answers),
        write(&mut *converter, "t", &mut headers, Some(&schema), &value)
    );
    assert!(requests[0].contains(r#""schematype":"json""#), "{requests:?}");
    let error = written.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(
        error.trace().contains("Schema being registered is incompatible; error code: 40901"),
        "{}",
        error.trace()
    );
}
