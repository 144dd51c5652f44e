use aqueduct_proto::state::TaskId;
use aqueduct_proto::subprotocol::{
    Assignment, AssignmentError, SchemaError, Subprotocol, Work, WorkerMetadata, join_protocols,
    read_assignment, read_metadata, write_assignment, write_metadata,
};
use aqueduct_vectors::{Case, Failure, Json, check, hex};
use serde_json::json;

#[test]
fn bytes_are_javas() {
    check("proto", &[], |case| match case.op() {
        "metadata-eager" => Ok(json!({ "hex": hex(&write_metadata(&metadata(case)?, Subprotocol::Eager)) })),
        "metadata-request" => {
            let protocols = join_protocols(&metadata(case)?, setting(case));
            let protocols: Vec<Json> = protocols
                .into_iter()
                .map(|(name, bytes)| json!({ "name": name, "hex": hex(&bytes) }))
                .collect();
            Ok(json!({ "protocols": protocols }))
        }
        "assignment-eager" => written(case, Subprotocol::Eager),
        "assignment" => written(case, setting(case)),
        "read-metadata" => read_cooperative(&case.hex("hex").unwrap_or_default()),
        "read-metadata-eager" => {
            let read =
                read_metadata(&case.hex("hex").unwrap_or_default(), Subprotocol::Eager).map_err(java)?;
            Ok(json!({ "url": read.url, "offset": read.config_offset.to_string() }))
        }
        "read-assignment" => {
            let bytes = case.hex("hex").unwrap_or_default();
            let read = read_assignment(&bytes, Subprotocol::Sessioned).map_err(java)?;
            Ok(json!({ "assignment": described(&read, Some(&bytes)) }))
        }
        "read-assignment-eager" => {
            let bytes = case.hex("hex").unwrap_or_default();
            let read = read_assignment(&bytes, Subprotocol::Eager).map_err(java)?;
            Ok(json!({ "assignment": described(&read, None) }))
        }
        op => panic!("unknown operation {op}"),
    });
}

fn setting(case: &Case) -> Subprotocol {
    if case.get("sessioned") == true { Subprotocol::Sessioned } else { Subprotocol::Compatible }
}

fn java(error: SchemaError) -> Failure {
    Failure::Java {
        class: "org.apache.kafka.common.protocol.types.SchemaException".to_owned(),
        message: Some(error.to_string()),
    }
}

fn metadata(case: &Case) -> Result<WorkerMetadata, Failure> {
    Ok(WorkerMetadata {
        url: case.text("url")?,
        config_offset: number(case.get("offset")),
        running: assignment(case.get("assignment")).unwrap_or_default(),
    })
}

fn number(json: &Json) -> i64 {
    json.as_str().expect("digits").parse().expect("a number")
}

pub(super) fn names(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().map(|one| one.as_str().expect("a name").to_owned()).collect()
}

pub(super) fn tasks(json: &Json) -> Vec<TaskId> {
    let one = |pair: &Json| {
        TaskId::new(pair[0].as_str().expect("a name"), pair[1].as_i64().expect("a number") as i32)
    };
    json.as_array().into_iter().flatten().map(one).collect()
}

pub(super) fn task_pairs(tasks: &[TaskId]) -> Json {
    tasks.iter().map(|id| json!([id.connector, id.task])).collect()
}

fn assignment(json: &Json) -> Option<Assignment> {
    let text = |key: &str| json[key].as_str().map(str::to_owned);
    json.is_object().then(|| Assignment {
        error: AssignmentError::from_code(json["error"].as_i64().expect("a code") as i16),
        leader: text("leader"),
        leader_url: text("leaderUrl"),
        config_offset: number(&json["offset"]),
        assigned: Work { connectors: names(&json["connectors"]), tasks: tasks(&json["tasks"]) },
        revoked: Work { connectors: names(&json["revokedConnectors"]), tasks: tasks(&json["revokedTasks"]) },
        delay_ms: json["delay"].as_i64().unwrap_or_default() as i32,
    })
}

fn written(case: &Case, subprotocol: Subprotocol) -> Result<Json, Failure> {
    let bytes = assignment(case.get("assignment")).and_then(|one| write_assignment(&one, subprotocol));
    Ok(json!({ "hex": bytes.map(|bytes| hex(&bytes)) }))
}

/// Java keeps the version of the bytes in the value; we know it where we need it.
fn described(assignment: &Assignment, cooperative: Option<&[u8]>) -> Json {
    let mut json = json!({
        "error": assignment.error.code(),
        "leader": assignment.leader,
        "leaderUrl": assignment.leader_url,
        "offset": assignment.config_offset.to_string(),
        "connectors": assignment.assigned.connectors,
        "tasks": task_pairs(&assignment.assigned.tasks),
    });
    if let Some(bytes) = cooperative {
        json["version"] = json!(bytes.first_chunk().map_or(1, |version| i16::from_be_bytes(*version)));
        json["revokedConnectors"] = json!(assignment.revoked.connectors);
        json["revokedTasks"] = task_pairs(&assignment.revoked.tasks);
        json["delay"] = json!(assignment.delay_ms);
    }
    json
}

fn read_cooperative(bytes: &[u8]) -> Result<Json, Failure> {
    let read = read_metadata(bytes, Subprotocol::Sessioned).map_err(java)?;
    let nested = 2 + 2 + read.url.len() + 8 + 4;
    Ok(json!({
        "url": read.url,
        "offset": read.config_offset.to_string(),
        "assignment": described(&read.running, Some(bytes.get(nested..).unwrap_or_default())),
    }))
}
