"""Decodes frames with cantools. stdin: {"dbc": text, "frames": [[message, hex]]}; stdout: a list of {name: text of the value}, or null."""

import json
import sys

import cantools

asked = json.load(sys.stdin)
database = cantools.database.load_string(asked["dbc"], "dbc")
answers = []
for message, data in asked["frames"]:
    try:
        decoded = database.get_message_by_name(message).decode(bytes.fromhex(data), decode_choices=False)
    except cantools.database.errors.DecodeError:
        # A value of a multiplexer that chooses nothing.
        answers.append(None)
        continue
    answers.append({name: repr(value) for name, value in decoded.items()})
json.dump(answers, sys.stdout)
