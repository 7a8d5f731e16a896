"""A new car on the AWS IoT Device SDK for Python: from the claim to its own certificate, then the job that waits for it.

Argument: JSON of where to connect, and with what. Prints what it saw as one JSON document.
"""

import json
import sys
import threading

from awscrt import mqtt_request_response
from awsiot import ServiceStreamOptions, V2ServiceException, iotidentity, iotjobs, mqtt_connection_builder

SECONDS = 15
target = json.loads(sys.argv[1])
options = mqtt_request_response.ClientOptions(
    max_request_response_subscriptions=10, max_streaming_subscriptions=4, operation_timeout_in_seconds=SECONDS
)


def connect(client_id, cert, key):
    connection = mqtt_connection_builder.mtls_from_bytes(
        endpoint="localhost",
        port=target["port"],
        cert_bytes=cert,
        pri_key_bytes=key,
        ca_filepath=target["ca"],
        client_id=client_id,
    )
    connection.connect().result(SECONDS)
    return connection


def read(path):
    with open(path, "rb") as file:
        return file.read()


claiming = connect("claim-" + target["thing"], read(target["claim"]["cert"]), read(target["claim"]["key"]))
identity = iotidentity.IotIdentityClientV2(claiming, options)
created = identity.create_certificate_from_csr(
    iotidentity.CreateCertificateFromCsrRequest(certificate_signing_request=target["csr"])
).result(SECONDS)
registered = identity.register_thing(
    iotidentity.RegisterThingRequest(
        template_name=target["template"],
        certificate_ownership_token=created.certificate_ownership_token,
        parameters=target["parameters"],
    )
).result(SECONDS)
claiming.disconnect().result(SECONDS)

thing = registered.thing_name
car = connect(thing, created.certificate_pem.encode(), target["key"].encode())
jobs = iotjobs.IotJobsClientV2(car, options)

changed = []
arrived = threading.Event()
subscribed = threading.Event()


def on_next(event):
    changed.append(event.execution.job_id if event.execution else None)
    arrived.set()


stream = jobs.create_next_job_execution_changed_stream(
    iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=thing),
    ServiceStreamOptions(incoming_event_listener=on_next, subscription_status_listener=lambda _: subscribed.set()),
)
stream.open()
if not subscribed.wait(SECONDS):
    raise TimeoutError("stream")

pending = jobs.get_pending_job_executions(iotjobs.GetPendingJobExecutionsRequest(thing_name=thing)).result(SECONDS)
started = jobs.start_next_pending_job_execution(
    iotjobs.StartNextPendingJobExecutionRequest(thing_name=thing)
).result(SECONDS)
updated = jobs.update_job_execution(
    iotjobs.UpdateJobExecutionRequest(
        thing_name=thing,
        job_id=started.execution.job_id,
        status=iotjobs.JobStatus.SUCCEEDED,
        expected_version=started.execution.version_number,
        include_job_execution_state=True,
    )
).result(SECONDS)
try:
    jobs.describe_job_execution(
        iotjobs.DescribeJobExecutionRequest(thing_name=thing, job_id=started.execution.job_id)
    ).result(SECONDS)
    terminal = None
except V2ServiceException as error:
    terminal = error.modeled_error.code
if not arrived.wait(SECONDS):
    raise TimeoutError("next")
car.disconnect().result(SECONDS)

print(
    json.dumps(
        {
            "certificateId": created.certificate_id,
            "thing": thing,
            "pending": [job.job_id for job in pending.queued_jobs],
            "started": [started.execution.job_id, started.execution.status, started.execution.job_document],
            "state": updated.execution_state.status,
            "terminal": terminal,
            "next": changed,
        }
    )
)
