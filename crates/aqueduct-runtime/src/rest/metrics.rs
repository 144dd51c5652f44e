//! `GET /metrics`: the worker's figures, for Prometheus, or as JSON for who wants that.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::uri::query_values;
use super::{Answer, RestError, RestState};
use crate::metrics;

pub(super) async fn metrics(
    State(state): State<RestState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer<Response> {
    let metered = state.metered.borrow().clone().ok_or_else(RestError::not_found)?;
    let format = query_values(query.as_deref(), "format").into_iter().next();
    let wants_json = match format {
        Some(format) => format.eq_ignore_ascii_case("json"),
        None => accepts_json(&headers),
    };
    // With hundreds of connectors there is much to put together, and other requests don't wait for that.
    let answer = tokio::task::spawn_blocking(move || {
        let figures = metered.figures();
        if wants_json {
            return Json(figures.beans).into_response();
        }
        ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&figures)).into_response()
    });
    answer
        .await
        .map_err(|_| RestError::new(StatusCode::INTERNAL_SERVER_ERROR, "The figures could not be told."))
}

/// Whether JSON is named and text is not. Prometheus names text among other forms.
fn accepts_json(headers: &HeaderMap) -> bool {
    let accepts = |media: &str| {
        let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| text.split(','))
            .any(|one| one.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media)))
    };
    accepts("application/json") && !accepts("text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_who_names_it() {
        let check = |accept: &str, expected: bool| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().expect(accept))]);
            assert_eq!(accepts_json(&headers), expected, "{accept}");
        };
        check("application/json", true);
        check("text/html, application/JSON;q=0.9", true);
        check("*/*", false);
        check("text/plain;version=0.0.4, application/json;q=0.1", false);
        check("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false);
        assert!(!accepts_json(&HeaderMap::new()));
    }
}
