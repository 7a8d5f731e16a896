"""Jobs over both HTTP planes by boto3, with nothing but the environment that `pitwall local` prints. Prints what it saw as JSON."""

import json

import boto3
from botocore.exceptions import ClientError

seen = {}


def error_of(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


iot = boto3.client("iot")
thing = iot.describe_thing(thingName="car-1")["thingArn"]
document = json.dumps({"operation": "upload", "run": 7})
iot.create_job(jobId="upload", targets=[thing], document=document, timeoutConfig={"inProgressTimeoutInMinutes": 5})
seen["again"] = error_of(lambda: iot.create_job(jobId="upload", targets=[thing], document=document))

device = boto3.client("iot-jobs-data")
seen["pending"] = [job["jobId"] for job in device.get_pending_job_executions(thingName="car-1")["queuedJobs"]]
started = device.start_next_pending_job_execution(thingName="car-1", statusDetails={"step": "zip"})["execution"]
seen["started"] = [started["status"], started["versionNumber"], json.loads(started["jobDocument"]), started["thingName"]]
one = {"thingName": "car-1", "jobId": "upload"}
seen["mismatch"] = error_of(lambda: device.update_job_execution(**one, status="SUCCEEDED", expectedVersion=9))
updated = device.update_job_execution(**one, status="SUCCEEDED", expectedVersion=2, includeJobExecutionState=True)
seen["state"] = updated["executionState"]
seen["terminal"] = error_of(lambda: device.describe_job_execution(**one))
seen["next"] = device.describe_job_execution(thingName="car-1", jobId="$next").get("execution")

job = iot.describe_job(jobId="upload")["job"]
seen["job"] = [job["status"], job["jobProcessDetails"]["numberOfSucceededThings"]]
iot.delete_job(jobId="upload")
seen["gone"] = error_of(lambda: iot.describe_job(jobId="upload"))
print(json.dumps(seen))
