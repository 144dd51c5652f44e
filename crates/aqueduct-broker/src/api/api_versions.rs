//! ApiVersions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};

use crate::dispatch::supported;

fn range((api, min, max): (ApiKey, i16, i16)) -> ApiVersion {
    ApiVersion::default().with_api_key(api as i16).with_min_version(min).with_max_version(max)
}

/// All APIs. No features: transactions keep version 1 of their protocol, groups the classic one.
pub(crate) fn answer(failure: Option<ResponseError>) -> ApiVersionsResponse {
    let mut ranges: Vec<ApiVersion> = supported().map(range).collect();
    ranges.sort_by_key(|range| range.api_key);
    ApiVersionsResponse::default()
        .with_error_code(failure.map_or(0, |error| error.code()))
        .with_api_keys(ranges)
}

/// For a version of the future (KIP-511).
pub(crate) fn unsupported() -> ApiVersionsResponse {
    answer(Some(ResponseError::UnsupportedVersion))
}
