//! `aqueduct connector …`: look at connectors and change them.

mod show;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aqueduct_api::ConfigMap;
use aqueduct_runtime::properties::{ConnectorFile, InitialState};
use hyper::Method;
use serde_json::{Map, Value as Json, json};

use super::Target;
use super::http::RestClient;
use super::url::encode;
use crate::exit::{Failure, Outcome, Status};
use crate::output::{self, Format};

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show all connectors with their states
    List,
    /// Show the configuration of a connector
    Get {
        /// The connector
        name: String,
    },
    /// Create a connector
    Create {
        /// A file in one of three forms: properties, a flat JSON object, or the JSON body of a create request
        file: PathBuf,
        /// Replace the configuration if the connector exists
        #[arg(long)]
        replace: bool,
    },
    /// Remove a connector
    Delete {
        /// The connector
        name: String,
    },
    /// Let the tasks of a connector wait
    Pause {
        /// The connector
        name: String,
    },
    /// Let a paused or stopped connector run again
    Resume {
        /// The connector
        name: String,
    },
    /// Stop a connector and remove its tasks; its offsets can then be changed
    Stop {
        /// The connector
        name: String,
    },
    /// Restart a connector, some of its tasks, or all
    Restart {
        /// The connector
        name: String,
        /// Restart this task alone
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["include_tasks", "only_failed"])]
        task: Option<u32>,
        /// Restart tasks too
        #[arg(long)]
        include_tasks: bool,
        /// Restart only what has failed
        #[arg(long)]
        only_failed: bool,
    },
    /// Show the states of a connector and its tasks
    Status {
        /// The connector
        name: String,
    },
    /// Check the configuration of a connector without creating it
    Validate {
        /// A file as for `create`
        file: PathBuf,
    },
}

/// Does it.
pub async fn run(command: &Command, target: &Target) -> Outcome<()> {
    let client = Connectors { client: RestClient::new(&target.url)?, format: target.output };
    match command {
        Command::List => client.list().await,
        Command::Get { name } => client.get(name).await,
        Command::Create { file, replace } => client.create(file, *replace).await,
        Command::Delete { name } => client.change(Method::DELETE, name, "", "deleted").await,
        Command::Pause { name } => client.change(Method::PUT, name, "/pause", "will pause").await,
        Command::Resume { name } => client.change(Method::PUT, name, "/resume", "will run").await,
        Command::Stop { name } => client.change(Method::PUT, name, "/stop", "will stop").await,
        Command::Restart { name, task: Some(task), .. } => {
            client
                .change(
                    Method::POST,
                    name,
                    &format!("/tasks/{task}/restart"),
                    &format!("restarts task {task}"),
                )
                .await
        }
        Command::Restart { name, include_tasks, only_failed, .. } => {
            client.restart(name, *include_tasks, *only_failed).await
        }
        Command::Status { name } => client.status(name).await,
        Command::Validate { file } => client.validate(file).await,
    }
}

struct Connectors {
    client: RestClient,
    format: Format,
}

fn path(name: &str, rest: &str) -> String {
    format!("/connectors/{}{rest}", encode(name))
}

fn read(file: &Path) -> Result<ConnectorFile> {
    ConnectorFile::read(file).with_context(|| format!("{} is no connector file", file.display()))
}

fn to_json(config: &ConfigMap) -> Json {
    let entry = |(key, value): (&str, Option<&str>)| (key.to_owned(), Json::from(value));
    Json::Object(config.iter().map(entry).collect::<Map<_, _>>())
}

const fn state_name(state: InitialState) -> &'static str {
    match state {
        InitialState::Running => "RUNNING",
        InitialState::Paused => "PAUSED",
        InitialState::Stopped => "STOPPED",
    }
}

impl Connectors {
    /// Prints the answer as it is, or in the words of `text`.
    fn print(&self, answer: &Json, text: impl FnOnce(&Json) -> String) -> Outcome<()> {
        match self.format {
            Format::Json => output::json(answer)?,
            Format::Text => output::line(text(answer))?,
        }
        Ok(())
    }

    async fn list(&self) -> Outcome<()> {
        let all = self.client.get("/connectors?expand=info&expand=status").await?;
        self.print(&all, show::list)
    }

    async fn get(&self, name: &str) -> Outcome<()> {
        self.print(&self.client.get(&path(name, "")).await?, show::config)
    }

    async fn status(&self, name: &str) -> Outcome<()> {
        self.print(&self.client.get(&path(name, "/status")).await?, show::status)
    }

    async fn create(&self, file: &Path, replace: bool) -> Outcome<()> {
        let ConnectorFile { name, config, initial_state } = read(file)?;
        let config = to_json(&config);
        let answer = if replace {
            self.client.send(Method::PUT, &path(&name, "/config"), Some(&config)).await?
        } else {
            let mut request = json!({"name": name, "config": config});
            // Workers before Kafka 3.7 refuse the field.
            if initial_state != InitialState::Running {
                request["initial_state"] = state_name(initial_state).into();
            }
            self.client.send(Method::POST, "/connectors", Some(&request)).await?
        };
        let done = if answer.status == hyper::StatusCode::CREATED { "created" } else { "replaced" };
        self.print(&answer.body, |_| format!("{name} {done}"))
    }

    async fn change(&self, method: Method, name: &str, what: &str, done: &str) -> Outcome<()> {
        let answer = self.client.send(method, &path(name, what), None).await?;
        self.print(&answer.body, |_| format!("{name} {done}"))
    }

    async fn restart(&self, name: &str, include_tasks: bool, only_failed: bool) -> Outcome<()> {
        let query = match (include_tasks, only_failed) {
            // Workers before Kafka 3.0 know no parameters.
            (false, false) => String::new(),
            _ => format!("?includeTasks={include_tasks}&onlyFailed={only_failed}"),
        };
        let answer = self.client.send(Method::POST, &path(name, &format!("/restart{query}")), None).await?;
        self.print(&answer.body, |plan| match plan {
            Json::Null => format!("{name} restarts"),
            plan => show::status(plan),
        })
    }

    async fn validate(&self, file: &Path) -> Outcome<()> {
        let config = read(file)?.config;
        let class = config.get("connector.class").context("the file has no connector.class")?;
        let path = format!("/connector-plugins/{}/config/validate", encode(class));
        let found = self.client.send(Method::PUT, &path, Some(&to_json(&config))).await?.body;
        let errors = found["error_count"].as_u64().unwrap_or_default();
        self.print(&found, show::validation)?;
        match errors {
            0 => Ok(()),
            1 => Err(Failure::new(Status::Failed, format_args!("{} has an error", file.display()))),
            n => Err(Failure::new(Status::Failed, format_args!("{} has {n} errors", file.display()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_keep_their_nulls() {
        let mut config = ConfigMap::new();
        config.insert("a", "1");
        let mut map = to_json(&config);
        assert_eq!(map, json!({"a": "1"}));
        map["b"] = Json::Null;
        let config: ConfigMap =
            [("a".to_owned(), Some("1".to_owned())), ("b".to_owned(), None)].into_iter().collect();
        assert_eq!(to_json(&config), map);
    }

    #[test]
    fn names_are_encoded_in_paths() {
        assert_eq!(path("a/b c", "/status"), "/connectors/a%2Fb%20c/status");
    }
}
