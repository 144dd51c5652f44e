//! Plugins as values: what a registry lists, and how instances are made.

use std::fmt;
use std::sync::Arc;

use crate::config::ConfigDef;
use crate::converter::{Converter, HeaderConverter};
use crate::provider::ConfigProvider;
use crate::sink::{SinkConnector, SinkTask};
use crate::source::{SourceConnector, SourceTask};
use crate::transform::{Predicate, Transformation};

/// Makes an instance.
pub type Maker<T> = Arc<dyn Fn() -> Box<T> + Send + Sync>;

/// A plugin: its names, its version and how to make it.
#[derive(Clone)]
pub struct Plugin {
    /// The full class name under which configurations know it: for what exists in Kafka Connect, the Java class name.
    pub class: &'static str,
    /// The version that the plugin listing and statuses show.
    pub version: &'static str,
    /// What it is.
    pub kind: PluginKind,
}

/// The kinds of plugins, with their makers.
#[derive(Clone)]
#[non_exhaustive]
pub enum PluginKind {
    /// A source connector, and its tasks by the class name that task configurations hold.
    Source {
        /// Makes a connector.
        connector: Maker<dyn SourceConnector>,
        /// The `task.class` in task configurations.
        task_class: &'static str,
        /// Makes a task.
        task: Maker<dyn SourceTask>,
    },
    /// A sink connector, and its tasks.
    Sink {
        /// Makes a connector.
        connector: Maker<dyn SinkConnector>,
        /// The `task.class` in task configurations.
        task_class: &'static str,
        /// Makes a task.
        task: Maker<dyn SinkTask>,
    },
    /// A converter of keys and values.
    Converter(Maker<dyn Converter>),
    /// A converter of headers.
    HeaderConverter(Maker<dyn HeaderConverter>),
    /// A transformation.
    Transformation(Maker<dyn Transformation>),
    /// A predicate.
    Predicate(Maker<dyn Predicate>),
    /// A config provider; it is not listed over REST.
    ConfigProvider(Maker<dyn ConfigProvider>),
}

impl PluginKind {
    /// As the plugin listing spells it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Source { .. } => "source",
            Self::Sink { .. } => "sink",
            Self::Converter(_) => "converter",
            Self::HeaderConverter(_) => "header_converter",
            Self::Transformation(_) => "transformation",
            Self::Predicate(_) => "predicate",
            Self::ConfigProvider(_) => "config_provider",
        }
    }
}

impl Plugin {
    /// A source connector.
    pub fn source<C, T>(
        class: &'static str,
        version: &'static str,
        connector: fn() -> C,
        task_class: &'static str,
        task: fn() -> T,
    ) -> Self
    where
        C: SourceConnector + 'static,
        T: SourceTask + 'static,
    {
        let connector: Maker<dyn SourceConnector> = Arc::new(move || Box::new(connector()));
        let task: Maker<dyn SourceTask> = Arc::new(move || Box::new(task()));
        Self { class, version, kind: PluginKind::Source { connector, task_class, task } }
    }

    /// A sink connector.
    pub fn sink<C, T>(
        class: &'static str,
        version: &'static str,
        connector: fn() -> C,
        task_class: &'static str,
        task: fn() -> T,
    ) -> Self
    where
        C: SinkConnector + 'static,
        T: SinkTask + 'static,
    {
        let connector: Maker<dyn SinkConnector> = Arc::new(move || Box::new(connector()));
        let task: Maker<dyn SinkTask> = Arc::new(move || Box::new(task()));
        Self { class, version, kind: PluginKind::Sink { connector, task_class, task } }
    }

    /// A converter of keys and values.
    pub fn converter<C: Converter + 'static>(
        class: &'static str,
        version: &'static str,
        make: fn() -> C,
    ) -> Self {
        Self { class, version, kind: PluginKind::Converter(Arc::new(move || Box::new(make()))) }
    }

    /// A converter of headers.
    pub fn header_converter<C: HeaderConverter + 'static>(
        class: &'static str,
        version: &'static str,
        make: fn() -> C,
    ) -> Self {
        Self { class, version, kind: PluginKind::HeaderConverter(Arc::new(move || Box::new(make()))) }
    }

    /// A transformation.
    pub fn transformation<T: Transformation + 'static>(
        class: &'static str,
        version: &'static str,
        make: fn() -> T,
    ) -> Self {
        Self { class, version, kind: PluginKind::Transformation(Arc::new(move || Box::new(make()))) }
    }

    /// A predicate.
    pub fn predicate<P: Predicate + 'static>(
        class: &'static str,
        version: &'static str,
        make: fn() -> P,
    ) -> Self {
        Self { class, version, kind: PluginKind::Predicate(Arc::new(move || Box::new(make()))) }
    }

    /// A config provider.
    pub fn config_provider<P: ConfigProvider + 'static>(
        class: &'static str,
        version: &'static str,
        make: fn() -> P,
    ) -> Self {
        Self { class, version, kind: PluginKind::ConfigProvider(Arc::new(move || Box::new(make()))) }
    }

    /// The class name without its package, and without an enclosing class: what Java calls the simple name.
    pub fn simple_name(&self) -> &'static str {
        let name = self.class.rsplit('.').next().unwrap_or(self.class);
        name.rsplit('$').next().unwrap_or(name)
    }

    /// The keys of the plugin, without those that the runtime adds; none for a config provider.
    pub fn config_def(&self) -> ConfigDef {
        match &self.kind {
            PluginKind::Source { connector, .. } => connector().config(),
            PluginKind::Sink { connector, .. } => connector().config(),
            PluginKind::Converter(make) => make().config(),
            PluginKind::HeaderConverter(make) => make().config(),
            PluginKind::Transformation(make) => make().config(),
            PluginKind::Predicate(make) => make().config(),
            PluginKind::ConfigProvider(_) => ConfigDef::default(),
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind.name(), self.class, self.version)
    }
}
