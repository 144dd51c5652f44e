//! Which crate may use which: the table of `ARCHITECTURE.md`, read against `cargo metadata`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::workspace;

/// One row of the table. A crate of the workspace that no row names is itself a finding.
struct Row {
    name: &'static str,
    /// Crates of this workspace that it may depend on.
    uses: &'static [&'static str],
    /// More crates of this workspace that its tests may depend on.
    tests_use: &'static [&'static str],
    /// Crates from elsewhere that it must not depend on.
    never: &'static [&'static str],
}

const KAFKA_CLIENTS: &[&str] = &["rdkafka", "kafka-protocol"];
const IO: &[&str] =
    &["tokio", "rdkafka", "kafka-protocol", "hyper", "axum", "reqwest", "rustls", "rand", "getrandom"];

const ROWS: &[Row] = &[
    Row { name: "aqueduct-api", uses: &[], tests_use: &["aqueduct-vectors"], never: IO },
    Row { name: "aqueduct-proto", uses: &["aqueduct-api"], tests_use: &["aqueduct-vectors"], never: IO },
    Row { name: "aqueduct-vectors", uses: &["aqueduct-api"], tests_use: &[], never: IO },
    Row { name: "aqueduct-meter", uses: &[], tests_use: &[], never: IO },
    Row {
        name: "aqueduct-kafka",
        uses: &["aqueduct-proto"],
        tests_use: &["aqueduct-broker", "xtask"],
        never: &["axum", "hyper"],
    },
    Row {
        name: "aqueduct-runtime",
        uses: &["aqueduct-api", "aqueduct-proto", "aqueduct-kafka"],
        tests_use: &["aqueduct-broker", "aqueduct-testkit", "aqueduct-vectors", PLUGINS],
        never: KAFKA_CLIENTS,
    },
    Row { name: "aqueduct-broker", uses: &[], tests_use: &["aqueduct-kafka", "xtask"], never: &["axum"] },
    Row {
        name: "aqueduct-testkit",
        uses: &["aqueduct-api", "aqueduct-proto", "aqueduct-kafka", "aqueduct-broker", "aqueduct-runtime"],
        tests_use: &[],
        never: &[],
    },
    Row {
        name: "aqueduct",
        uses: &["aqueduct-api", "aqueduct-kafka", "aqueduct-runtime", "aqueduct-broker", PLUGINS],
        tests_use: &["aqueduct-testkit"],
        never: &[],
    },
    Row {
        name: "aqueduct-mirror",
        uses: &["aqueduct-api", "aqueduct-kafka"],
        tests_use: PLUGIN_TESTS,
        never: &[],
    },
    Row { name: PLUGINS, uses: &["aqueduct-api"], tests_use: PLUGIN_TESTS, never: KAFKA_CLIENTS },
    Row {
        name: "aqueduct-fuzz",
        uses: &["aqueduct-api", "aqueduct-meter", "aqueduct-proto", "aqueduct-runtime", PLUGINS],
        tests_use: &[],
        never: KAFKA_CLIENTS,
    },
    Row {
        name: "aqueduct-records",
        uses: &["aqueduct-api", "aqueduct-meter", PLUGINS],
        tests_use: &["aqueduct-proto", "aqueduct-testkit", "aqueduct-vectors", "xtask"],
        never: KAFKA_CLIENTS,
    },
    Row { name: "aqueduct-system-tests", uses: &["xtask", "aqueduct-testkit"], tests_use: &[], never: &[] },
    Row { name: "xtask", uses: &[], tests_use: &[], never: &["tokio", "rdkafka"] },
];

/// Stands for every crate under `plugins/`.
const PLUGINS: &str = "plugins/*";
const PLUGIN_TESTS: &[&str] = &["aqueduct-testkit", "aqueduct-vectors", "xtask"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let metadata = workspace::metadata(&["--no-deps"])?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let crates: Vec<Crate> = packages.iter().filter_map(|package| Crate::read(package, root)).collect();
    Ok(crates.iter().flat_map(|krate| breaches(krate, &crates)).collect())
}

/// What the table needs to know of one crate.
struct Crate {
    name: String,
    folder: String,
    described: bool,
    /// Name, and whether only tests use it.
    dependencies: Vec<(String, bool)>,
}

impl Crate {
    fn read(package: &Value, root: &Path) -> Option<Crate> {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let dependency = |entry: &Value| Some((entry["name"].as_str()?.to_owned(), entry["kind"] == "dev"));
        Some(Crate {
            name: package["name"].as_str()?.to_owned(),
            folder: manifest.parent()?.strip_prefix(root).ok()?.display().to_string(),
            described: package["description"].as_str().is_some_and(|text| !text.is_empty()),
            dependencies: package["dependencies"].as_array()?.iter().filter_map(dependency).collect(),
        })
    }

    fn is_plugin(&self) -> bool {
        self.folder.starts_with("plugins/")
    }
}

fn breaches(krate: &Crate, all: &[Crate]) -> Vec<Finding> {
    let manifest = format!("{}/Cargo.toml", krate.folder);
    let mut found = Vec::new();
    if !krate.described {
        found.push(Finding::new(&manifest, 0, "the crate has no description"));
    }
    let row = ROWS.iter().find(|row| row.name == krate.name);
    let row = row.or_else(|| ROWS.iter().find(|row| row.name == PLUGINS && krate.is_plugin()));
    let Some(row) = row else {
        found.push(Finding::new(&manifest, 0, "the table of crate arrows has no row for this crate"));
        return found;
    };
    for (name, only_tests) in &krate.dependencies {
        let listed = |names: &[&str]| names.contains(&name.as_str());
        let allowed = match all.iter().find(|other| other.name == *name) {
            None => *only_tests || !listed(row.never),
            Some(other) => {
                let may = |names: &[&str]| listed(names) || (names.contains(&PLUGINS) && other.is_plugin());
                may(row.uses) || (*only_tests && (may(row.tests_use) || *name == krate.name))
            }
        };
        if !allowed {
            let how = if *only_tests { "its tests must not use" } else { "must not use" };
            found.push(Finding::new(&manifest, 0, format!("{} {how} {name}", krate.name)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(folder: &str, name: &str, dependencies: &[(&str, bool)]) -> Crate {
        let dependencies = dependencies.iter().map(|(name, dev)| ((*name).to_owned(), *dev)).collect();
        Crate { name: name.to_owned(), folder: folder.to_owned(), described: true, dependencies }
    }

    #[test]
    fn the_table_forbids_what_it_does_not_allow() {
        let others = [
            krate("crates/aqueduct-api", "aqueduct-api", &[]),
            krate("crates/aqueduct-kafka", "aqueduct-kafka", &[]),
            krate("crates/aqueduct-testkit", "aqueduct-testkit", &[]),
            krate("plugins/file", "aqueduct-file", &[]),
        ];
        let check = |folder: &str, name: &str, dependency: (&str, bool), broken: bool| {
            let found = breaches(&krate(folder, name, &[dependency]), &others);
            assert_eq!(!found.is_empty(), broken, "{name} -> {dependency:?}: {found:?}");
        };
        check("crates/aqueduct-api", "aqueduct-api", ("tokio", false), true);
        check("crates/aqueduct-api", "aqueduct-api", ("tokio", true), false);
        check("crates/aqueduct-proto", "aqueduct-proto", ("aqueduct-kafka", false), true);
        check("crates/aqueduct-runtime", "aqueduct-runtime", ("aqueduct-file", false), true);
        check("crates/aqueduct", "aqueduct", ("aqueduct-file", false), false);
        check("plugins/jdbc", "aqueduct-jdbc", ("aqueduct-api", false), false);
        check("plugins/jdbc", "aqueduct-jdbc", ("aqueduct-file", false), true);
        check("plugins/jdbc", "aqueduct-jdbc", ("aqueduct-testkit", true), false);
        check("plugins/jdbc", "aqueduct-jdbc", ("aqueduct-testkit", false), true);
        check("plugins/jdbc", "aqueduct-jdbc", ("rdkafka", false), true);
        check("plugins/mirror", "aqueduct-mirror", ("aqueduct-kafka", false), false);
        check("crates/new", "aqueduct-new", ("bytes", false), true);
    }

    #[test]
    fn a_crate_without_description_is_found() {
        let silent = Crate { described: false, ..krate("crates/aqueduct-api", "aqueduct-api", &[]) };
        assert_eq!(breaches(&silent, &[]).len(), 1);
    }
}
