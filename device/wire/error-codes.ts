/**
 * The registry of stable error codes: code → what it means. `docs/errors.md` is written from it and a test compares the
 * two. Add a code here first; never re-use one; the sentence may be improved at any time.
 */
export const ERROR_CODES = {
  'PW-WIRE-FRAME': 'The bytes are not a frame of this version, or were damaged on the way.',
  'PW-WIRE-TABLE': 'A channel table is not valid: names, units and scales must be given for every channel.',
  'PW-WIRE-MESSAGE': 'A JSON message lacks a field that its kind requires.',
  'PW-USAGE-FLAG': 'A flag has a value that the command does not take.',
  'PW-USAGE-ARGUMENT': 'An argument is not one that the command takes.',
  'PW-USAGE-LINE': 'A line on stdin is not what the command reads.',
  'PW-USAGE-SAMPLES': 'A file of rule samples cannot be read, or is not written as `pitwall rules test --help` says.',
  'PW-CONFIG-ROLE': 'A topic rule cannot be created without a role that AWS IoT assumes for its actions.',
  'PW-CONFIG-FAULTS': 'The plan of faults for the local services cannot be read.',
  'PW-CONFIG-VALUE': 'A setting from the environment or a file has a value that is not allowed.',
  'PW-CONFIG-FILE': 'A configuration file cannot be read.',
  'PW-CONFIG-AGENT': 'A car.json or trackside.json is not what an agent takes; the message names the place.',
  'PW-CONFIG-CONTEXT': 'The context is unknown, or cannot serve this command.',
  'PW-CONFIG-DATA': 'The data folder cannot be used: no permission, or another pitwall works in it.',
  'PW-CONFIG-MODULE': 'A module that a setting names cannot be loaded, or exports no function.',
  'PW-CONFIG-NOT-RUNNING': 'No running system was found in the data folder.',
  'PW-RACE-NONE': 'No race has been begun that the command could be about.',
  'PW-RACE-PART': 'A process of the race ended, or failed to start.',
  'PW-RACE-TIMEOUT': 'A step of the race took longer than its bound.',
  'PW-REMOTE-MQTT': 'The MQTT broker refused or closed the connection.',
  'PW-REMOTE-REFUSED': 'A remote service refused the request, or could not be reached.',
  'PW-REMOTE-TIMEOUT': 'Nothing came within the time given.',
  'PW-STREAM-READ': 'A stream or one of its shards cannot be read, and trying again as it is would not help.',
  'PW-STREAM-PUT': 'A record could not be written to a stream within its time.',
  'PW-STREAM-FULL': 'The record is larger than a stream takes, or than the producer may hold.',
  'PW-STREAM-TRIMMED': 'What a reader had still to read is past its retention, and its policy is to fail then.',
  'PW-STREAM-UNSERVED': 'A stream is to be read in a way that needs an archive, and its source reads the stream alone.',
  'PW-STREAM-POSITION': 'A place in a stream is not one of the forms that readers take.',
  'PW-STREAM-CLOSED': 'The part was closed and takes nothing more.',
  'PW-KPL-RECORD': 'A user record has a key that Kinesis does not take, or there is none to aggregate.',
  'PW-STATE-FENCED': 'Another owner has taken this state over; what the earlier one writes is refused.',
  'PW-STATE-WRITE': 'Rows of a table could not be written for so long that their owner goes back to its snapshot.',
  'PW-LEASE-LOST': 'The lease of a shard is another worker’s now; what its earlier owner writes is refused.',
  'PW-LEASE-CHECKPOINT': 'A checkpoint names a place that was not delivered, or that lies before the last one.',
  'PW-LEASE-RENEWER': 'The thread that renews leases did not start.',
  'PW-STATE-DAMAGED': 'A stored snapshot lacks a part or does not match its checksum.',

  // cloud/engine: forecasts
  'PW-FORECAST-THREAD': 'The thread that simulates races failed, or did not answer in time.',
  'PW-FORECAST-BUSY': 'Too many questions wait for races to be drawn; interrupt the one that is, and ask the newest.',

  // device: the agent
  'PW-AGENT-OPTION': 'An agent was started with an option that it cannot use.',
  'PW-AGENT-FOLDER': 'Another live process runs an agent in this data folder.',
  'PW-JOURNAL-OPEN': 'The journal folder cannot be opened or read.',
  'PW-JOURNAL-READ': 'A record of the journal cannot be read back: its segment is gone or damaged.',
  'PW-LINK-CONNECT': 'The MQTT connection could not be made; the link tries again with back-off.',
  'PW-LINK-DOWN': 'The MQTT connection is not up, or was lost before the broker acknowledged.',
  'PW-LINK-SUBSCRIBE': 'The broker refused a subscription: the policy of this certificate does not allow the filter.',
  'PW-CLAIM-REFUSED': 'The service did not give a new car its certificate, or did not register it.',
  'PW-CLAIM-TIMEOUT': 'Nothing was heard in time while a new car was provisioned.',
  'PW-SOURCE-INPUT': 'The input of a source cannot be opened or read, or was lost; a lost connection is made again.',
  'PW-SOURCE-FORMAT':
    'What a source reads is not in the form that its configuration says, or that can be told from it.',
  'PW-SETUP-INVALID': 'What the car was told to be or do has an unknown field or a value outside its limits.',
  'PW-DEPLOY-FETCH': 'A document could not be fetched by its URL, or is not the one that its hash names.',
  'PW-DEPLOY-SLOT': 'A stored configuration of the car cannot be written, or is not whole.',
  'PW-DEPLOY-STEP': 'A step of a deployment failed or took longer than its limit.',
  'PW-COMPONENT-ORDER': 'Components need each other in a circle, need one that is not there, or share a name.',
  'PW-COMPONENT-STEP': 'A component did not start or stop within its limit.',

  // device/sources/can
  'PW-CONFIG-DBC':
    'A DBC file has a line that cannot be read, or that contradicts another; the message names the place.',
  'PW-CONFIG-CAN': 'A CAN source cannot be opened as configured: its input, or the signals that it is to give.',

  // device/pipeline: expressions, derived channels, campaigns
  'PW-EXPRESSION-SYNTAX': 'An expression cannot be parsed; the message names the place.',
  'PW-EXPRESSION-NAME': 'An expression names a channel or a function that there is not.',
  'PW-EXPRESSION-TYPE':
    'An expression puts a number where a condition belongs, a condition where a number does, or the wrong arguments.',
  'PW-EXPRESSION-UNIT': 'An expression compares or adds two different units.',
  'PW-EXPRESSION-WINDOW': 'A function of a window lacks the window, or it is outside its limits.',
  'PW-EXPRESSION-BUDGET':
    'An expression is longer or nested deeper, or expressions keep more windows, than an agent may spend.',
  'PW-DERIVED-INVALID': 'A derived channel has a name that is taken, or depends on itself.',
  'PW-CAMPAIGN-INVALID': 'Campaigns were refused; the ones before go on. The message names each reason.',

  // cloud/local/iot-core
  'PW-IOT-REFUSED': 'The local IoT Core refused a connection, a publish or a subscription, as AWS IoT does.',

  // certs/policy
  'PW-POLICY-SYNTAX': 'A policy document is not JSON; the message names the place.',
  'PW-POLICY-GRAMMAR': 'A policy document is JSON, but not a policy that AWS IoT takes; the message names the place.',
  'PW-POLICY-SIZE': 'A policy document is longer than AWS IoT takes, or more policies are attached than it takes.',
  'PW-POLICY-REQUEST': 'The request to be decided is not complete or not well formed.',

  // certs
  'PW-CERTS-STORE': 'The certificate folder cannot be written or holds something that is not a certificate or key.',
  'PW-CERTS-NAME': 'A certificate was asked for under a name that AWS IoT takes for no thing.',
  'PW-CERTS-REQUEST': 'A certificate signing request cannot be read, or is not signed by its own key.',
  'PW-CERTS-CLAIM': 'The folder holds no claim certificate, or a car that has its own already.',
  'PW-CERTS-UNKNOWN': 'The authority issued no such certificate.',

  // cloud/dashboard: the screen and its feed
  'PW-SCREEN-PORT': 'The screen or the feed cannot listen: the port is taken, or the address is not this machine’s.',
  'PW-SCREEN-FEED': 'What came from a feed is not a feed of this version, or the feed refused.',
  'PW-SCREEN-FULL': 'As many clients read this feed as may.',
  'PW-SCREEN-METHOD': 'The address exists, but does not take this HTTP method.',
  'PW-SCREEN-NOT-FOUND': 'The screen serves nothing at this address.',
  'PW-SCREEN-HOST': 'The request names a host that this screen does not answer to (a guard against DNS rebinding).',
  'PW-SCREEN-ORIGIN': 'A decision must come from the screen’s own page (a guard against cross-site requests).',
  'PW-SCREEN-BODY': 'The body of a request is too large, not JSON, or lacks a field.',
  'PW-SCREEN-DECISION': 'The decision could not be handed on.',
  'PW-SCREEN-NO-PAGE': 'The web page has not been built.',
  // rules
  'PW-RULE-SYNTAX': 'The SQL statement or template cannot be parsed; the message names the place.',
  'PW-RULE-FROM': 'The FROM clause is not an MQTT topic filter that AWS IoT takes.',
  'PW-RULE-FUNCTION': 'The statement calls a function that AWS IoT SQL does not have.',
  'PW-RULE-VERSION': 'The statement uses what its version of AWS IoT SQL does not have.',
  'PW-RULE-UNSERVED':
    'The statement uses a part of AWS IoT SQL that this engine does not serve; it is refused rather than ignored.',
  'PW-RULE-DEFINITION': 'A rule cannot be created: its name, its actions or its targets are not valid.',
  'PW-RULE-NO-SENDER': 'A rule names a service or a target that nothing here sends to.',
  'PW-RULE-EVALUATION': 'A statement ended while it ran; the rule took no action on that message.',
  'PW-RULE-LIMIT':
    'A statement asked for more work, text, nesting or look-ups than one message may cost; its rule ended.',
  'PW-RULE-OVERLOAD': 'The rules engine takes no more messages for now; publish again later.',
  'PW-RULE-CLOSED': 'The rules engine was closed and takes nothing more.',
  'PW-RULE-NOT-FOUND': 'No rule of that name runs here.',
  'PW-OUTBOX-FULL': 'The outbox of failed messages holds as many bytes as it may.',
  'PW-OUTBOX-STORE': 'The outbox of failed messages cannot be written.',

  // cloud/archive
  'PW-ARCHIVE-DAMAGED': 'An object of the archive is not what was written: missing, cut short or changed.',
  'PW-ARCHIVE-FENCED': 'Another archiver has taken the archive over; this one commits nothing more.',
  'PW-ARCHIVE-CONFLICT': 'An object or a mark of the archive is already there and is another one.',
  'PW-ARCHIVE-NO-RACE': 'The archive has no race of that name.',
  'PW-ARCHIVE-REPLAY': 'A replay takes no decisions: it shows what was.',
  'PW-ARCHIVE-EXPORT': 'A file of an export could not be written.',
  'PW-ARCHIVE-SEGMENT': 'Records cannot be written as a segment.',

  // cloud/deploy
  'PW-DEPLOY-TOOLKIT': 'Synthesis needs aws-cdk-lib, a development dependency that is not installed here.',
  'PW-DEPLOY-ACTION': 'The catalog has an action that the deployed stack would have no rights for.',

  // cloud/local (AWS services), cloud/provision
  'PW-LOCAL-PORT': 'The local services cannot listen there.',
  'PW-LOCAL-STORE': 'What the local services keep on disk cannot be read or written.',
  'PW-PROVISION-TIMEOUT': 'A stream or table did not become ready within its time.',
  'PW-PROVISION-CONFLICT': 'A stream or table of that name is there already, and is not the one that was wanted.',
  'PW-SIM-CALL': 'A pit call reached a simulated car that can no longer obey it.',
  'PW-SIM-REMOTE': 'The process that hosts a simulated car did not answer in time.',

  // cloud/load, cloud/tables
  'PW-LOAD-INPUT': 'A file to be loaded cannot be opened or read.',
  'PW-LOAD-FORMAT': 'A file to be loaded is no table that can be read: empty, no delimiter, no header, or no rows.',
  'PW-LOAD-COLUMN':
    'A table to be loaded lacks a column that its kind needs, or a column was mapped that it does not have.',
  'PW-LOAD-CHECKPOINT': 'A checkpoint belongs to another file, or to a load with other settings, or cannot be read.',
  'PW-LOAD-OWNED': 'A race engine has written this race; the loader writes only sessions that no engine owned.',
  'PW-LOAD-STALLED':
    'The table took nothing for so long that the loader gave up; what was loaded so far is in the checkpoint.',
  'PW-LOAD-POLL': 'A live endpoint did not answer with rows of JSON.',

  // cloud/reports
  'PW-REPORT-EMPTY': 'The tables have nothing that the wanted report could be made of.',
  'PW-REPORT-PRIORS':
    'Models from practice cannot be read or stored: of another version, damaged, or always overtaken.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
