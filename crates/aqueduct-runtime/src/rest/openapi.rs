//! `GET /openapi.json`: the API in the words of OpenAPI 3.1, made from the table of routes.

mod schemas;

use aqueduct_api::KAFKA_VERSION;
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::RestState;
use super::routes::{self, Operation, Route};

pub(super) async fn document(State(state): State<RestState>) -> Json<Value> {
    Json(describe(&state.main_routes()))
}

fn describe(routes: &[&[Route]]) -> Value {
    let mut paths = Map::new();
    for route in routes.iter().flat_map(|some| some.iter()) {
        let mut item = Map::new();
        let parameters: Vec<Value> = path_parameters(route.path).collect();
        if !parameters.is_empty() {
            item.insert("parameters".to_owned(), parameters.into());
        }
        // What workers ask of each other is nothing for clients.
        let mut public = route.operations.iter().filter(|operation| !operation.internal).peekable();
        if public.peek().is_none() {
            continue;
        }
        for operation in public {
            item.insert(operation.method.to_owned(), describe_operation(operation));
        }
        paths.insert(route.path.to_owned(), item.into());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kafka Connect",
            "version": KAFKA_VERSION,
            "description": "The REST API of a Kafka Connect worker, served by Aqueduct.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": { "basic": { "type": "http", "scheme": "basic" } },
        },
        "security": [{}, { "basic": [] }],
    })
}

fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let kind = if name == "task" { "integer" } else { "string" };
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
    })
}

fn describe_operation(operation: &Operation) -> Value {
    let mut described = json!({
        "summary": operation.summary,
        "responses": {
            operation.status: answer(operation),
            "default": { "description": "What went wrong", "content": json_content("Error") },
        },
    });
    if !operation.query.is_empty() {
        let parameter = |(name, meaning): &(&str, &str)| json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": "string" } });
        described["parameters"] = operation.query.iter().map(parameter).collect();
    }
    if let Some(schema) = operation.body {
        described["requestBody"] = json!({ "required": true, "content": json_content(schema) });
    }
    described
}

fn answer(operation: &Operation) -> Value {
    match operation.answer {
        Some(routes::TEXT) => json!({
            "description": "Done",
            "content": { "text/plain": { "schema": { "type": "string" } } },
        }),
        Some(schema) => json!({ "description": "Done", "content": json_content(schema) }),
        None => json!({ "description": "Done; no body" }),
    }
}

fn json_content(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_and_method_is_described() {
        let document = describe(&[routes::API, routes::ADMIN]);
        for route in routes::API.iter().chain(routes::ADMIN) {
            // HEAD and OPTIONS come with GET and with every path.
            for method in route.allow.split(',').filter(|method| !["HEAD", "OPTIONS"].contains(method)) {
                let name = method.to_lowercase();
                assert!(route.operations.iter().any(|operation| operation.method == name), "{method}");
                let is_described = document["paths"][route.path][&name]["summary"].is_string();
                let is_internal = route.is_internal(&method.parse().expect("a method"));
                assert_eq!(is_described, !is_internal, "{method} {}", route.path);
            }
        }
        let tasks = &document["paths"]["/connectors/{connector}/tasks"];
        assert!(tasks["get"].is_object() && tasks["post"].is_null(), "{tasks}");
        assert!(document["paths"]["/connectors/{connector}/fence"].is_null());
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    members.values().for_each(|member| references(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let document = describe(&[routes::API, routes::ADMIN]);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 30, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("in this document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        assert_eq!(
            document["paths"]["/connectors/{connector}/tasks/{task}/status"]["parameters"][1]["schema"]["type"],
            "integer"
        );
    }
}
