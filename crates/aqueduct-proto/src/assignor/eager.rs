//! The eager assignor: everything is dealt anew each time.

use crate::subprotocol::Work;

/// Deals the connectors, then the tasks of one connector after the other, round-robin over the members. All three stand in
/// alphabetical order, and the tasks go on where the connectors ended.
///
/// Gives a pair for each member. Without members there is nobody to give anything.
pub fn solve(configured: &Work, members: &[String]) -> Vec<(String, Work)> {
    let mut shares: Vec<(String, Work)> =
        members.iter().map(|member| (member.clone(), Work::default())).collect();
    shares.sort_by(|a, b| a.0.cmp(&b.0));
    shares.dedup_by(|a, b| a.0 == b.0);
    if shares.is_empty() {
        return shares;
    }
    let mut connectors = configured.connectors.clone();
    connectors.sort();
    let mut tasks = configured.tasks.clone();
    tasks.sort();
    let count = shares.len();
    let mut next = (0..count).cycle();
    for connector in connectors {
        if let Some(at) = next.next() {
            shares[at].1.connectors.push(connector);
        }
    }
    for task in tasks {
        if let Some(at) = next.next() {
            shares[at].1.tasks.push(task);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::TaskId;

    #[test]
    fn tasks_go_on_where_connectors_ended() {
        let configured = Work {
            connectors: vec!["b".into(), "a".into(), "c".into()],
            tasks: vec![TaskId::new("b", 0), TaskId::new("a", 1), TaskId::new("a", 0)],
        };
        let shares = solve(&configured, &["w2".into(), "w1".into()]);
        let shown: Vec<String> = shares
            .iter()
            .map(|(member, work)| {
                let tasks: Vec<String> = work.tasks.iter().map(ToString::to_string).collect();
                format!("{member}: {} {}", work.connectors.join(" "), tasks.join(" "))
            })
            .collect();
        assert_eq!(shown, ["w1: a c a-1", "w2: b a-0 b-0"]);
        assert!(solve(&configured, &[]).is_empty());
    }
}
