import { type DeploymentId, type Library } from '../result.ts';

/** Where a figure comes from. `read`: the day on which it was looked up there; prices change, so it belongs to the figure. */
export interface Source {
  readonly name: string;
  readonly url?: string;
  readonly read: string;
}

export type Currency = 'EUR' | 'USD';

/** A figure as its source gives it: a range, or one number twice. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly source: Source;
}

export interface Price extends Range {
  /** of one month */
  readonly currency: Currency;
}

/** Of hours that the source gives only in words (`Minimal`, `Moderate`), what the same words mean where it gives both. */
export interface Hours extends Range {
  readonly derived?: true;
}

/** One size that a provider sells under the document's heading. */
export interface Offer {
  /** as in PG_HA_PROVIDER and REDIS_HA_PROVIDER */
  readonly provider: string;
  readonly title: string;
  readonly start: Price;
  /** memory and storage that the price at the start is for, GB; Redis: its data live in memory */
  readonly startMemoryGb: number;
  readonly startStorageGb?: number;
  /** the largest that it is said to grow to, GB */
  readonly maxMemoryGb?: number;
  readonly maxStorageGb?: number;
  /** the smallest size is one server alone: nothing takes over */
  readonly startsAlone?: true;
  /** what the smallest size with a standby costs, where that was looked up */
  readonly highAvailability?: Price;
  /** why it cannot be had as the document names it */
  readonly gone?: { readonly why: string; readonly source: Source };
  readonly notes?: readonly { readonly text: string; readonly source: Source }[];
  /** how long its own failover takes at worst, s, where it says so */
  readonly failoverSeconds?: Range;
}

export type Skill = 'basic' | 'administration' | 'advanced';

/** One way to run a database, with what the document says of it. */
export interface Deployment {
  readonly id: DeploymentId;
  readonly library: Library;
  readonly title: string;
  /** as in PG_HA_STRATEGY and REDIS_HA_STRATEGY */
  readonly strategy: string;
  readonly price: Price;
  readonly setupDays: Range;
  readonly maintenanceHours: Hours;
  readonly complexity: string;
  readonly skill: Skill;
  readonly skills: string;
  /** the document's words: from Low to Very High */
  readonly ratings: Readonly<Record<(typeof RATINGS)[number], string>>;
  /** whether the data stay on machines that you rent or own yourself */
  readonly ownMachines: boolean;
  /** whether it can be set up so that no acknowledged write is lost when a server dies */
  readonly zeroLoss: { readonly possible: boolean; readonly how: string };
  /** from the fault to a new primary, s, as it is usually set up; absent where it is the provider's own affair */
  readonly failoverSeconds?: Range;
  /** the campaign's name for the settings that this is of and that plans give: measurements of others say nothing of it */
  readonly setting?: string;
  readonly offers: readonly Offer[];
  /** what the document itself recommends of its options, and why */
  readonly recommended?: string;
}

export const RATINGS = [
  'reliability',
  'performance',
  'control',
  'data sovereignty',
  'scalability',
  'maintenance effort',
] as const;

/** Everything that has no source of its own here is from this document, which itself bears no date. */
const DOCUMENT: Source = { name: 'PostgreSQL and Redis High Availability Options', read: '2026-11-23' };
const PATRONI: Source = {
  name: 'Patroni dynamic configuration: ttl 20, loop_wait 5, retry_timeout 5',
  url: 'https://patroni.readthedocs.io/en/latest/dynamic_configuration.html',
  read: '2026-08-15',
};
const SENTINEL: Source = {
  name: 'Redis Sentinel with down-after-milliseconds 5000, as in its tutorial (30000 as shipped), and its election',
  url: 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/',
  read: '2026-08-15',
};
const AIVEN_HA: Source = {
  name: 'Aiven, high availability of PostgreSQL',
  url: 'https://aiven.io/docs/products/postgresql/concepts/high-availability',
  read: '2026-08-15',
};
const AIVEN_PRICES: Source = {
  name: 'Aiven for PostgreSQL pricing',
  url: 'https://aiven.io/pricing/postgresql',
  read: '2026-09-20',
};
const DIGITALOCEAN_HA: Source = {
  name: 'DigitalOcean Managed Databases, high availability',
  url: 'https://docs.digitalocean.com/products/databases/postgresql/how-to/add-standby-nodes/',
  read: '2026-11-23',
};
const HETZNER_API: Source = {
  name: "Hetzner Cloud's Terraform provider, which has no database resource",
  url: 'https://registry.terraform.io/providers/hetznercloud/hcloud/latest/docs',
  read: '2026-08-15',
};
const UBICLOUD: Source = {
  name: 'Ubicloud managed PostgreSQL, high availability',
  url: 'https://www.ubicloud.com/docs/managed-postgresql/high-availability',
  read: '2026-11-23',
};
const UPSTASH_PRICES: Source = {
  name: 'Upstash Redis pricing',
  url: 'https://upstash.com/pricing/redis',
  read: '2026-09-20',
};
const AIVEN_VALKEY: Source = {
  name: 'Aiven for Valkey',
  url: 'https://aiven.io/docs/products/valkey',
  read: '2026-08-15',
};

const range = (low: number, high: number, source: Source = DOCUMENT): Range => ({ low, high, source });
const price = (currency: Currency, low: number, high: number = low, source: Source = DOCUMENT): Price => ({
  currency,
  low,
  high,
  source,
});

const POSTGRES_OFFERS: readonly Offer[] = [
  {
    provider: 'hetzner',
    title: 'Hetzner Managed PostgreSQL',
    start: price('EUR', 10),
    startMemoryGb: 2,
    startStorageGb: 10,
    maxMemoryGb: 32,
    maxStorageGb: 400,
    gone: {
      why: 'Hetzner Cloud was not found to sell it; others run managed PostgreSQL on its machines',
      source: HETZNER_API,
    },
    notes: [
      {
        text: 'Ubicloud, on Hetzner machines: asynchronous with one standby, synchronous on request or with two',
        source: UBICLOUD,
      },
    ],
  },
  {
    provider: 'digitalocean',
    title: 'DigitalOcean Managed PostgreSQL',
    start: price('USD', 15),
    startMemoryGb: 1,
    startStorageGb: 10,
    startsAlone: true,
    maxMemoryGb: 64,
    maxStorageGb: 4_096,
    notes: [
      {
        text: 'the smallest size takes no standby: a failover needs a larger one, and one node more to pay for',
        source: DIGITALOCEAN_HA,
      },
      { text: '22 usable connections with 1 GB of memory', source: DIGITALOCEAN_HA },
    ],
  },
  {
    provider: 'aiven',
    title: 'Aiven for PostgreSQL',
    start: price('USD', 19),
    startMemoryGb: 1,
    startStorageGb: 5,
    startsAlone: true,
    maxMemoryGb: 64,
    maxStorageGb: 2_048,
    highAvailability: price('USD', 180, 180, AIVEN_PRICES),
    failoverSeconds: range(60, 180, AIVEN_HA),
    notes: [
      {
        text: 'plans below Business have no standby; the smallest plan cost 12 USD when looked up',
        source: AIVEN_PRICES,
      },
    ],
  },
];

const REDIS_OFFERS: readonly Offer[] = [
  {
    provider: 'upstash',
    title: 'Upstash',
    start: price('USD', 10),
    startMemoryGb: 1,
    highAvailability: price('USD', 20, 20, UPSTASH_PRICES),
    notes: [
      {
        text: 'the fixed plan of 1 GB costs 20 USD now, that of 250 MB 10 USD; polling workers burn commands',
        source: UPSTASH_PRICES,
      },
    ],
  },
  {
    provider: 'redis-cloud',
    title: 'Redis Cloud (the document: Redis Labs)',
    start: price('USD', 14),
    startMemoryGb: 1,
  },
  {
    provider: 'aiven',
    title: 'Aiven for Valkey (the document: Aiven for Redis)',
    start: price('USD', 19),
    startMemoryGb: 1,
    notes: [{ text: 'Redis became Valkey there: valkeys:// in REDIS_URL', source: AIVEN_VALKEY }],
  },
];

/** The document's three ways to run PostgreSQL and two to run Redis. */
export const DEPLOYMENTS: readonly Deployment[] = [
  {
    id: 'postgres-self-managed',
    library: 'pg',
    title: 'Self-managed in Docker Swarm (Patroni, etcd, HAProxy)',
    strategy: 'haproxy',
    price: price('USD', 20, 40),
    setupDays: range(3, 5),
    maintenanceHours: range(4, 8),
    complexity: 'High',
    skill: 'advanced',
    skills: 'advanced PostgreSQL administration, Docker Swarm networking',
    ratings: {
      reliability: 'Medium-High',
      performance: 'Medium-High',
      control: 'Very High',
      'data sovereignty': 'High',
      scalability: 'Medium',
      'maintenance effort': 'High',
    },
    ownMachines: true,
    zeroLoss: { possible: true, how: "Patroni's synchronous_mode, with at least two standbys" },
    failoverSeconds: range(20, 30, PATRONI),
    offers: [],
  },
  {
    id: 'postgres-hybrid',
    library: 'pg',
    title: 'Hybrid: Patroni on dedicated servers, reached directly',
    strategy: 'patroni',
    price: price('EUR', 20, 40),
    setupDays: range(2, 3),
    maintenanceHours: range(2, 4),
    complexity: 'Moderate',
    skill: 'administration',
    skills: 'PostgreSQL administration, Linux server management',
    ratings: {
      reliability: 'High',
      performance: 'Very High',
      control: 'High',
      'data sovereignty': 'High',
      scalability: 'Medium-High',
      'maintenance effort': 'Medium',
    },
    ownMachines: true,
    zeroLoss: { possible: true, how: "Patroni's synchronous_mode, with at least two standbys" },
    failoverSeconds: range(20, 30, PATRONI),
    offers: [],
  },
  {
    id: 'postgres-managed',
    library: 'pg',
    title: 'Managed PostgreSQL',
    strategy: 'managed',
    price: price('EUR', 20, 50),
    setupDays: range(1, 2),
    maintenanceHours: range(1, 2),
    complexity: 'Low',
    skill: 'basic',
    skills: 'basic database configuration, secure networking',
    ratings: {
      reliability: 'Very High',
      performance: 'High',
      control: 'Low',
      'data sovereignty': 'Low-Medium',
      scalability: 'High',
      'maintenance effort': 'Very Low',
    },
    ownMachines: false,
    zeroLoss: { possible: false, how: 'the standbys of the providers listed follow asynchronously' },
    offers: POSTGRES_OFFERS,
    recommended: 'it is set up fastest, and its price is offset by the work that it saves',
  },
  {
    id: 'redis-sentinel',
    library: 'redis',
    title: 'Redis with three sentinels in Docker Swarm',
    strategy: 'sentinel',
    price: price('USD', 0, 10),
    setupDays: range(1, 2),
    maintenanceHours: { ...range(1, 4), derived: true },
    complexity: 'Moderate',
    skill: 'administration',
    skills: 'Redis configuration, Docker Swarm networking',
    ratings: {
      reliability: 'Medium-High',
      performance: 'High',
      control: 'High',
      'data sovereignty': 'High',
      scalability: 'Medium',
      'maintenance effort': 'Medium',
    },
    ownMachines: true,
    zeroLoss: {
      possible: true,
      how: 'redis.durable() with as many replicas as there are, for the writes that must not be lost',
    },
    failoverSeconds: range(5, 10, SENTINEL),
    setting: 'down-after-5000',
    offers: [],
    recommended: 'it is simple to set up, costs next to nothing, and Redis needs less availability here',
  },
  {
    id: 'redis-managed',
    library: 'redis',
    title: 'Managed Redis or Valkey',
    strategy: 'managed',
    price: price('USD', 10, 20),
    setupDays: range(0.5, 1),
    maintenanceHours: { ...range(1, 2), derived: true },
    complexity: 'Low',
    skill: 'basic',
    skills: 'basic Redis configuration',
    ratings: {
      reliability: 'Very High',
      performance: 'High',
      control: 'Low',
      'data sovereignty': 'Low-Medium',
      scalability: 'High',
      'maintenance effort': 'Very Low',
    },
    ownMachines: false,
    zeroLoss: {
      possible: false,
      how: 'the replicas of the providers listed follow asynchronously',
    },
    offers: REDIS_OFFERS,
  },
];

/** @throws Error for an id that is not in the table */
export function deploymentOf(id: DeploymentId): Deployment {
  const found = DEPLOYMENTS.find((deployment) => deployment.id === id);
  if (!found) throw new Error(`there is no deployment '${id}'`);
  return found;
}
