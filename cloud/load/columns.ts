/** What a column can mean. Everything else is a channel (telemetry) or an attribute (laps). */
export const ROLES = [
  'time',
  'thing',
  'name',
  'value',
  'entry',
  'lap',
  'lapTime',
  'elapsed',
  'position',
  'pitIn',
  'pitOut',
  'pitTime',
  'flag',
  'driver',
  'team',
  'cls',
  'compound',
  'tyreAge',
  'stint',
  'fuelUsed',
  'sector1',
  'sector2',
  'sector3',
  'ignore',
] as const;
export type Role = (typeof ROLES)[number];

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/**
 * Titles by role, as loggers and timing services write them, without case, spaces and punctuation; the first title that a table
 * has wins. The receiver's clock comes before the car's: cars' clocks have been seen wrong by days.
 */
const TITLES: Record<Exclude<Role, 'ignore'>, readonly string[]> = {
  time: [
    'eventtimems',
    'eventtime',
    'recvms',
    'recvtime',
    'metatime',
    'receivedat',
    'timems',
    'timestampms',
    'time',
    'timestamp',
    'datetime',
    'utc',
    't',
    'zeit',
    'uhrzeit',
    'epochms',
    'epoch',
    'carms',
    'cartime',
  ],
  thing: ['thing', 'vehicleid', 'vid', 'originalvehicleid', 'carid', 'vehicle', 'device', 'deviceid'],
  name: ['telemetryname', 'channelname', 'channel', 'signal', 'signalname', 'sensor', 'parameter'],
  value: ['telemetryvalue', 'channelvalue', 'signalvalue', 'value', 'reading'],
  entry: ['entry', 'car', 'carnumber', 'carno', 'number', 'num', 'vehiclenumber', 'startnumber', 'startnummer', 'no'],
  lap: ['lap', 'lapnumber', 'lapno', 'laps', 'runde'],
  lapTime: ['laptimems', 'laptime', 'laptimes', 'valuems', 'rundenzeit'],
  elapsed: ['elapsedms', 'elapsed', 'elapsedtime', 'racetime', 'totaltime'],
  position: ['position', 'pos', 'place', 'rank', 'runningpos'],
  pitIn: ['pitin', 'inlap', 'crossingfinishlineinpit'],
  pitOut: ['pitout', 'outlap'],
  pitTime: ['pittimems', 'pittime'],
  flag: ['flag', 'flagatfl', 'flagstate'],
  driver: ['driver', 'drivername', 'fahrer'],
  team: ['team', 'teamname'],
  cls: ['cls', 'class', 'klasse'],
  compound: ['compound', 'tyrecompound', 'tirecompound'],
  tyreAge: ['tyreage', 'tireage', 'tyrelife'],
  stint: ['stint'],
  // The unit is in the title, or it is no amount that can be used.
  fuelUsed: ['fuelusedkg', 'fuelkg', 'fuelperlapkg', 'fuellapkg'],
  sector1: ['sector1ms', 'sector1', 's1', 's1seconds'],
  sector2: ['sector2ms', 'sector2', 's2', 's2seconds'],
  sector3: ['sector3ms', 'sector3', 's3', 's3seconds'],
};

/** For each role that a table of these names has, the column. */
export function rolesOf(names: readonly string[]): Map<Role, number> {
  const plain = names.map((name) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
  const roles = new Map<Role, number>();
  for (const [role, titles] of Object.entries(TITLES) as [Role, readonly string[]][]) {
    const title = titles.find((each) => plain.includes(each));
    if (title !== undefined) roles.set(role, plain.indexOf(title));
  }
  return roles;
}

/** Columns that tell a time, whatever the table takes as its time: no channels. */
export function isClock(name: string): boolean {
  return TITLES.time.includes(name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''));
}
