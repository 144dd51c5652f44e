//! Whole answers of validation, as a Java worker gave them.
//!
//! `testdata/validate.json` was recorded from a distributed worker of Apache Kafka 4.3.1 with the file connectors. It holds
//! each definition once, without the sentence about the key, which is not ours to copy; and each list of recommended values
//! once.

use std::sync::Arc;

use aqueduct_api::{ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Plugin, Validator, Width};
use aqueduct_runtime::providers::{self, ConfigTransformer};
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::validation::{ConfigInfos, ConfigKeyInfo, ConfigValidator, plugin_config};
use aqueduct_runtime::worker_config::WorkerConfig;
use serde_json::{Value as Json, json};

use crate::doubles::{JSON, STRING, plugin};

fn recorded() -> Json {
    serde_json::from_str(include_str!("../../testdata/validate.json")).expect("JSON")
}

fn optional(name: &'static str, importance: Importance) -> ConfigKey {
    ConfigKey::new(name, ConfigType::String, (), importance, "A key.")
}

fn flag(name: &'static str, importance: Importance) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Boolean, true, importance, "A key.")
}

/// The keys of the plugins that the recording uses.
fn keys_of(class: &str) -> ConfigDef {
    use Importance::{High, Low, Medium};
    let name = class.rsplit('.').next().unwrap_or_default();
    let kind = ConfigKey::required("converter.type", ConfigType::String, Low, "A key.")
        .validator(Validator::valid_string(["key", "value", "header"]));
    let keys = match name {
        "FileStreamSinkConnector" => vec![optional("file", High)],
        "FileStreamSourceConnector" => vec![
            optional("file", High),
            ConfigKey::required("topic", ConfigType::String, High, "A key.")
                .validator(Validator::non_empty_string()),
            ConfigKey::new("batch.size", ConfigType::Int, 2000, Low, "A key."),
        ],
        "JsonConverter" => vec![
            kind,
            flag("schemas.enable", High).group("Schemas", 0, Width::Medium, "Enable Schemas"),
            ConfigKey::new("schemas.cache.size", ConfigType::Int, 1000, High, "A key.").group(
                "Schemas",
                1,
                Width::Medium,
                "Schema Cache Size",
            ),
            optional("schema.content", High).group("Schemas", 2, Width::Medium, "Schema Content"),
            ConfigKey::new("decimal.format", ConfigType::String, "BASE64", Low, "A key.")
                .validator(Validator::case_insensitive(["NUMERIC", "BASE64"]))
                .group("Serialization", 0, Width::Medium, "Decimal Format"),
            flag("replace.null.with.default", Low).group(
                "Serialization",
                1,
                Width::Medium,
                "Replace null with default",
            ),
        ],
        "StringConverter" => {
            let mut encoding =
                ConfigKey::new("converter.encoding", ConfigType::String, "UTF-8", High, "A key.");
            encoding.width = Width::Medium;
            encoding.display_name = "Encoding".into();
            vec![kind, encoding]
        }
        "InsertField$Value" => {
            let fields = [
                "topic.field",
                "partition.field",
                "offset.field",
                "timestamp.field",
                "static.field",
                "static.value",
            ];
            let flags = [flag("replace.null.with.default", Medium)];
            fields.map(|name| optional(name, Medium)).into_iter().chain(flags).collect()
        }
        "RegexRouter" => vec![
            ConfigKey::required("regex", ConfigType::String, High, "A key.").validator(Validator::regex()),
            ConfigKey::required("replacement", ConfigType::String, High, "A key."),
        ],
        "TopicNameMatches" => vec![
            ConfigKey::required("pattern", ConfigType::String, Medium, "A key.")
                .validator(Validator::composite([Validator::non_empty_string(), Validator::regex()])),
        ],
        _ => Vec::new(),
    };
    keys.into_iter().collect()
}

fn registry(recorded: &Json) -> Arc<Registry> {
    let text = |json: &Json, key: &str| json[key].as_str().expect(key).to_owned();
    let recorded = recorded["plugins"].as_array().expect("plugins").iter();
    let doubles = recorded.map(|json| {
        let class = text(json, "class");
        plugin(&text(json, "type"), &class, &text(json, "version"), keys_of(&class))
    });
    let all: Vec<Plugin> = doubles.chain(providers::plugins()).collect();
    Arc::new(Registry::new(all))
}

fn worker() -> Arc<WorkerConfig> {
    let properties = [
        ("bootstrap.servers", "localhost:9092"),
        ("group.id", "cfgh"),
        ("config.storage.topic", "c"),
        ("offset.storage.topic", "o"),
        ("status.storage.topic", "s"),
        ("key.converter", JSON),
        ("value.converter", JSON),
    ];
    Arc::new(WorkerConfig::distributed_worker(properties.into()).expect("a good worker"))
}

fn config_of(json: &Json) -> ConfigMap {
    let object = json.as_object().expect("an object");
    object.iter().map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect()
}

/// A definition without the sentence about the key, which must be there.
fn without_sentence(key: &ConfigKeyInfo) -> Json {
    assert!(!key.documentation.is_empty(), "{} has no documentation", key.name);
    let mut json = serde_json::to_value(key).expect("JSON");
    json.as_object_mut().expect("an object").shift_remove("documentation");
    json
}

/// An answer in the shape of the recording.
fn shape(infos: &ConfigInfos) -> Json {
    let configs =
        infos.configs.iter().map(|info| json!([info.definition.as_ref().map(without_sentence), info.value]));
    json!({
        "name": infos.name,
        "error_count": infos.error_count,
        "groups": infos.groups,
        "configs": configs.collect::<Vec<_>>(),
    })
}

/// A recorded answer with its definitions and lists put in.
fn expand(recorded: &Json, answer: &Json) -> Json {
    let at = |list: &str, index: &Json| match index.as_u64() {
        Some(index) => recorded[list][index as usize].clone(),
        None => Json::Null,
    };
    let configs = answer["configs"].as_array().expect("configs").iter().map(|info| {
        let mut value = info[1].clone();
        if !value.is_null() {
            value["recommended_values"] = at("lists", &value["recommended_values"]);
        }
        json!([at("definitions", &info[0]), value])
    });
    json!({
        "name": answer["name"],
        "error_count": answer["error_count"],
        "groups": answer["groups"],
        "configs": configs.collect::<Vec<_>>(),
    })
}

/// The first entry in which two answers differ, or the whole of them.
fn difference(expected: &Json, actual: &Json) -> String {
    let (a, b) =
        (expected["configs"].as_array().expect("configs"), actual["configs"].as_array().expect("configs"));
    let pairs = a.iter().zip(b).find(|(a, b)| a != b);
    let shown = pairs.map(|(a, b)| format!("\n  expected {a}\n  actual   {b}")).unwrap_or_default();
    let head = |json: &Json, keys: usize| format!("{} {} {keys} keys", json["error_count"], json["groups"]);
    format!("{} / {}{shown}", head(expected, a.len()), head(actual, b.len()))
}

#[tokio::test]
async fn validates_as_java_does() {
    let recorded = recorded();
    let validator = ConfigValidator::new(registry(&recorded), ConfigTransformer::default(), worker());
    let mut wrong = Vec::new();
    for line in recorded["validate"].as_array().expect("lines") {
        // There are no Java classes here besides plugins.
        if line["config"]["value.converter"] == json!("java.lang.String") {
            continue;
        }
        let answer = validator.validate(&config_of(&line["config"])).await;
        match (&answer, line["message"].as_str()) {
            (Ok(infos), None) => {
                // The order of the fields counts too, so the texts are compared.
                let (expected, actual) = (expand(&recorded, line), shape(infos));
                let (wanted, given) = (expected.to_string(), actual.to_string());
                if wanted != given {
                    wrong.push(format!("{}: {}", line["case"], difference(&expected, &actual)));
                }
            }
            (Err(error), Some(message)) => {
                let actual = format!("{}: {error}", error.java_class());
                if !actual.starts_with(message) {
                    wrong.push(format!("{}: {actual}\n  not {message}", line["case"]));
                }
            }
            (answer, _) => {
                wrong.push(format!("{}: {:?}", line["case"], answer.as_ref().map(|infos| infos.error_count)))
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn lists_keys_as_java_does() {
    let recorded = recorded();
    let registry = registry(&recorded);
    for line in recorded["listing"].as_array().expect("lines") {
        let name = line["plugin"].as_str().expect("a name");
        let keys = plugin_config(&registry, name, line["version"].as_str());
        match (keys, line["message"].as_str()) {
            (Ok(keys), None) => {
                let indices = line["definitions"].as_array().expect("definitions").iter();
                let expected: Vec<&Json> = indices
                    .map(|index| &recorded["definitions"][index.as_u64().expect("an index") as usize])
                    .collect();
                let actual: Vec<Json> = keys.iter().map(without_sentence).collect();
                assert_eq!(json!(actual).to_string(), json!(expected).to_string(), "{name}");
            }
            (Err(error), Some(message)) => assert_eq!(error.to_string(), message, "{name}"),
            (keys, message) => panic!("{name}: {keys:?}, expected {message:?}"),
        }
    }
}

#[test]
fn knows_plugins_by_the_names_of_the_recording() {
    let recorded = recorded();
    let registry = registry(&recorded);
    let listed: Vec<Json> = registry
        .listed()
        .map(|plugin| json!({"class": plugin.class, "type": plugin.kind.name(), "version": plugin.version}))
        .collect();
    assert_eq!(&json!(listed), &recorded["plugins"]);
    assert_eq!(registry.class_name("StringConverter"), STRING);
}

#[tokio::test]
async fn standalone_workers_do_not_ask_about_exactly_once() {
    let recorded = recorded();
    let mut properties = worker().properties.clone();
    properties.insert("offset.storage.file.filename", "offsets");
    let standalone = Arc::new(WorkerConfig::standalone(properties).expect("a good worker"));
    let validator = ConfigValidator::new(registry(&recorded), ConfigTransformer::default(), standalone);
    let config = [
        ("connector.class", "FileStreamSource"),
        ("name", "c"),
        ("topic", "t"),
        ("exactly.once.support", "required"),
        ("offsets.storage.topic", "o"),
        ("consumer.override.client.id", "x"),
    ];
    let infos = validator.validate(&config.into()).await.expect("an answer");
    assert_eq!((infos.error_count, infos.configs.len()), (0, 27));
}

#[tokio::test]
async fn resolves_references_and_keeps_them_out_of_messages() {
    let recorded = recorded();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secrets.properties");
    std::fs::write(&file, "tasks=many\n").expect("written");
    let registry = registry(&recorded);
    let properties = [("config.providers", "f"), ("config.providers.f.class", "FileConfigProvider")];
    let transformer = ConfigTransformer::from_worker(&properties.into(), &registry).expect("a provider");
    let validator = ConfigValidator::new(registry, transformer, worker());
    let reference = format!("${{f:{}:tasks}}", file.display());
    let config =
        [("connector.class", "FileStreamSource"), ("name", "c"), ("topic", "t"), ("tasks.max", &reference)];
    let infos = validator.validate(&config.into()).await.expect("an answer");
    assert_eq!(
        infos.messages().next(),
        Some("Invalid value many for configuration tasks.max: Not a number of type INT")
    );
    let error = validator.validate(&[("name", reference.as_str())].into()).await.expect_err("no class");
    assert_eq!(
        error.to_string(),
        format!("Connector config {{name={reference}}} contains no connector type")
    );
    let missing = [("connector.class", "${f:/no/such:class}")];
    let error = validator.validate(&missing.into()).await.expect_err("no file");
    assert_eq!(error.java_class(), "org.apache.kafka.common.config.ConfigException");
    assert_eq!(error.to_string(), "Could not read properties from file /no/such");
}

#[tokio::test]
async fn refuses_with_all_messages() {
    let recorded = recorded();
    let validator = ConfigValidator::new(registry(&recorded), ConfigTransformer::default(), worker());
    let config = [("connector.class", "FileStreamSource"), ("name", "c"), ("tasks.max", "0")].into();
    let refusal = validator.validate(&config).await.expect("an answer").refusal();
    assert_eq!(
        refusal.as_deref(),
        Some(
            "Connector configuration is invalid and contains the following 2 error(s):\n\
             Invalid value 0 for configuration tasks.max: Value must be at least 1\n\
             Missing required configuration \"topic\" which has no default value.\n\
             You can also find the above list of errors at the endpoint \
             `/connector-plugins/{connectorType}/config/validate`"
        )
    );
}
