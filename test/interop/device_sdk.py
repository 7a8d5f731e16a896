"""A car on the AWS IoT Device SDK for Python. Argument: JSON of where to connect. Prints what it saw as one JSON document."""

import json
import sys
import threading

from awscrt import mqtt
from awsiot import iotshadow, mqtt_connection_builder

SECONDS = 15
target = json.loads(sys.argv[1])
thing = target["thing"]

connection = mqtt_connection_builder.mtls_from_path(
    endpoint="localhost",
    port=target["port"],
    cert_filepath=target["cert"],
    pri_key_filepath=target["key"],
    ca_filepath=target["ca"],
    client_id=thing,
    clean_session=False,
    keep_alive_secs=30,
)
connected = connection.connect().result(SECONDS)

heard = threading.Event()
received = {}


def on_message(topic, payload, **_):
    received.update(topic=topic, payload=json.loads(payload))
    heard.set()


subscribed, _ = connection.subscribe(target["hear"], mqtt.QoS.AT_LEAST_ONCE, on_message)
subscribed.result(SECONDS)
published, _ = connection.publish(target["say"], json.dumps({"v": 1}), mqtt.QoS.AT_LEAST_ONCE)
published.result(SECONDS)

shadows = iotshadow.IotShadowClient(connection)
shadow = {"thing_name": thing, "shadow_name": "setup"}
answers = {}
arrived = {name: threading.Event() for name in ("missing", "updated", "delta", "got")}


def answer(name):
    def keep(response):
        answers[name] = response
        arrived[name].set()

    return keep


def wait(name):
    if not arrived[name].wait(SECONDS):
        raise TimeoutError(name)
    return answers[name]


at = mqtt.QoS.AT_LEAST_ONCE
named = iotshadow
for future, _ in (
    shadows.subscribe_to_get_named_shadow_rejected(named.GetNamedShadowSubscriptionRequest(**shadow), at, answer("missing")),
    shadows.subscribe_to_get_named_shadow_accepted(named.GetNamedShadowSubscriptionRequest(**shadow), at, answer("got")),
    shadows.subscribe_to_update_named_shadow_accepted(
        named.UpdateNamedShadowSubscriptionRequest(**shadow), at, answer("updated")
    ),
    shadows.subscribe_to_named_shadow_delta_updated_events(
        named.NamedShadowDeltaUpdatedSubscriptionRequest(**shadow), at, answer("delta")
    ),
):
    future.result(SECONDS)

shadows.publish_get_named_shadow(named.GetNamedShadowRequest(**shadow), at).result(SECONDS)
missing = wait("missing").code
state = named.ShadowState(desired={"wingDeg": 6}, reported={"wingDeg": 5})
shadows.publish_update_named_shadow(named.UpdateNamedShadowRequest(state=state, **shadow), at).result(SECONDS)
version = wait("updated").version
delta = wait("delta").state
shadows.publish_get_named_shadow(named.GetNamedShadowRequest(**shadow), at).result(SECONDS)
got = wait("got").state

print(json.dumps({"subscribed": True}), file=sys.stderr, flush=True)
if not heard.wait(SECONDS):
    raise TimeoutError("heard")
connection.disconnect().result(SECONDS)
print(
    json.dumps(
        {
            "sessionPresent": connected["session_present"],
            "received": received,
            "missing": missing,
            "version": version,
            "delta": delta,
            "state": {"desired": got.desired, "reported": got.reported},
        }
    )
)
