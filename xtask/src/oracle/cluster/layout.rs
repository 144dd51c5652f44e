//! Who runs what.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Cluster;

/// How many tasks each connector should have.
pub type Wanted = BTreeMap<String, usize>;

/// Which worker runs which connector (`NAME`) and which task (`NAME-NUMBER`), as statuses say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub connectors: BTreeMap<String, String>,
    pub tasks: BTreeMap<String, String>,
}

impl Layout {
    /// Connectors and tasks of one worker.
    pub fn of(&self, worker: &str) -> Vec<&str> {
        self.all().filter(|(_, owner)| *owner == worker).map(|(name, _)| name).collect()
    }

    /// What the same worker runs in another layout.
    pub fn unmoved<'a>(&'a self, other: &Layout) -> Vec<&'a str> {
        let before: BTreeMap<&str, &str> = other.all().collect();
        self.all().filter(|(name, owner)| before.get(name) == Some(owner)).map(|(name, _)| name).collect()
    }

    /// Names with owners, connectors first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.connectors.iter().chain(&self.tasks).map(|(name, owner)| (name.as_str(), owner.as_str()))
    }
}

impl Cluster {
    /// Who runs what, when every running worker says the same, all that is wanted runs, on running workers only, and nothing
    /// else is there; otherwise what is missing.
    pub fn layout(&self, wanted: &Wanted) -> Result<Layout> {
        let running = self.running();
        let workers: Vec<String> = running.iter().map(|index| self.worker_id(*index)).collect();
        let mut agreed: Option<Layout> = None;
        for index in running {
            let layout = self.shown_by(index, wanted, &workers).with_context(|| self.worker_id(index))?;
            match &agreed {
                Some(known) => ensure!(known == &layout, "{known:?} but {layout:?} by {index}"),
                None => agreed = Some(layout),
            }
        }
        agreed.context("no worker runs")
    }

    /// The layout, when moreover no worker has two connectors, or two tasks, more than another.
    pub fn balanced(&self, wanted: &Wanted) -> Result<Layout> {
        let layout = self.layout(wanted)?;
        for (what, owners) in [("connectors", &layout.connectors), ("tasks", &layout.tasks)] {
            let counts: Vec<usize> = self
                .running()
                .into_iter()
                .map(|index| owners.values().filter(|owner| **owner == self.worker_id(index)).count())
                .collect();
            let (min, max) = (counts.iter().min(), counts.iter().max());
            if let (Some(min), Some(max)) = (min, max) {
                ensure!(max - min <= 1, "{what} are not shared evenly: {counts:?}");
            }
        }
        Ok(layout)
    }

    fn shown_by(&self, index: usize, wanted: &Wanted, workers: &[String]) -> Result<Layout> {
        let answer = self.request(index, "GET", "/connectors?expand=status", None)?;
        ensure!(answer.status == 200, "{answer:?}");
        let shown = answer.json();
        let shown = shown.as_object().context("no object")?;
        if shown.len() != wanted.len() || !wanted.keys().all(|name| shown.contains_key(name)) {
            let names: Vec<&String> = shown.keys().collect();
            bail!("connectors {names:?} instead of {:?}", wanted.keys());
        }
        let mut layout = Layout::default();
        for (name, tasks) in wanted {
            let status = &shown[name]["status"];
            let owner = |entity: &Value| -> Result<String> {
                let owner = entity["worker_id"].as_str().unwrap_or_default();
                ensure!(entity["state"] == "RUNNING", "{name}: {entity}");
                ensure!(workers.iter().any(|worker| worker == owner), "{name} on {owner}, which is gone");
                Ok(owner.to_owned())
            };
            layout.connectors.insert(name.clone(), owner(&status["connector"])?);
            let entries = status["tasks"].as_array().context("no tasks")?;
            ensure!(entries.len() == *tasks, "{name} has {} tasks instead of {tasks}", entries.len());
            for entry in entries {
                layout.tasks.insert(format!("{name}-{}", entry["id"]), owner(entry)?);
            }
        }
        Ok(layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(connectors: &[(&str, &str)], tasks: &[(&str, &str)]) -> Layout {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, owner)| ((*name).to_owned(), (*owner).to_owned())).collect()
        };
        Layout { connectors: map(connectors), tasks: map(tasks) }
    }

    #[test]
    fn what_has_not_moved_has_the_same_owner() {
        let before = layout(&[("a", "x"), ("b", "y")], &[("a-0", "x"), ("b-0", "x")]);
        let after = layout(&[("a", "x"), ("b", "x")], &[("a-0", "y"), ("b-0", "x"), ("b-1", "x")]);
        assert_eq!(after.unmoved(&before), ["a", "b-0"]);
        assert_eq!(after.of("x"), ["a", "b", "b-0", "b-1"]);
    }
}
