import type { components } from "./schema";

export type Shapes = components["schemas"];

/** Money, sizes, prices and ratios: the API writes them as JSON numbers. */
export type Num = number;

/** A shape whose decimals are plain numbers. */
export type Plain<T> = number extends T
  ? Exclude<T, string>
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Name in keyof T]: Plain<T[Name]> }
      : T;

export type Mode = Shapes["Mode"];
export type TradingState = Shapes["TradingState"];
export type Role = Shapes["Role"];
export type Side = Shapes["Side"];
export type Outcome = Shapes["Outcome"];
export type OrderStatus = Shapes["OrderStatus"];
export type Direction = Shapes["Direction"];
export type Sizing = Shapes["Sizing"];
export type StartPolicy = Shapes["StartPolicy"];
export type Interval = Shapes["Interval"];
export type FeedState = Shapes["FeedState"];

export type State = Plain<Shapes["StateShape"]>;
export type Model = Plain<Shapes["ModelShape"]>;
export type Models = Plain<Shapes["ModelsShape"]>;

export type Bot = Plain<Shapes["BotShape"]>;
export type BotPosition = Plain<Shapes["BotPositionShape"]>;
export type BotSettings = Plain<Shapes["BotSettingsShape"]>;
export type BotStatistics = Plain<Shapes["BotStatisticsShape"]>;
export type BotCurve = Plain<Shapes["BotCurveShape"]>;
export type BotUpdate = Plain<Shapes["BotUpdate"]>;
export type NewBot = Plain<Shapes["NewBot"]>;
export type Costs = Plain<Shapes["CostsShape"]>;
export type Sighting = Plain<Shapes["SightingShape"]>;
export type Sleeve = Plain<Shapes["SleeveShape"]>;
export type Source = Plain<Shapes["SourceShape"]>;

/** A row of `GET /api/positions`. */
export type Position = BotPosition & { botId: string };
export interface Positions {
  asOf: number | null;
  positions: Position[];
}

export type Latch = Plain<Shapes["LatchShape"]>;
export interface Latches {
  latches: Latch[];
}

/** A row of `GET /api/bots`. */
export interface Leader {
  id: string;
  name: string;
  walletAddress: string;
  enabled: boolean;
  direction: Direction;
  leverageMultiplier: Num;
  account: string;
  state: TradingState;
  latches: Latch[];
  sighting: Sighting | null;
  statistics: BotStatistics;
  costs: Costs;
}
export interface Leaders {
  bots: Leader[];
}

export type Trade = Plain<Shapes["TradeShape"]>;
export type Trades = Plain<Shapes["TradesShape"]>;
export type Check = Plain<Shapes["CheckShape"]>;
export type Decision = Plain<Shapes["DecisionShape"]>;
export type Decisions = Plain<Shapes["DecisionsShape"]>;
export type Order = Plain<Shapes["OrderShape"]>;
export type Orders = Plain<Shapes["OrdersShape"]>;
export type OrderStory = Plain<Shapes["OrderStoryShape"]>;
export type Transition = Plain<Shapes["TransitionShape"]>;
export type Shadow = Plain<Shapes["ShadowShape"]>;
export type Fill = Plain<Shapes["FillShape"]>;
export type Fills = Plain<Shapes["FillsShape"]>;

export type Equity = Plain<Shapes["EquityCurveShape"]>;
export type EquityPoint = Plain<Shapes["EquityPointShape"]>;

export type Settings = Plain<Shapes["SettingsShape"]>;
export type SettingsUpdate = Plain<Shapes["SettingsUpdate"]>;
export type SettingsStep = Plain<Shapes["SettingsStepShape"]>;
export type SettingsHistory = Plain<Shapes["SettingsHistoryShape"]>;

export type Account = Plain<Shapes["AccountShape"]>;
export type Accounts = Plain<Shapes["AccountsShape"]>;
export type AccountPosition = Plain<Shapes["AccountPositionShape"]>;
export type Preflight = Plain<Shapes["PreflightShape"]>;

export interface WorkerSeen {
  id: string;
  role: "active" | "standby";
  lastSeenAt: number;
}
export type Feed = Plain<Shapes["FeedShape"]>;
export type Feeds = Plain<Shapes["FeedsShape"]> & { workers?: WorkerSeen[] };
export type Latencies = Plain<Shapes["LatenciesShape"]>;
export type Step = Plain<Shapes["StepShape"]>;
export type Health = Plain<Shapes["HealthShape"]>;

export type Alert = Plain<Shapes["AlertShape"]>;
export type Alerts = Plain<Shapes["AlertsShape"]>;
export type Audit = Plain<Shapes["AuditPageShape"]>;
export type AuditEntry = Plain<Shapes["AuditShape"]>;
export type Event = Plain<Shapes["EventShape"]>;
export type Events = Plain<Shapes["EventsShape"]>;
export type DeadLetter = Plain<Shapes["DeadLetterShape"]>;
export type DeadLetters = Plain<Shapes["DeadLetters"]>;

export type Me = Plain<Shapes["MeShape"]>;
export type Preview = Plain<Shapes["Preview"]>;
export type KillSwitchAnswer = Plain<Shapes["KillSwitchAnswer"]> & { confirmed?: false };
export type StateAnswer = Plain<Shapes["StateAnswer"]>;
