"""boto3 with nothing but the environment that `pitwall local` prints. Prints what it saw as one JSON document."""

import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

stream, table = sys.argv[1:3]
seen = {}


def error_of(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


data = boto3.client("iot-data")
shadow = {"thingName": "car-1", "shadowName": "setup"}
seen["missing"] = error_of(lambda: data.get_thing_shadow(**shadow))
data.update_thing_shadow(**shadow, payload=json.dumps({"state": {"desired": {"wingDeg": 6}}}))
seen["state"] = json.load(data.get_thing_shadow(**shadow)["payload"])["state"]
seen["names"] = data.list_named_shadows_for_thing(thingName="car-1")["results"]
seen["published"] = data.publish(topic="pitwall/v1/car-1/sheets", qos=1, payload=b'{"v":1}')["ResponseMetadata"]["HTTPStatusCode"]
seen["reserved"] = error_of(lambda: data.publish(topic="$aws/things/car-1/shadow/update/accepted", payload=b"{}"))

kinesis = boto3.client("kinesis")
seen["stream"] = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"]
put = kinesis.put_records(
    StreamName=stream, Records=[{"PartitionKey": "car-1", "Data": b"one"}, {"PartitionKey": "car-1", "Data": b"two"}]
)
seen["failed"] = put["FailedRecordCount"]
first = put["Records"][0]
iterator = kinesis.get_shard_iterator(
    StreamName=stream,
    ShardId=first["ShardId"],
    ShardIteratorType="AT_SEQUENCE_NUMBER",
    StartingSequenceNumber=first["SequenceNumber"],
)["ShardIterator"]
records, until = [], time.monotonic() + 10
while len(records) < 2 and time.monotonic() < until:
    page = kinesis.get_records(ShardIterator=iterator)
    records += [record["Data"].decode() for record in page["Records"]]
    iterator = page["NextShardIterator"]
    time.sleep(0.25)
seen["records"] = records
seen["noStream"] = error_of(lambda: kinesis.describe_stream_summary(StreamName="nobody"))

items = boto3.resource("dynamodb").Table(table)
items.put_item(Item={"pk": "20261121#alarm#car-1", "sk": "1#1", "level": "warning", "value": 7})
seen["item"] = {
    name: str(value) for name, value in items.get_item(Key={"pk": "20261121#alarm#car-1", "sk": "1#1"})["Item"].items()
}
condition = boto3.dynamodb.conditions.Key("pk").eq("20261121#alarm#car-1")
seen["count"] = items.query(KeyConditionExpression=condition)["Count"]
again = {"Item": {"pk": "20261121#alarm#car-1", "sk": "1#1"}, "ConditionExpression": "attribute_not_exists(pk)"}
seen["conditional"] = error_of(lambda: items.put_item(**again))

iot = boto3.client("iot")
iot.create_thing(thingName="car-9", attributePayload={"attributes": {"class": "gtd"}})
seen["thing"] = iot.describe_thing(thingName="car-9")["attributes"]
seen["things"] = [thing["thingName"] for page in iot.get_paginator("list_things").paginate() for thing in page["things"]]
seen["noThing"] = error_of(lambda: iot.describe_thing(thingName="nobody"))

stolen = boto3.client("iot-data", aws_secret_access_key="stolen", aws_access_key_id="AKIASTOLENSTOLENSTOL")
seen["stolen"] = (error_of(lambda: stolen.get_thing_shadow(**shadow)) or [None, None])[1]
print(json.dumps(seen))
