//! Metrics that plugins keep themselves (KIP-877).

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aqueduct_api::{Error, MetricName, MetricSource, MetricValue, PluginMetrics, Result, Sensor, Stat};
use aqueduct_kafka::sampled::{Sampled, Sampling};

use super::{Bean, Value};

/// The group of all metrics of plugins.
const GROUP: &str = "plugins";

/// The metrics of the plugins of one connector or task. Any thread may look.
#[derive(Default)]
pub(crate) struct PluginStore {
    sampling: Sampling,
    plugins: Mutex<Vec<Arc<State>>>,
}

impl std::fmt::Debug for PluginStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginStore").finish_non_exhaustive()
    }
}

impl PluginStore {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { sampling, plugins: Mutex::default() }
    }

    fn plugins(&self) -> MutexGuard<'_, Vec<Arc<State>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for the metrics of one plugin, which these tags name.
    pub(crate) fn open(&self, tags: &[(&'static str, &str)]) -> Arc<dyn PluginMetrics> {
        let tags = tags.iter().map(|(tag, value)| (*tag, (*value).to_owned())).collect();
        let state =
            Arc::new(State { tags, sampling: self.sampling, content: Mutex::new(Some(Content::default())) });
        self.plugins().push(Arc::clone(&state));
        Arc::new(Handle(state))
    }

    /// Removes everything: the plugins are gone, or about to go.
    pub(crate) fn close(&self) {
        for state in self.plugins().drain(..) {
            *state.lock() = None;
        }
    }

    pub(crate) fn beans(&self) -> Vec<Bean> {
        let plugins: Vec<_> = self.plugins().clone();
        plugins.iter().flat_map(|state| state.beans()).collect()
    }
}

/// The metrics of one plugin.
struct State {
    tags: Vec<(&'static str, String)>,
    sampling: Sampling,
    /// `None` once it is closed.
    content: Mutex<Option<Content>>,
}

#[derive(Default)]
struct Content {
    metrics: Vec<(MetricName, Source)>,
    sensors: BTreeMap<String, Arc<Recorded>>,
}

#[derive(Clone)]
enum Source {
    Asked(Arc<dyn Fn() -> MetricValue + Send + Sync>),
    Recorded(Arc<Recorded>, Stat),
}

/// What a sensor was given.
struct Recorded {
    lately: Sampled,
    /// Sum and number since the start.
    all: Mutex<(f64, u64)>,
}

impl Recorded {
    fn shown(&self, stat: Stat) -> f64 {
        let all = || *self.all.lock().unwrap_or_else(PoisonError::into_inner);
        match stat {
            Stat::Average => self.lately.lately().mean,
            Stat::Minimum => self.lately.lately().least,
            Stat::Maximum => self.lately.lately().most,
            Stat::Rate => self.lately.lately().rate,
            Stat::Total => all().0,
            Stat::Count => all().1 as f64,
        }
    }
}

impl Source {
    fn value(&self) -> Value {
        match self {
            // A plugin that panics here harms nobody but the figure.
            Self::Asked(source) => match catch_unwind(AssertUnwindSafe(|| source())) {
                Ok(MetricValue::Number(number)) => Value::Number(number),
                Ok(MetricValue::Text(text)) => Value::Text(text),
                Err(_) => Value::Number(f64::NAN),
            },
            Self::Recorded(recorded, stat) => Value::Number(recorded.shown(*stat)),
        }
    }
}

fn same(a: &MetricName, b: &MetricName) -> bool {
    a.name == b.name && a.tags == b.tags
}

fn shown(name: &MetricName) -> String {
    let tags = name.tags.iter().map(|(tag, value)| format!("{tag}={value}"));
    format!("{}[{}]", name.name, tags.collect::<Vec<_>>().join(","))
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Option<Content>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Content) -> Result<T>) -> Result<T> {
        match &mut *self.lock() {
            Some(content) => change(content),
            None => Err(Error::connect("This PluginMetrics instance is closed")),
        }
    }

    fn add(&self, name: MetricName, source: Source) -> Result<()> {
        if let Some((tag, _)) = name.tags.iter().find(|(tag, _)| self.tags.iter().any(|(own, _)| own == tag))
        {
            return Err(Error::connect(format!("Cannot use {tag} as a tag name")));
        }
        self.with(|content| {
            if content.metrics.iter().any(|(known, _)| same(known, &name)) {
                return Err(Error::connect(format!("Metric {} already exists", shown(&name))));
            }
            content.metrics.push((name, source));
            Ok(())
        })
    }

    /// One bean for each combination of the plugin's own tags.
    fn beans(&self) -> Vec<Bean> {
        let metrics = self.lock().as_ref().map(|content| content.metrics.clone()).unwrap_or_default();
        let own: Vec<(&'static str, &str)> =
            self.tags.iter().map(|(tag, value)| (*tag, value.as_str())).collect();
        let mut beans: Vec<(&[(String, String)], Bean)> = Vec::new();
        for (name, source) in &metrics {
            let at = match beans.iter().position(|(tags, _)| *tags == name.tags) {
                Some(at) => at,
                None => {
                    let mut bean = Bean::new(GROUP, &own);
                    bean.tags
                        .extend(name.tags.iter().map(|(tag, value)| (tag.clone().into(), value.clone())));
                    beans.push((&name.tags, bean));
                    beans.len() - 1
                }
            };
            if let Some((_, bean)) = beans.get_mut(at) {
                bean.attributes.push((name.name.clone().into(), source.value()));
            }
        }
        beans.into_iter().map(|(_, bean)| bean).collect()
    }
}

/// A plugin's own side.
struct Handle(Arc<State>);

impl PluginMetrics for Handle {
    fn add_metric(&self, name: MetricName, value: MetricSource) -> Result<()> {
        self.0.add(name, Source::Asked(Arc::from(value)))
    }

    fn remove_metric(&self, name: &MetricName) -> Result<()> {
        self.0.with(|content| {
            let at = content.metrics.iter().position(|(known, _)| same(known, name));
            let at = at.ok_or_else(|| Error::connect(format!("Unknown metric {}", shown(name))))?;
            content.metrics.remove(at);
            Ok(())
        })
    }

    fn add_sensor(&self, name: &str) -> Result<Arc<dyn Sensor>> {
        let lately = Sampled::new(self.0.sampling);
        let recorded = Arc::new(Recorded { lately, all: Mutex::default() });
        self.0.with(|content| {
            if content.sensors.contains_key(name) {
                return Err(Error::connect(format!("Sensor {name} already exists")));
            }
            content.sensors.insert(name.to_owned(), Arc::clone(&recorded));
            Ok(())
        })?;
        Ok(Arc::new(SensorHandle { state: Arc::downgrade(&self.0), recorded }))
    }

    fn remove_sensor(&self, name: &str) -> Result<()> {
        self.0.with(|content| {
            let Some(sensor) = content.sensors.remove(name) else {
                return Err(Error::connect(format!("Unknown sensor {name}")));
            };
            let of_sensor =
                |source: &Source| matches!(source, Source::Recorded(other, _) if Arc::ptr_eq(other, &sensor));
            content.metrics.retain(|(_, source)| !of_sensor(source));
            Ok(())
        })
    }
}

struct SensorHandle {
    state: Weak<State>,
    recorded: Arc<Recorded>,
}

impl Sensor for SensorHandle {
    fn add(&self, name: MetricName, stat: Stat) -> Result<()> {
        match self.state.upgrade() {
            Some(state) => state.add(name, Source::Recorded(Arc::clone(&self.recorded), stat)),
            None => Err(Error::connect("This PluginMetrics instance is closed")),
        }
    }

    fn record(&self, value: f64) {
        self.recorded.lately.note(value);
        let mut all = self.recorded.all.lock().unwrap_or_else(PoisonError::into_inner);
        *all = (all.0 + value, all.1 + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T>(result: Result<T>) -> String {
        result.err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default()
    }

    fn constant(number: f64) -> MetricSource {
        Box::new(move || MetricValue::Number(number))
    }

    #[test]
    fn metrics_are_shown_by_their_tags() {
        let store = PluginStore::default();
        let metrics = store.open(&[("connector", "c"), ("task", "0")]);
        metrics.add_metric(MetricName::new("rows", ""), constant(1.0)).expect("new");
        let tagged = || MetricName::new("rows", "").with_tag("table", "t");
        metrics.add_metric(tagged(), constant(2.0)).expect("new");
        let sensor = metrics.add_sensor("time").expect("new");
        sensor.add(MetricName::new("time-max", ""), Stat::Maximum).expect("new");
        sensor.add(tagged_total(), Stat::Total).expect("new");
        sensor.record(3.0);
        sensor.record(4.0);
        let attributes = |bean: &Bean| -> Vec<(String, Value)> {
            bean.attributes.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
        };
        let number = |name: &str, number| (name.to_owned(), Value::Number(number));
        let beans = store.beans();
        assert_eq!(beans[0].name(), "kafka.connect:type=plugins,connector=c,task=0");
        assert_eq!(attributes(&beans[0]), [number("rows", 1.0), number("time-max", 4.0)]);
        assert_eq!(beans[1].name(), "kafka.connect:type=plugins,connector=c,task=0,table=t");
        assert_eq!(attributes(&beans[1]), [number("rows", 2.0), number("time-total", 7.0)]);
        metrics.remove_sensor("time").expect("known");
        metrics.remove_metric(&tagged()).expect("known");
        assert_eq!(store.beans().len(), 1);
    }

    fn tagged_total() -> MetricName {
        MetricName::new("time-total", "").with_tag("table", "t")
    }

    #[test]
    fn refusals_are_javas() {
        let store = PluginStore::default();
        let metrics = store.open(&[("connector", "c")]);
        let rows = || MetricName::new("rows", "");
        metrics.add_metric(rows(), constant(1.0)).expect("new");
        assert_eq!(message(metrics.add_metric(rows(), constant(2.0))), "Metric rows[] already exists");
        let foreign = rows().with_tag("connector", "d");
        assert_eq!(
            message(metrics.add_metric(foreign.clone(), constant(2.0))),
            "Cannot use connector as a tag name"
        );
        assert_eq!(message(metrics.remove_metric(&foreign)), "Unknown metric rows[connector=d]");
        let sensor = metrics.add_sensor("s").expect("new");
        assert_eq!(message(metrics.add_sensor("s")), "Sensor s already exists");
        assert_eq!(message(metrics.remove_sensor("t")), "Unknown sensor t");
        store.close();
        assert!(store.beans().is_empty());
        let closed = "This PluginMetrics instance is closed";
        assert_eq!(message(metrics.add_metric(rows(), constant(1.0))), closed);
        assert_eq!(message(sensor.add(rows(), Stat::Count)), closed);
        sensor.record(1.0);
    }

    #[test]
    fn a_source_that_panics_is_no_number() {
        let store = PluginStore::default();
        let metrics = store.open(&[]);
        metrics.add_metric(MetricName::new("bad", ""), Box::new(|| panic!("no"))).expect("new");
        let beans = store.beans();
        assert!(matches!(beans[0].attributes[0].1, Value::Number(number) if number.is_nan()), "{beans:?}");
    }
}
