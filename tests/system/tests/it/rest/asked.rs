//! A worker under test, and what a case may do to it and around it.

use std::io;
use std::path::Path;

use xtask::oracle::wire::{Record, Topic};
use xtask::oracle::worker::{Program, Worker, WorkerConfig};

use super::exchange::{self, Request, Response};
use super::setting::{Setting, admin_port};
use crate::site::Site;
use crate::stage::Kafka;

pub(super) struct Asked<'a> {
    kafka: &'a Kafka,
    site: &'a Site,
    setting: Setting,
    config: WorkerConfig,
    worker: Worker,
}

impl<'a> Asked<'a> {
    pub(super) fn start(setting: Setting, kafka: &'a Kafka, site: &'a Site, program: &Program) -> Asked<'a> {
        let (config, worker) = site.run(|| setting.config(site, program));
        Asked { kafka, site, setting, config, worker }
    }

    /// The port of its main listener.
    pub(super) fn port(&self) -> u16 {
        self.worker.rest_port()
    }

    /// The folder that `{dir}` stands for in requests, without a slash at its end.
    pub(super) fn dir(&self) -> String {
        self.site.path("").display().to_string().trim_end_matches('/').to_owned()
    }

    /// Stops the worker and starts it again.
    pub(super) fn restart(&mut self) {
        self.worker.server().stop().unwrap();
        self.worker = self.site.run_again(&self.config);
    }

    /// Sends a request to the main listener, or to the one for administrators.
    pub(super) fn send(&self, request: &Request, admin: bool) -> io::Result<Response> {
        let port = if admin { admin_port(&self.config).expect("a listener") } else { self.port() };
        exchange::send(port, request)
    }

    /// `GET path` by somebody who is let in.
    pub(super) fn look(&self, path: &str) -> io::Result<Response> {
        let authorization = self.setting.authorization();
        let headers = authorization.map(|value| ("Authorization", value.to_owned())).into_iter().collect();
        self.send(&Request { method: "GET", path: path.to_owned(), headers, body: None }, false)
    }

    /// Writes a file in the folder, or removes it.
    pub(super) fn write(&self, file: &str, text: Option<&str>) {
        let path = self.site.path(file);
        match text {
            Some(text) => {
                std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
                std::fs::write(path, text).unwrap();
            }
            None => std::fs::remove_file(path).unwrap(),
        }
    }

    /// What a topic was made with, if it is there.
    pub(super) fn topic(&self, topic: &str) -> io::Result<Option<Topic>> {
        self.kafka.client().topic(&self.setting.topic(topic))
    }

    /// All records of a topic whose keys hold the text, partition by partition.
    pub(super) fn records(&self, topic: &str, about: &str) -> io::Result<Vec<Record>> {
        let topic = self.setting.topic(topic);
        let mut client = self.kafka.client();
        let mut found = Vec::new();
        for partition in 0.. {
            if client.end_offset(&topic, partition)?.is_none() {
                break;
            }
            found.extend(client.records(&topic, partition, 0)?);
        }
        found.retain(|record| record.key_text().contains(about));
        Ok(found)
    }
}
