//! Pages of other origins that may use the API: what Jetty 12 makes of `access.control.allow.*`.

use aqueduct_api::{Error, Result};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use regex::Regex;

/// The methods of pages, unless others are configured.
const METHODS: &str = "GET,POST,HEAD";
const PREFLIGHT_MAX_AGE_SECONDS: &str = "60";

/// Which origins may do what.
#[derive(Debug)]
pub(super) struct Cors {
    /// Each must match an origin as a whole.
    origins: Vec<Regex>,
    methods: HeaderValue,
}

impl Cors {
    /// Reads `access.control.allow.origin`, patterns between commas where `*` stands for any origin, and
    /// `access.control.allow.methods`. `None` without an origin.
    ///
    /// # Errors
    /// A pattern or a method that cannot be used.
    pub(super) fn new(origins: &str, methods: &str) -> Result<Option<Self>> {
        if origins.trim().is_empty() {
            return Ok(None);
        }
        let pattern = |origin: &str| {
            let pattern = if origin == "*" { ".*" } else { origin };
            Regex::new(&format!("(?i)^(?:{pattern})$")).map_err(|error| {
                Error::config(format!("access.control.allow.origin: {origin} is no pattern: {error}"))
            })
        };
        let words = |text: &str| -> Vec<String> {
            text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        };
        let methods = match words(methods) {
            none if none.is_empty() => METHODS.to_owned(),
            methods => methods.join(","),
        };
        let unusable = |_| Error::config(format!("access.control.allow.methods: {methods} cannot be used"));
        Ok(Some(Self {
            origins: words(origins).iter().map(|origin| pattern(origin)).collect::<Result<_>>()?,
            methods: HeaderValue::from_str(&methods).map_err(unusable)?,
        }))
    }

    /// The headers that the answer to a request gets. A request of another origin is answered all the same: it is the
    /// browser that keeps the answer from the page.
    pub(super) fn headers(&self, method: &Method, request: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = vec![(header::VARY, HeaderValue::from_static("Origin"))];
        let Some(origin) = request.get(header::ORIGIN) else { return headers };
        let is_allowed =
            origin.to_str().is_ok_and(|text| self.origins.iter().any(|pattern| pattern.is_match(text)));
        if !is_allowed {
            return headers;
        }
        headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
        if method == Method::OPTIONS && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            headers.push((header::ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone()));
            let content_type = HeaderValue::from_static("Content-Type");
            headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, content_type));
            let age = HeaderValue::from_static(PREFLIGHT_MAX_AGE_SECONDS);
            headers.push((header::ACCESS_CONTROL_MAX_AGE, age));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_patterns() {
        let cors = Cors::new("http://a.example, https?://.*[.]b[.]example", "").expect("good").expect("on");
        let check = |origin: &'static str, allowed: bool| {
            let request = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
            assert_eq!(cors.headers(&Method::GET, &request).len() == 2, allowed, "{origin}");
        };
        check("http://a.example", true);
        check("HTTP://A.example", true);
        check("http://a.example.evil", false);
        check("https://x.b.example", true);
        check("https://b.example", false);
        let any = Cors::new("*", "GET, PUT").expect("good").expect("on");
        let request = HeaderMap::from_iter([
            (header::ORIGIN, HeaderValue::from_static("null")),
            (header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT")),
        ]);
        let headers = HeaderMap::from_iter(any.headers(&Method::OPTIONS, &request));
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_METHODS], "GET,PUT");
        assert!(Cors::new(" ", "GET").expect("good").is_none());
        assert!(Cors::new("(", "").is_err());
    }
}
