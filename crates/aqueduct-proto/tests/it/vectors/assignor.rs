use aqueduct_proto::assignor::Member;
use aqueduct_proto::assignor::cooperative::{Problem, Solution, State, solve};
use aqueduct_proto::state::TaskId;
use aqueduct_proto::subprotocol::Work;
use aqueduct_vectors::{Json, check};
use serde_json::json;

use super::subprotocol::{names, task_pairs, tasks};

#[test]
fn histories_go_as_javas() {
    check("assignor", &[], |case| {
        let max_delay_ms = case.config().get("maxDelay").expect("a delay").parse().expect("a number");
        let mut state = State::default();
        let mut results = Vec::new();
        for step in case.get("steps").as_array().expect("steps") {
            let problem = problem(step, max_delay_ms);
            let now_ms = step["nowMs"].as_str().expect("digits").parse().expect("a number");
            let (next, solution) = solve(&state, &problem, now_ms);
            results.push(described(&next, &solution));
            state = next;
        }
        Ok(json!({ "results": results }))
    });
}

fn problem(step: &Json, max_delay_ms: i32) -> Problem {
    let mut configured = Work::default();
    for (connector, count) in step["taskCounts"].as_object().expect("counts") {
        configured.connectors.push(connector.clone());
        configured.tasks.extend(
            (0..count.as_i64().expect("a number")).map(|task| TaskId::new(connector.clone(), task as i32)),
        );
    }
    let member = |json: &Json| Member {
        id: json["member"].as_str().expect("an id").to_owned(),
        running: Work { connectors: names(&json["connectors"]), tasks: tasks(&json["tasks"]) },
    };
    let number = |key: &str| step[key].as_i64().expect("a number") as i32;
    Problem {
        configured,
        members: step["members"].as_array().expect("members").iter().map(member).collect(),
        generation: number("generation"),
        last_completed_generation: number("lastCompletedGeneration"),
        max_delay_ms,
    }
}

fn described(state: &State, solution: &Solution) -> Json {
    let mut shares: Vec<_> = solution.shares.iter().collect();
    shares.sort_by(|a, b| a.member.cmp(&b.member));
    let members: Vec<Json> = shares
        .iter()
        .map(|share| {
            json!({
                "member": share.member,
                "newConnectors": share.assigned.connectors,
                "newTasks": task_pairs(&share.assigned.tasks),
                "revokedConnectors": share.revoked.connectors,
                "revokedTasks": task_pairs(&share.revoked.tasks),
                "load": [share.load.connectors.len(), share.load.tasks.len()],
            })
        })
        .collect();
    let mut candidates = state.candidates().to_vec();
    candidates.sort();
    json!({
        "members": members,
        "delay": solution.delay_ms,
        "scheduledRebalance": state.scheduled_rebalance_ms().to_string(),
        "candidates": candidates,
        "successiveRevoking": state.successive_revocations(),
        "previousGeneration": state.previous_generation(),
    })
}
