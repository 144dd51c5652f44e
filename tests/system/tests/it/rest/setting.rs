//! The workers that are asked: each has settings of its own, and the cases that need them.

use std::path::PathBuf;

use serde_json::Value;
use xtask::oracle::ports;
use xtask::oracle::properties::{self, Properties};
use xtask::oracle::worker::{Guard, Mode, Program, WorkerConfig};
use xtask::workspace;

use super::cases::{self, Case};
use crate::site::Site;

/// What anna sends who may use a guarded worker: `anna:s e`.
pub(super) const ANNA: &str = "Basic YW5uYTpzIGU=";
/// Where a worker with this listens for administrators.
const ADMIN: &str = "admin.listeners";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Standalone, with what workers have by default.
    Standalone,
    /// Distributed, as the only member of its group, with what workers have by default.
    Member,
    /// A member that asks for passwords, listens for administrators elsewhere, lets pages of other origins in, adds
    /// headers, allows no overrides and tracks no topics.
    Guarded,
    /// Standalone, without loggers, without topic creation, without a reset of tracked topics, with providers, and with
    /// overrides of credentials alone.
    Bounded,
    /// Standalone, with a list of what may be overridden.
    Listed,
    /// A member of a group that is to deliver exactly once.
    Exact,
}

impl Setting {
    pub(super) fn cases(self) -> Vec<Case> {
        match self {
            Setting::Standalone => cases::everywhere(),
            Setting::Member => cases::of_a_member(),
            Setting::Guarded => cases::guarded(),
            Setting::Bounded => cases::bounded(),
            Setting::Listed => cases::listed(),
            Setting::Exact => cases::exact(),
        }
    }

    pub(super) fn config(self, site: &Site, program: &Program) -> WorkerConfig {
        let mut config = site.worker(program.clone(), &[]);
        if let Some(group) = self.group() {
            config.mode = Mode::Distributed { group: group.to_owned() };
        }
        if self == Setting::Guarded {
            config.guard = Some(guard(site));
        }
        config.extra.extend(self.properties(site));
        config
    }

    fn group(self) -> Option<&'static str> {
        match self {
            // A name in the style of a consumer group: a sink `rest` would share it.
            Setting::Member => Some("connect-rest"),
            Setting::Guarded => Some("connect-guarded"),
            Setting::Exact => Some("connect-exact"),
            Setting::Standalone | Setting::Bounded | Setting::Listed => None,
        }
    }

    fn properties(self, site: &Site) -> Properties {
        let own = |pairs: &[(&str, &str)]| {
            properties::pairs(pairs.iter().map(|(key, value)| (*key, (*value).to_owned())))
        };
        match self {
            Setting::Standalone | Setting::Member => Properties::new(),
            Setting::Guarded => {
                let [port] = ports::free().unwrap();
                let mut all = own(&[
                    (
                        "rest.extension.classes",
                        "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension",
                    ),
                    ("access.control.allow.origin", "http://a.example,https?://.*[.]b[.]example"),
                    ("access.control.allow.methods", "GET,PUT"),
                    ("response.http.headers.config", "set X-Added: 1, add Cache-Control: no-store"),
                    ("connector.client.config.override.policy", "None"),
                    ("topic.tracking.enable", "false"),
                ]);
                all.push((ADMIN.to_owned(), format!("http://127.0.0.1:{port}")));
                all
            }
            Setting::Bounded => {
                let mut all = own(&[
                    (ADMIN, ""),
                    ("connector.client.config.override.policy", "Principal"),
                    ("topic.tracking.allow.reset", "false"),
                    ("topic.creation.enable", "false"),
                    ("config.providers", "file,directory"),
                    (
                        "config.providers.file.class",
                        "org.apache.kafka.common.config.provider.FileConfigProvider",
                    ),
                    (
                        "config.providers.directory.class",
                        "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
                    ),
                ]);
                // The worker's own properties may refer to providers, too: without this one it could not start.
                let file = site.path("worker-secrets");
                std::fs::write(&file, "policy=org.apache.kafka.connect.storage.StringConverter\n").unwrap();
                all.push(("value.converter".to_owned(), format!("${{file:{}:policy}}", file.display())));
                all
            }
            Setting::Listed => own(&[
                ("connector.client.config.override.policy", "Allowlist"),
                ("connector.client.config.override.allowlist", "acks,client.id"),
            ]),
            Setting::Exact => own(&[("exactly.once.source.support", "enabled")]),
        }
    }

    /// What a request that is not part of a case sends to be let in.
    pub(super) fn authorization(self) -> Option<&'static str> {
        (self == Setting::Guarded).then_some(ANNA)
    }

    /// The name of an internal topic: `configs`, `offsets` or `status`. Any other topic has its own.
    pub(super) fn topic(self, name: &str) -> String {
        match (self.group(), name) {
            (Some(group), "configs" | "offsets" | "status") => format!("{group}-{name}"),
            _ => name.to_owned(),
        }
    }

    /// Where the case is recorded. What is said of plugins and by validation is the same in both modes.
    pub(super) fn recording(self, case: &str) -> PathBuf {
        let name = match (self, case) {
            (Setting::Standalone, _) | (Setting::Member, "plugins" | "validation") => format!("{case}.json"),
            (Setting::Member, _) => format!("distributed-{case}.json"),
            (Setting::Guarded, _) => format!("guarded-{case}.json"),
            (Setting::Bounded, _) => format!("bounded-{case}.json"),
            (Setting::Listed, _) => format!("listed-{case}.json"),
            (Setting::Exact, _) => format!("exact-{case}.json"),
        };
        workspace::root().join("testdata/rest").join(name)
    }

    pub(super) fn recorded(self, case: &str) -> Value {
        let path = self.recording(case);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    }
}

/// The port for administrators, where a worker has one.
pub(super) fn admin_port(config: &WorkerConfig) -> Option<u16> {
    let (_, url) = config.extra.iter().find(|(key, _)| key == ADMIN)?;
    url.rsplit_once(':')?.1.parse().ok()
}

/// Lets anna in.
fn guard(site: &Site) -> Guard {
    let (users, jaas) = (site.path("users"), site.path("jaas"));
    std::fs::write(&users, "anna=s e\n").unwrap();
    let module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
    let text = format!("KafkaConnect {{\n  {module} required\n  file=\"{}\";\n}};\n", users.display());
    std::fs::write(&jaas, text).unwrap();
    Guard { jaas, authorization: ANNA.to_owned() }
}
