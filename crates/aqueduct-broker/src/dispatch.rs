//! From a frame to the handler of its API, and back.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

use crate::api::failure::Failing;
use crate::api::{self};
use crate::connection::ConnectionError;
use crate::faults::Action;
use crate::group::Caller;
use crate::log::Chunks;
use crate::node::Node;

/// What goes back for a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Produce with `acks=0`.
    None,
    /// The frame with its length, in pieces.
    Frame(Vec<Bytes>),
}

/// A request's surroundings.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) node: Arc<Node>,
    pub(crate) version: i16,
    pub(crate) client_id: StrBytes,
    pub(crate) peer: IpAddr,
    correlation_id: i32,
    api: ApiKey,
}

impl Context {
    pub(crate) fn caller(&self) -> Caller {
        Caller { client_id: self.client_id.clone(), host: self.peer, version: self.version }
    }
}

macro_rules! call {
    (now $answer:expr) => {
        $answer
    };
    (waits $answer:expr) => {
        $answer.await
    };
}

/// The table of APIs: key, request type, versions, whether the handler waits, handler.
macro_rules! routes {
    ($($api:ident $request:ident $min:literal ..= $max:literal => $kind:ident $handler:path;)*) => {
        /// The APIs besides Produce and Fetch, with the versions that are served.
        const ROUTED: &[(ApiKey, i16, i16)] = &[$((ApiKey::$api, $min, $max)),*];

        async fn route(
            context: &Context,
            mut body: Bytes,
            failure: Option<ResponseError>,
        ) -> Result<Reply, ConnectionError> {
            match context.api {
                $(ApiKey::$api => {
                    let request: $request = decode(&mut body, context.version)?;
                    let response = match failure {
                        Some(error) => request.failed(error.code(), context.version),
                        None => call!($kind $handler(context, request)),
                    };
                    context.reply(&response)
                })*
                api => Err(unsupported(api as i16, context.version)),
            }
        }
    };
}

routes! {
    ListOffsets ListOffsetsRequest 1..=10 => now api::list_offsets::handle;
    Metadata MetadataRequest 0..=13 => now api::metadata::handle;
    OffsetCommit OffsetCommitRequest 2..=9 => now api::group_offsets::commit;
    OffsetFetch OffsetFetchRequest 1..=9 => now api::group_offsets::fetch;
    FindCoordinator FindCoordinatorRequest 0..=6 => now api::cluster::find_coordinator;
    JoinGroup JoinGroupRequest 0..=9 => waits api::membership::join;
    Heartbeat HeartbeatRequest 0..=4 => now api::membership::heartbeat;
    LeaveGroup LeaveGroupRequest 0..=5 => now api::membership::leave;
    SyncGroup SyncGroupRequest 0..=5 => waits api::membership::sync;
    DescribeGroups DescribeGroupsRequest 0..=6 => now api::group_admin::describe;
    ListGroups ListGroupsRequest 0..=5 => now api::group_admin::list;
    CreateTopics CreateTopicsRequest 2..=7 => now api::topic_admin::create;
    DeleteTopics DeleteTopicsRequest 1..=6 => now api::topic_admin::delete;
    DeleteRecords DeleteRecordsRequest 0..=2 => now api::topic_admin::delete_records;
    InitProducerId InitProducerIdRequest 0..=5 => now api::transactions::init_producer_id;
    OffsetForLeaderEpoch OffsetForLeaderEpochRequest 2..=4 => now api::list_offsets::for_leader_epoch;
    AddPartitionsToTxn AddPartitionsToTxnRequest 0..=3 => now api::transactions::add_partitions;
    AddOffsetsToTxn AddOffsetsToTxnRequest 0..=4 => now api::transactions::add_offsets;
    EndTxn EndTxnRequest 0..=4 => now api::transactions::end;
    TxnOffsetCommit TxnOffsetCommitRequest 0..=4 => now api::transactions::commit_offsets;
    DescribeConfigs DescribeConfigsRequest 1..=4 => now api::configs::describe;
    AlterConfigs AlterConfigsRequest 0..=2 => now api::configs::alter;
    DescribeLogDirs DescribeLogDirsRequest 1..=4 => now api::cluster::describe_log_dirs;
    CreatePartitions CreatePartitionsRequest 0..=3 => now api::topic_admin::create_partitions;
    DeleteGroups DeleteGroupsRequest 0..=2 => now api::group_admin::delete;
    IncrementalAlterConfigs IncrementalAlterConfigsRequest 0..=1 => now api::configs::incremental_alter;
    ListPartitionReassignments ListPartitionReassignmentsRequest 0..=0 => now api::cluster::list_reassignments;
    OffsetDelete OffsetDeleteRequest 0..=0 => now api::group_offsets::delete;
    DescribeCluster DescribeClusterRequest 0..=2 => now api::cluster::describe;
    DescribeProducers DescribeProducersRequest 0..=0 => now api::producers::describe;
    DescribeTransactions DescribeTransactionsRequest 0..=0 => now api::transactions::describe;
    ListTransactions ListTransactionsRequest 0..=1 => now api::transactions::list;
    DescribeTopicPartitions DescribeTopicPartitionsRequest 0..=0 => now api::metadata::describe_partitions;
}

const API_VERSIONS_MAX: i16 = 4;

/// All APIs with the versions that are served.
pub(crate) fn supported() -> impl Iterator<Item = (ApiKey, i16, i16)> {
    let special =
        [(ApiKey::Produce, 3, 13), (ApiKey::Fetch, 4, 18), (ApiKey::ApiVersions, 0, API_VERSIONS_MAX)];
    special.into_iter().chain(ROUTED.iter().copied())
}

fn unsupported(api_key: i16, version: i16) -> ConnectionError {
    ConnectionError::Unsupported { api_key, version }
}

/// Handles one frame. An error means that the connection cannot go on.
pub(crate) async fn handle(
    node: &Arc<Node>,
    peer: SocketAddr,
    mut frame: Bytes,
) -> Result<Reply, ConnectionError> {
    let Some(&[a, b, c, d, ..]) = frame.get(..8) else {
        return Err(ConnectionError::Malformed("a frame without a header".to_owned()));
    };
    let (api_key, version) = (i16::from_be_bytes([a, b]), i16::from_be_bytes([c, d]));
    let api = ApiKey::try_from(api_key).map_err(|()| unsupported(api_key, version))?;
    let known = supported().find(|(known, ..)| *known == api);
    let (_, min, max) = known.ok_or_else(|| unsupported(api_key, version))?;
    let version_fits = (min..=max).contains(&version);
    if !version_fits && api != ApiKey::ApiVersions {
        return Err(unsupported(api_key, version));
    }
    if !version_fits {
        // A newer client asks with a version of the future: the answer, in version 0, says which it can use.
        let correlation_id = frame.slice(4..8).get_i32();
        let context = Context {
            node: Arc::clone(node),
            version: 0,
            client_id: StrBytes::default(),
            peer: peer.ip(),
            correlation_id,
            api,
        };
        return context.reply(&api::api_versions::unsupported());
    }
    let header: RequestHeader = decode(&mut frame, api.request_header_version(version))?;
    let context = Context {
        node: Arc::clone(node),
        version,
        client_id: header.client_id.unwrap_or_default(),
        peer: peer.ip(),
        correlation_id: header.correlation_id,
        api,
    };
    match node.config.faults.take(api, &context.client_id) {
        None => answer(&context, frame, None).await,
        Some(Action::Fail(error)) => answer(&context, frame, Some(error)).await,
        Some(Action::DropConnection) => Err(ConnectionError::Injected),
        Some(Action::DropResponse) => {
            answer(&context, frame, None).await?;
            Err(ConnectionError::Injected)
        }
        Some(Action::Delay(time)) => {
            tokio::time::sleep(time).await;
            answer(&context, frame, None).await
        }
    }
}

async fn answer(
    context: &Context,
    mut body: Bytes,
    failure: Option<ResponseError>,
) -> Result<Reply, ConnectionError> {
    match context.api {
        ApiKey::Produce => {
            let request: ProduceRequest = decode(&mut body, context.version)?;
            drop(body);
            let acks = request.acks;
            let response = match failure {
                Some(error) => request.failed(error.code(), context.version),
                None => api::produce::handle(context, request),
            };
            if acks == 0 { api::produce::unacknowledged(&response) } else { context.reply(&response) }
        }
        ApiKey::Fetch => {
            let request: FetchRequest = decode(&mut body, context.version)?;
            let response = match failure {
                Some(error) => api::fetch::failed(&request, error),
                None => api::fetch::handle(context, request).await,
            };
            let mut chunks = context.header();
            chunks.append(response.encode(context.version));
            Ok(finish(chunks))
        }
        ApiKey::ApiVersions => {
            let _request: ApiVersionsRequest = decode(&mut body, context.version)?;
            context.reply(&api::api_versions::answer(failure))
        }
        _ => route(context, body, failure).await,
    }
}

fn decode<T: Decodable>(body: &mut Bytes, version: i16) -> Result<T, ConnectionError> {
    T::decode(body, version).map_err(|error| ConnectionError::Malformed(error.to_string()))
}

impl Context {
    fn header(&self) -> Chunks {
        let mut chunks = Chunks::default();
        chunks.put(&self.correlation_id.to_be_bytes());
        if self.api.response_header_version(self.version) >= 1 {
            chunks.put(&[0]);
        }
        chunks
    }

    fn reply(&self, response: &impl Encodable) -> Result<Reply, ConnectionError> {
        let mut body = BytesMut::new();
        response.encode(&mut body, self.version).map_err(|error| {
            ConnectionError::Unencodable(format!("{:?} {}: {error}", self.api, self.version))
        })?;
        let mut chunks = self.header();
        chunks.push(body.freeze());
        Ok(finish(chunks))
    }
}

/// Puts the length before the frame.
fn finish(frame: Chunks) -> Reply {
    let mut length = BytesMut::with_capacity(4);
    length.put_i32(i32::try_from(frame.len()).unwrap_or(i32::MAX));
    let mut whole = Chunks::default();
    whole.put(&length);
    whole.append(frame);
    Reply::Frame(whole.into_pieces())
}
