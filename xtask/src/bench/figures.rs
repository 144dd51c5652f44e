//! Named figures of both sides, each taken once or more, as tables and as JSON.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::report::{cores, heading, load, row};
use super::setup::{Setup, Side, results};
use crate::oracle::fetch::KAFKA_VERSION;

struct Figure {
    section: String,
    name: String,
    decimals: usize,
    java: Vec<f64>,
    aqueduct: Vec<f64>,
}

/// Figures in the order in which they first came.
pub(super) struct Figures {
    name: &'static str,
    figures: Vec<Figure>,
}

/// Measures both sides of every pair, one after the other, and tells the figures.
pub(super) fn in_turns(
    setup: Setup,
    name: &'static str,
    pairs: u32,
    mut measure: impl FnMut(&Setup, Side, u32, &mut Figures) -> Result<()>,
) -> Result<()> {
    let mut figures = Figures { name, figures: Vec::new() };
    for pair in 0..pairs {
        for side in Side::in_turns(pair) {
            measure(&setup, side, pair, &mut figures).with_context(|| format!("{}'s side", side.name()))?;
        }
    }
    figures.finish(setup.binary())?;
    setup.clear()
}

impl Figures {
    /// Adds what one run of a side has given.
    pub(super) fn add(&mut self, section: &str, name: &str, decimals: usize, side: Side, value: f64) {
        println!("{section}, {name}, {}: {value:.decimals$}", side.name());
        let known = self.figures.iter().position(|figure| figure.section == section && figure.name == name);
        let at = known.unwrap_or_else(|| {
            let (section, name) = (section.to_owned(), name.to_owned());
            self.figures.push(Figure { section, name, decimals, java: Vec::new(), aqueduct: Vec::new() });
            self.figures.len() - 1
        });
        match side {
            Side::Java => self.figures[at].java.push(value),
            Side::Aqueduct => self.figures[at].aqueduct.push(value),
        }
    }

    /// Prints a table of each section, and writes every value into `NAME.json`.
    fn finish(&self, binary: &Path) -> Result<()> {
        println!("\n{}", self.tables());
        let path = results().join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(&self.json(binary))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} cores, load {}; every run: {}", cores(), load(), path.display());
        Ok(())
    }

    fn tables(&self) -> String {
        let (mut text, mut section) = (String::new(), None);
        for figure in &self.figures {
            if section != Some(&figure.section) {
                text.push_str(if section.is_some() { "\n" } else { "" });
                text.push_str(&heading(&figure.section));
                section = Some(&figure.section);
            }
            text.push_str(&row(&figure.name, figure.decimals, figure.java.clone(), figure.aqueduct.clone()));
        }
        text
    }

    fn json(&self, binary: &Path) -> Value {
        let mut sections = Map::new();
        for figure in &self.figures {
            let section = sections.entry(figure.section.clone()).or_insert_with(|| json!({}));
            section[figure.name.as_str()] = json!({"java": figure.java, "aqueduct": figure.aqueduct});
        }
        json!({
            "kafka": KAFKA_VERSION,
            "binary": binary.display().to_string(),
            "cores": cores(),
            "loadavg": load(),
            "figures": sections,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_figure_come_together() {
        let mut figures = Figures { name: "x", figures: Vec::new() };
        figures.add("stop", "balanced, s", 1, Side::Java, 4.0);
        figures.add("stop", "balanced, s", 1, Side::Aqueduct, 2.0);
        figures.add("stop", "balanced, s", 1, Side::Java, 6.0);
        let tables = figures.tables();
        assert!(tables.contains("| stop | Java | Aqueduct |"), "{tables}");
        assert!(tables.contains("| balanced, s | 5.0 (4.0..6.0) | 2.0 (2.0..2.0) | 2.50 |"), "{tables}");
        let json = figures.json(Path::new("b"));
        assert_eq!(json["figures"]["stop"]["balanced, s"]["java"], json!([4.0, 6.0]));
    }
}
