//! The figures of a worker and its connectors.

use std::collections::BTreeMap;

use aqueduct_api::{KAFKA_COMMIT, KAFKA_VERSION};
use aqueduct_proto::state::{State, TaskId};

use super::task_beans::{self, type_name};
use super::{Bean, Cluster, Figures, context, group};
use crate::worker::Worker;

/// All figures of a worker now. Whatever its herder is: `cluster` is what only that knows.
pub fn figures(worker: &Worker, cluster: &Cluster) -> Figures {
    let config = &worker.parts().config;
    let mut tasks = worker.task_metrics();
    tasks.sort_by(|(a, _), (b, _)| a.cmp(b));
    let connectors = worker.connector_parts();
    let mut beans = vec![worker_bean(worker, connectors.len(), tasks.len())];
    let ids: Vec<&TaskId> = tasks.iter().map(|(id, _)| id).collect();
    beans.extend(task_counts(worker, &ids));
    for (name, kind, part) in connectors {
        let state = worker.parts().status.connector(&name).map_or(State::Unassigned, |status| status.state);
        let bean = Bean::new("connector-metrics", &[("connector", &name)])
            .with("status", state.name().to_lowercase().as_str())
            .with("connector-type", type_name(kind))
            .with_class(["connector-class", "connector-version"], part);
        beans.push(bean);
    }
    for (id, metrics) in &tasks {
        beans.extend(task_beans::beans(id, metrics));
    }
    beans.extend(worker.connector_plugin_metrics().iter().flat_map(|plugins| plugins.beans()));
    beans.extend(cluster.group.iter().flat_map(group::beans));
    // In Java both are there: the one without tags is deprecated (KIP-1120).
    beans.push(info_bean(worker, &[]));
    beans.push(info_bean(worker, &[("client-id", &worker.parts().id)]));
    beans.push(context::bean(config, cluster));
    let count: usize = beans.iter().map(|bean| bean.attributes.len()).sum();
    beans.push(Bean::new("kafka-metrics-count", &[]).with("count", count as u64));
    Figures { labels: context::labels(config), beans }
}

fn info_bean(worker: &Worker, tags: &[(&'static str, &str)]) -> Bean {
    Bean::new("app-info", tags)
        .with("version", KAFKA_VERSION)
        .with("commit-id", KAFKA_COMMIT)
        .with("start-time-ms", worker.started_ms() as f64)
}

fn worker_bean(worker: &Worker, connectors: usize, tasks: usize) -> Bean {
    let startups = worker.startups();
    Bean::new("connect-worker-metrics", &[])
        .with("connector-count", connectors as u64)
        .with("task-count", tasks as u64)
        .with_attempts(
            [
                "connector-startup-attempts-total",
                "connector-startup-success-total",
                "connector-startup-success-percentage",
                "connector-startup-failure-total",
                "connector-startup-failure-percentage",
            ],
            &startups.connectors,
        )
        .with_attempts(
            [
                "task-startup-attempts-total",
                "task-startup-success-total",
                "task-startup-success-percentage",
                "task-startup-failure-total",
                "task-startup-failure-percentage",
            ],
            &startups.tasks,
        )
}

/// For each connector, how many of its tasks here are in which state.
fn task_counts(worker: &Worker, tasks: &[&TaskId]) -> Vec<Bean> {
    const STATES: [(&str, State); 5] = [
        ("connector-running-task-count", State::Running),
        ("connector-paused-task-count", State::Paused),
        ("connector-failed-task-count", State::Failed),
        ("connector-unassigned-task-count", State::Unassigned),
        ("connector-restarting-task-count", State::Restarting),
    ];
    let mut states: BTreeMap<&str, Vec<State>> = BTreeMap::new();
    for id in tasks {
        let state = worker.parts().status.task(id).map_or(State::Unassigned, |status| status.state);
        states.entry(&id.connector).or_default().push(state);
    }
    let bean = |(connector, states): (&str, Vec<State>)| {
        let bean = Bean::new("connect-worker-metrics", &[("connector", connector)])
            .with("connector-total-task-count", states.len() as u64)
            // A task that is destroyed has no status any more.
            .with("connector-destroyed-task-count", 0_u64);
        STATES.iter().fold(bean, |bean, (name, wanted)| {
            bean.with(name, states.iter().filter(|state| *state == wanted).count() as u64)
        })
    };
    states.into_iter().map(bean).collect()
}
