//! `aqueduct plugins`: what a worker can run, and the keys of one plugin.

use serde_json::Value as Json;

use super::Target;
use super::http::RestClient;
use super::table::Table;
use super::url::encode;
use crate::exit::Outcome;
use crate::output::{self, Format};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show the keys of this plugin: a class name or an alias
    class: Option<String>,
    /// Show connectors only
    #[arg(long)]
    connectors_only: bool,
    #[command(flatten)]
    target: Target,
}

/// Shows it.
pub async fn run(args: &Args) -> Outcome<()> {
    let client = RestClient::new(&args.target.url)?;
    let (path, show): (String, fn(&Json) -> String) = match &args.class {
        Some(class) => (format!("/connector-plugins/{}/config", encode(class)), keys),
        None => (format!("/connector-plugins?connectorsOnly={}", args.connectors_only), list),
    };
    let answer = client.get(&path).await?;
    match args.target.output {
        Format::Json => output::json(&answer)?,
        Format::Text => output::line(show(&answer))?,
    }
    Ok(())
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn list(plugins: &Json) -> String {
    let mut table = Table::new(["TYPE", "CLASS", "VERSION"]);
    for plugin in plugins.as_array().into_iter().flatten() {
        table.row([text(&plugin["type"]), text(&plugin["class"]), text(&plugin["version"])]);
    }
    table.to_string()
}

fn keys(keys: &Json) -> String {
    let mut table = Table::new(["KEY", "TYPE", "DEFAULT", "IMPORTANCE", "DOCUMENTATION"]);
    for key in keys.as_array().into_iter().flatten() {
        let default = match &key["default_value"] {
            _ if key["required"] == true => "(required)",
            default => text(default),
        };
        let documentation = text(&key["documentation"]);
        table.row([text(&key["name"]), text(&key["type"]), default, text(&key["importance"]), documentation]);
    }
    if table.is_empty() { "The plugin has no keys of its own.".to_owned() } else { table.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plugins_and_keys_are_shown() {
        let plugins =
            json!([{"class": "a.B", "type": "sink", "version": "1"}, {"class": "a.C", "type": "predicate"}]);
        assert_eq!(list(&plugins), "TYPE       CLASS  VERSION\nsink       a.B    1\npredicate  a.C");
        let all = json!([
            {"name": "topic", "type": "STRING", "required": true, "default_value": null, "importance": "HIGH",
             "documentation": "Where to."},
            {"name": "n", "type": "INT", "required": false, "default_value": "1", "importance": "LOW", "documentation": ""}]);
        let shown = keys(&all);
        assert!(shown.contains("topic  STRING  (required)  HIGH        Where to."), "{shown}");
        assert!(shown.ends_with("n      INT     1           LOW"), "{shown}");
    }
}
