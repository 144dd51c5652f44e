use std::collections::BTreeMap;
use std::time::Duration;

use aqueduct_api::{ConfigMap, ConfigProvider, Error, ProvidedConfig, Result};
use aqueduct_runtime::providers::ConfigTransformer;
use aqueduct_vectors::{Json, Vectors, check};
use serde_json::json;

use super::config_of;

/// Answers from the data that the recordings tell.
struct Recorded {
    data: Json,
    ttls: Json,
}

impl ConfigProvider for Recorded {
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig> {
        if path == "boom" {
            return Err(Error::config("boom"));
        }
        let values = &self.data[path];
        let data = keys.iter().filter_map(|key| Some((*key, values[*key].as_str()?))).collect();
        // A negative time is none.
        Ok(ProvidedConfig { data, ttl: self.ttls[path].as_u64().map(Duration::from_millis) })
    }
}

fn transformer() -> ConfigTransformer {
    let cases = Vectors::load("transformer");
    let providers = cases.iter().find(|case| case.op() == "providers").expect("the line about providers");
    let aqueduct_vectors::Expect::Out(out) = &providers.expect else {
        panic!("the line about providers has no answer");
    };
    let provider =
        |ttls: Json| -> Box<dyn ConfigProvider> { Box::new(Recorded { data: out["data"].clone(), ttls }) };
    ConfigTransformer::new([
        ("m".to_owned(), provider(out["ttl"].clone())),
        ("m2".to_owned(), provider(Json::Null)),
    ])
}

#[test]
fn transformer_replaces() {
    let transformer = transformer();
    check("transformer", &[], |case| {
        if case.op() == "providers" {
            let aqueduct_vectors::Expect::Out(out) = &case.expect else {
                return Ok(Json::Null);
            };
            return Ok(out.clone());
        }
        let transformed = transformer.transform(&config_of(case.get("configs"))?)?;
        let data: BTreeMap<&str, Option<&str>> = transformed.config.iter().collect();
        let ttls: BTreeMap<&str, u64> =
            transformed.ttls.iter().map(|(path, ttl)| (path.as_str(), ttl.as_millis() as u64)).collect();
        Ok(json!({"data": data, "ttls": ttls}))
    });
}
