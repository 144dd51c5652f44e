//! Transactions on the wire.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState};
use kafka_protocol::messages::list_transactions_response::TransactionState as ListedTransaction;
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    DescribeTransactionsRequest, DescribeTransactionsResponse, EndTxnRequest, EndTxnResponse,
    InitProducerIdRequest, InitProducerIdResponse, ListTransactionsRequest, ListTransactionsResponse,
    TopicName, TransactionalId, TxnOffsetCommitRequest, TxnOffsetCommitResponse,
};

use super::group_offsets::check_commit;
use super::{code, text};
use crate::clock::now_ms;
use crate::dispatch::Context;
use crate::group::CommitIdentity;
use crate::journal::{CommittedOffset, TransactionPhase};
use crate::txn::ProducerIdentity;

/// PRODUCER_FENCED is new in these versions (KIP-588); before, it is INVALID_PRODUCER_EPOCH.
const INIT_FENCED_FROM: i16 = 4;
const OTHERS_FENCED_FROM: i16 = 2;

const PHASES: [(TransactionPhase, &str); 6] = [
    (TransactionPhase::Empty, "Empty"),
    (TransactionPhase::Ongoing, "Ongoing"),
    (TransactionPhase::PrepareCommit, "PrepareCommit"),
    (TransactionPhase::PrepareAbort, "PrepareAbort"),
    (TransactionPhase::CompleteCommit, "CompleteCommit"),
    (TransactionPhase::CompleteAbort, "CompleteAbort"),
];

fn phase_name(phase: TransactionPhase) -> &'static str {
    PHASES.iter().find(|(known, _)| *known == phase).map_or("Dead", |(_, name)| name)
}

fn named_for(version: i16, fenced_from: i16, error: ResponseError) -> ResponseError {
    match error {
        ResponseError::ProducerFenced if version < fenced_from => ResponseError::InvalidProducerEpoch,
        other => other,
    }
}

pub(crate) fn init_producer_id(context: &Context, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let transactions = &context.node.transactions;
    let expected = (request.producer_id.0 >= 0)
        .then_some(ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch });
    let result = match &request.transactional_id {
        None => transactions.new_producer(),
        Some(id) => transactions.init(id, request.transaction_timeout_ms, expected),
    };
    let response = InitProducerIdResponse::default();
    match result {
        Ok(producer) => response.with_producer_id(producer.id.into()).with_producer_epoch(producer.epoch),
        Err(error) => response
            .with_error_code(named_for(context.version, INIT_FENCED_FROM, error).code())
            .with_producer_id((-1).into())
            .with_producer_epoch(-1),
    }
}

pub(crate) fn add_partitions(
    context: &Context,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    let id = &request.v3_and_below_transactional_id;
    let producer = ProducerIdentity {
        id: request.v3_and_below_producer_id.0,
        epoch: request.v3_and_below_producer_epoch,
    };
    let topics = &request.v3_and_below_topics;
    let wanted: Vec<(String, i32)> = topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|index| (topic.name.to_string(), *index)))
        .collect();
    let exists = |name: &str, index: i32| context.node.topics.partition(name, index).is_ok();
    let all_exist = wanted.iter().all(|(name, index)| exists(name, *index));
    let result = if all_exist {
        context.node.transactions.add_partitions(id, producer, &wanted)
    } else {
        Err(ResponseError::OperationNotAttempted)
    };
    let result = result.map_err(|error| named_for(context.version, OTHERS_FENCED_FROM, error));
    let answers = topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|index| {
            let code = if exists(&topic.name, *index) {
                code(&result)
            } else {
                ResponseError::UnknownTopicOrPartition.code()
            };
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(*index)
                .with_partition_error_code(code)
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect())
    });
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(answers.collect())
}

pub(crate) fn add_offsets(context: &Context, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse {
    let producer = ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch };
    let result = context
        .node
        .transactions
        .add_group(&request.transactional_id, producer, &request.group_id)
        .map_err(|error| named_for(context.version, OTHERS_FENCED_FROM, error));
    AddOffsetsToTxnResponse::default().with_error_code(code(&result))
}

pub(crate) fn end(context: &Context, request: EndTxnRequest) -> EndTxnResponse {
    let producer = ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch };
    let result = context
        .node
        .transactions
        .end(&request.transactional_id, producer, request.committed)
        .map_err(|error| named_for(context.version, OTHERS_FENCED_FROM, error));
    EndTxnResponse::default().with_error_code(code(&result))
}

pub(crate) fn commit_offsets(context: &Context, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let producer = ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch };
    let member = CommitIdentity {
        generation: request.generation_id,
        member_id: request.member_id.clone(),
        instance_id: request.group_instance_id.clone(),
    };
    let mut accepted = Vec::new();
    let mut answers = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let metadata = asked.committed_metadata.as_ref().map_or("", |metadata| metadata.as_str());
            let checked = check_commit(context, &topic.name, asked.partition_index, metadata);
            if checked.is_ok() {
                let (offset, leader_epoch) = (asked.committed_offset, asked.committed_leader_epoch);
                let committed = CommittedOffset { offset, leader_epoch, metadata: metadata.to_owned() };
                accepted.push(((topic.name.to_string(), asked.partition_index), committed));
            }
            let answer =
                TxnOffsetCommitResponsePartition::default().with_partition_index(asked.partition_index);
            partitions.push(answer.with_error_code(code(&checked)));
        }
        answers.push(
            TxnOffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions),
        );
    }
    let transactions = &context.node.transactions;
    let held = transactions.commit_offsets(
        &request.transactional_id,
        producer,
        &request.group_id,
        &member,
        accepted,
    );
    if let Err(error) = held {
        let all = answers.iter_mut().flat_map(|topic| &mut topic.partitions);
        all.for_each(|partition| partition.error_code = error.code());
    }
    TxnOffsetCommitResponse::default().with_topics(answers)
}

pub(crate) fn describe(
    context: &Context,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let describe = |id: TransactionalId| {
        let state = TransactionState::default();
        let Some(transaction) = context.node.transactions.get(&id) else {
            let not_found = ResponseError::TransactionalIdNotFound.code();
            return state.with_error_code(not_found).with_transactional_id(id);
        };
        let mut topics: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for (topic, index) in transaction.partitions {
            topics.entry(topic).or_default().push(index);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            TopicData::default().with_topic(TopicName(text(topic))).with_partitions(partitions)
        });
        state
            .with_transactional_id(id)
            .with_transaction_state(text(phase_name(transaction.phase)))
            .with_transaction_timeout_ms(transaction.timeout_ms)
            .with_transaction_start_time_ms(transaction.started_ms)
            .with_producer_id(transaction.producer_id.into())
            .with_producer_epoch(transaction.epoch)
            .with_topics(topics.collect())
    };
    DescribeTransactionsResponse::default()
        .with_transaction_states(request.transactional_ids.into_iter().map(describe).collect())
}

pub(crate) fn list(context: &Context, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let is_known = |name: &str| PHASES.iter().any(|(_, known)| *known == name);
    let unknown = request.state_filters.iter().filter(|name| !is_known(name)).cloned().collect();
    let now = now_ms();
    let transactions = context.node.transactions.all().into_iter().filter_map(|(id, transaction)| {
        let state = phase_name(transaction.phase);
        let states = &request.state_filters;
        let producers = &request.producer_id_filters;
        let age_ms = if transaction.started_ms < 0 { -1 } else { now - transaction.started_ms };
        let wanted = (states.is_empty() || states.iter().any(|wanted| wanted.as_str() == state))
            && (producers.is_empty() || producers.iter().any(|wanted| wanted.0 == transaction.producer_id))
            && (request.duration_filter < 0 || age_ms > request.duration_filter);
        let listed = || {
            ListedTransaction::default()
                .with_transactional_id(TransactionalId(text(id)))
                .with_producer_id(transaction.producer_id.into())
                .with_transaction_state(text(state))
        };
        wanted.then(listed)
    });
    let transactions = transactions.collect();
    ListTransactionsResponse::default()
        .with_unknown_state_filters(unknown)
        .with_transaction_states(transactions)
}
