//! All routes: one table, from which the router, the answers to `OPTIONS` and the OpenAPI document are made.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodRouter, get, post, put};
use tower::Layer;

use super::rules::{self, Rewrite};
use super::{
    BODY_MAX_BYTES, RestError, RestState, connectors, internal, loggers, metrics, offsets, openapi, plugins,
    root,
};

/// What requests for a path may and must say of media types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// JSON both ways.
    Json,
    /// JSON in answers, and whatever the client says of a body that nobody reads.
    JsonOut,
    /// Whatever the client says of either.
    Any,
}

/// One thing to do with a path, for the OpenAPI document.
#[derive(Debug)]
pub(super) struct Operation {
    /// In lower case, as the document spells it.
    pub(super) method: &'static str,
    pub(super) summary: &'static str,
    /// Names and meanings of query parameters.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The schema of the body.
    pub(super) body: Option<&'static str>,
    pub(super) status: &'static str,
    /// The schema of the answer.
    pub(super) answer: Option<&'static str>,
    /// Whether only workers of the group ask for it, which sign their requests.
    pub(super) internal: bool,
}

/// A path and what there is to do with it.
pub(super) struct Route {
    pub(super) path: &'static str,
    /// The methods as `OPTIONS` lists them: in Java's order.
    pub(super) allow: &'static str,
    pub(super) media: Media,
    pub(super) handlers: fn() -> MethodRouter<RestState>,
    pub(super) operations: &'static [Operation],
}

impl Route {
    /// Whether this is a method by which only workers of the group ask.
    pub(super) fn is_internal(&self, method: &Method) -> bool {
        let is_asked = |operation: &Operation| operation.method.eq_ignore_ascii_case(method.as_str());
        self.operations.iter().any(|operation| operation.internal && is_asked(operation))
    }

    /// The media types of a request with this method. Workers need not say what they send.
    pub(super) fn media(&self, method: &Method) -> Media {
        if self.is_internal(method) { Media::JsonOut } else { self.media }
    }
}

const fn read(summary: &'static str, answer: &'static str) -> Operation {
    Operation { answer: Some(answer), ..act("get", summary, "200") }
}

const fn act(method: &'static str, summary: &'static str, status: &'static str) -> Operation {
    Operation { method, summary, query: &[], body: None, status, answer: None, internal: false }
}

const fn between_workers(method: &'static str, summary: &'static str) -> Operation {
    Operation { internal: true, ..act(method, summary, "204") }
}

const fn send(
    method: &'static str,
    summary: &'static str,
    body: &'static str,
    status: &'static str,
    answer: &'static str,
) -> Operation {
    Operation { body: Some(body), answer: Some(answer), ..act(method, summary, status) }
}

/// In place of a schema: text.
pub(super) const TEXT: &str = "text";

const GET: &str = "HEAD,GET,OPTIONS";
const PUT: &str = "OPTIONS,PUT";
const POST: &str = "POST,OPTIONS";

/// The routes of the API.
pub(super) const API: &[Route] = &[
    Route {
        path: "/",
        allow: GET,
        media: Media::JsonOut,
        handlers: || get(root::server_info),
        operations: &[read("The worker's version and its Kafka cluster", "ServerInfo")],
    },
    Route {
        path: "/health",
        allow: GET,
        media: Media::JsonOut,
        handlers: || get(root::health),
        operations: &[read("Whether the worker can do its work (KIP-1017)", "Health")],
    },
    Route {
        path: "/connectors",
        allow: "HEAD,POST,GET,OPTIONS",
        media: Media::Json,
        handlers: || get(connectors::list).post(connectors::create),
        operations: &[
            Operation {
                query: &[("expand", "info or status, or both by repeating it: answers an object by name")],
                ..read("The names of all connectors", "Names")
            },
            send("post", "Creates a connector", "CreateRequest", "201", "ConnectorInfo"),
        ],
    },
    Route {
        path: "/connectors/{connector}",
        allow: "HEAD,DELETE,GET,OPTIONS",
        media: Media::Json,
        handlers: || get(connectors::info).delete(connectors::delete),
        operations: &[
            read("Configuration and tasks of a connector", "ConnectorInfo"),
            act("delete", "Stops a connector and forgets it", "204"),
        ],
    },
    Route {
        path: "/connectors/{connector}/config",
        allow: "HEAD,GET,OPTIONS,PUT,PATCH",
        media: Media::Json,
        handlers: || get(connectors::config).put(connectors::put_config).patch(connectors::patch_config),
        operations: &[
            read("The configuration of a connector as it was given", "Config"),
            send(
                "put",
                "Creates a connector (201), or replaces its configuration",
                "Config",
                "200",
                "ConnectorInfo",
            ),
            send(
                "patch",
                "Sets keys of a configuration, and removes those that are null",
                "Config",
                "200",
                "ConnectorInfo",
            ),
        ],
    },
    Route {
        path: "/connectors/{connector}/status",
        allow: GET,
        media: Media::Json,
        handlers: || get(connectors::status),
        operations: &[read("The states of a connector and its tasks", "ConnectorStateInfo")],
    },
    Route {
        path: "/connectors/{connector}/restart",
        allow: POST,
        media: Media::Json,
        handlers: || post(connectors::restart),
        operations: &[Operation {
            query: &[
                ("includeTasks", "true: tasks too; then the answer is 202 with the states"),
                ("onlyFailed", "true: only what is FAILED"),
            ],
            ..act("post", "Restarts a connector", "204")
        }],
    },
    Route {
        path: "/connectors/{connector}/pause",
        allow: PUT,
        media: Media::Json,
        handlers: || put(connectors::pause),
        operations: &[act("put", "Pauses a connector and its tasks", "202")],
    },
    Route {
        path: "/connectors/{connector}/resume",
        allow: PUT,
        media: Media::Json,
        handlers: || put(connectors::resume),
        operations: &[act("put", "Resumes a paused or stopped connector", "202")],
    },
    Route {
        path: "/connectors/{connector}/stop",
        allow: PUT,
        media: Media::Json,
        handlers: || put(connectors::stop),
        operations: &[act("put", "Stops a connector and removes its tasks", "204")],
    },
    Route {
        path: "/connectors/{connector}/topics",
        allow: GET,
        media: Media::Json,
        handlers: || get(connectors::topics),
        operations: &[read("The topics that a connector has used (KIP-558)", "ActiveTopics")],
    },
    Route {
        path: "/connectors/{connector}/topics/reset",
        allow: PUT,
        media: Media::Json,
        handlers: || put(connectors::reset_topics),
        operations: &[act("put", "Forgets which topics a connector has used", "202")],
    },
    Route {
        path: "/connectors/{connector}/tasks",
        allow: "HEAD,POST,GET,OPTIONS",
        media: Media::Json,
        handlers: || get(connectors::tasks).post(internal::put_task_configs),
        operations: &[
            read("The tasks of a connector with their configurations", "Tasks"),
            between_workers("post", "Takes the task configurations that a connector gave on another worker"),
        ],
    },
    Route {
        path: "/connectors/{connector}/fence",
        allow: PUT,
        media: Media::Json,
        handlers: || put(internal::fence),
        operations: &[between_workers("put", "Fences the producers of a source's earlier tasks")],
    },
    Route {
        path: "/connectors/{connector}/tasks/{task}/status",
        allow: GET,
        media: Media::Json,
        handlers: || get(connectors::task_status),
        operations: &[read("The state of a task", "TaskState")],
    },
    Route {
        path: "/connectors/{connector}/tasks/{task}/restart",
        allow: POST,
        media: Media::Json,
        handlers: || post(connectors::restart_task),
        operations: &[act("post", "Restarts a task", "204")],
    },
    Route {
        path: "/connectors/{connector}/offsets",
        allow: "HEAD,DELETE,GET,OPTIONS,PATCH",
        media: Media::Json,
        handlers: || get(offsets::get).patch(offsets::alter).delete(offsets::reset),
        operations: &[
            read("The offsets of a connector (KIP-875)", "Offsets"),
            send("patch", "Changes offsets of a stopped connector", "Offsets", "200", "Message"),
            Operation {
                answer: Some("Message"),
                ..act("delete", "Resets the offsets of a stopped connector", "200")
            },
        ],
    },
    Route {
        path: "/connector-plugins",
        allow: GET,
        media: Media::Json,
        handlers: || get(plugins::list),
        operations: &[Operation {
            query: &[("connectorsOnly", "false: converters, transformations and predicates too")],
            ..read("The plugins of this worker", "Plugins")
        }],
    },
    Route {
        path: "/connector-plugins/{plugin}/config",
        allow: GET,
        media: Media::Json,
        handlers: || get(plugins::config),
        operations: &[Operation {
            query: &[("version", "a version or a range of versions")],
            ..read("The keys that a plugin is configured with", "ConfigKeys")
        }],
    },
    Route {
        path: "/connector-plugins/{plugin}/config/validate",
        allow: PUT,
        media: Media::Json,
        handlers: || put(plugins::validate),
        operations: &[send("put", "Checks a connector's configuration", "Config", "200", "ConfigInfos")],
    },
    Route {
        path: "/metrics",
        allow: GET,
        media: Media::Any,
        handlers: || get(metrics::metrics),
        operations: &[Operation {
            query: &[("format", "json: an array of beans as in JMX, and not the text that Prometheus reads")],
            ..read("The figures of this worker, its connectors and tasks", TEXT)
        }],
    },
    Route {
        path: "/openapi.json",
        allow: GET,
        media: Media::JsonOut,
        handlers: || get(openapi::document),
        operations: &[read("This document", "OpenApi")],
    },
];

/// The routes that `admin.listeners` takes elsewhere or switches off.
pub(super) const ADMIN: &[Route] = &[
    Route {
        path: "/admin/loggers",
        allow: GET,
        media: Media::Json,
        handlers: || get(loggers::list),
        operations: &[read("All loggers and their levels", "Loggers")],
    },
    Route {
        path: "/admin/loggers/{logger}",
        allow: "HEAD,GET,OPTIONS,PUT",
        media: Media::Json,
        handlers: || get(loggers::one).put(loggers::set),
        operations: &[
            read("The level of a logger", "Logger"),
            Operation {
                query: &[("scope", "worker, or cluster: then the answer is 204")],
                ..send("put", "Sets the level of a logger and of those below it", "Level", "200", "Names")
            },
        ],
    },
];

/// The route of a path as the router matched it.
pub(super) fn of(path: &str) -> Option<&'static Route> {
    API.iter().chain(ADMIN).find(|route| route.path == path)
}

/// A service of these routes. Rewriting of paths comes before routing, so it wraps the router.
pub(super) fn service(routes: &[&[Route]], state: RestState) -> Rewrite<Router> {
    let routes = routes.iter().flat_map(|some| some.iter());
    let router = routes
        .fold(Router::new(), |router, route| router.route(route.path, (route.handlers)()))
        .fallback(async |_: Request| RestError::not_found().bare())
        .method_not_allowed_fallback(async |_: Request| RestError::method_not_allowed().bare())
        .layer(middleware::from_fn_with_state(state.clone(), rules::admit))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(state);
    rules::RewriteLayer.layer(router)
}
