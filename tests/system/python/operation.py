"""Clients of the REST API that others wrote: kafka-connect-py, kafkaconnect, kafka-connect-healthcheck.

Arguments: the root of a worker's REST API, its worker id, a file to read from.
"""

import json
import sys

import requests
from kafka_connect import KafkaConnect
from kafka_connect_healthcheck.health import Health
from kafkaconnect.connect import Connect

from checks import check, equal, run, until

URL, WORKER_ID, FILE = sys.argv[1:4]
ONE, OTHER = KafkaConnect(url=URL), Connect(URL)
NAME = "of-clients"


def config(topic):
    return {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max": "1",
        "file": FILE,
        "topic": topic,
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    }


def health(unhealthy_states="FAILED"):
    containers = ["connector", "task"]
    return Health(URL, WORKER_ID, unhealthy_states.split(","), None, 0, containers).get_health_result()


def states():
    status = ONE.get_connector_status(NAME)
    return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


def become(*expected):
    def there():
        try:
            return states() == list(expected)
        except requests.HTTPError as error:
            # Nothing is known of a connector until it has started.
            equal(error.response.status_code, 404)

    until(" ".join(expected), there)


@check
def a_worker_tells_of_itself():
    equal(sorted(ONE.get_cluster_info()), ["commit", "kafka_cluster_id", "version"])
    classes = {plugin["class"] for plugin in ONE.list_connector_plugins()}
    assert config("x")["connector.class"] in classes, classes
    equal(json.loads(OTHER.plugins()), ONE.list_connector_plugins())


@check
def configurations_are_validated():
    class_name = config("x")["connector.class"]
    equal(ONE.validate_connector_config("FileStreamSource", config("x"))["error_count"], 1)
    equal(ONE.validate_connector_config(class_name, {**config("x"), "name": "x"})["error_count"], 0)
    wrong = {"name": "x", "connector.class": class_name, "tasks.max": "many"}
    equal(json.loads(OTHER.validate_and_create("x", json.dumps(wrong)))["error_count"], 3)


@check
def a_connector_is_created_and_shown():
    created = ONE.create_connector({"name": NAME, "config": config("of-clients-1")})
    equal((created["name"], created["type"]), (NAME, "source"))
    become("RUNNING", "RUNNING")
    equal(ONE.list_connectors(pattern="of-.*"), [NAME])
    equal(list(ONE.list_connectors(expand="status", state="running")), [NAME])
    equal(list(ONE.list_connectors(expand="info")[NAME]), ["info"])
    equal(ONE.get_connector_config(NAME), {**config("of-clients-1"), "name": NAME})
    equal(json.loads(OTHER.config(NAME)), ONE.get_connector_config(NAME))
    equal(ONE.get_connector(NAME)["tasks"], [{"connector": NAME, "task": 0}])
    equal(ONE.list_connector_tasks(NAME)[0]["id"], {"connector": NAME, "task": 0})
    equal(ONE.get_connector_task_status(NAME, 0)["worker_id"], WORKER_ID)
    until("its topic", lambda: ONE.list_connector_topics(NAME) == {NAME: {"topics": ["of-clients-1"]}})
    equal(json.loads(OTHER.topics(NAME)), ONE.list_connector_topics(NAME))
    try:
        ONE.create_connector({"name": NAME, "config": config("of-clients-1")})
        raise AssertionError("created twice")
    except requests.HTTPError as error:
        equal(error.response.status_code, 409)


@check
def a_connector_is_paused_stopped_resumed_and_restarted():
    ONE.pause_connector(NAME)
    become("PAUSED", "PAUSED")
    equal(health("PAUSED")["healthy"], False)
    ONE.stop_connector(NAME)
    become("STOPPED")
    OTHER.resume(NAME)
    become("RUNNING", "RUNNING")
    equal(health()["healthy"], True)
    # This client writes its truths with a capital.
    plan = ONE.restart_connector(NAME, include_tasks=True)
    equal([task["state"] for task in plan["tasks"]], ["RESTARTING"])
    become("RUNNING", "RUNNING")
    plan = ONE.restart_connector(NAME, include_tasks=True, only_failed=True)
    equal([plan["connector"]["state"], plan["tasks"][0]["state"]], ["RUNNING", "RUNNING"])
    ONE.restart_connector_task(NAME, 0)
    equal(OTHER.restart(NAME), "")
    become("RUNNING", "RUNNING")


@check
def a_connector_is_changed_and_deleted():
    updated = ONE.update_connector(NAME, config("of-clients-2"))
    equal(updated["config"]["topic"], "of-clients-2")
    equal(json.loads(OTHER.create_or_update(NAME, json.dumps(config("of-clients-3"))))["name"], NAME)
    ONE.reset_connector_topics(NAME)
    until("no topic", lambda: ONE.list_connector_topics(NAME) == {NAME: {"topics": []}})
    OTHER.remove(NAME)
    until("it is gone", lambda: ONE.list_connectors() == [])
    until("its status is gone", lambda: OTHER.status(NAME).endswith("not found."))


run()
