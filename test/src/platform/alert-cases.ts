/** For each alert, a world in which it fires and one that is almost the same in which it does not. */

export interface AlertCase {
  readonly alert: string;
  /** Of the alert that fires, besides its severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Series in promtool's notation, a value each minute; at the 40th the alerts are looked at. */
  readonly fires: Readonly<Record<string, string>>;
  readonly silent: Readonly<Record<string, string>>;
}

const READY = 'nexus_queue_ready_jobs{queue="load-patients"}';
const DONE = "nexus_batch_done_timestamp_seconds";
const OFFERED = 'nexus_queue_offered_jobs{queue="load-cases"}';
const HELD = 'nexus_queue_jobs{queue="load-cases"}';
const ANSWERED = 'nexus_embedding_calls_total{result="answered"}';
const THROTTLED = 'nexus_embedding_calls_total{result="throttled"}';
const PENDING = 'nexus_dify_pending_documents{state="open"}';
const DELETED = 'nexus_dify_documents_total{change="deleted"}';
const READ = 'nexus_rows_read{entity="patients"}';
const REJECTED = 'nexus_rows{entity="patients",outcome="rejected"}';
const LAG = 'nexus_sync_lag_seconds{entity="cases"}';
const ACCOUNTS_DUE = 'nexus_accounts{state="due"}';
const SCRAPED = 'up{job="nexus",service="loader"}';
const startOf = (job: string): string =>
  `process_start_time_seconds{job="${job}",service="loader",pod="a"}`;
const slow = (le: string): string =>
  `nexus_connection_use_seconds_bucket{server="target",le="${le}"}`;
const pods = (service: string, pod: string): string =>
  `nexus_connections_limit{server="target",service="${service}",pod="${pod}"}`;

const BUDGET = 'nexus_connections_budget{server="target",service="loader",pod="a"}';

export const alertCases: readonly AlertCase[] = [
  {
    alert: "NexusRunStalled",
    fires: { [READY]: "3x60", [DONE]: "60x60" },
    silent: { [READY]: "3x60", [DONE]: "0+60x60" },
  },
  {
    alert: "NexusRunStandsStill",
    fires: { nexus_run_stalled_seconds: "0x20 30+60x40" },
    silent: { nexus_run_stalled_seconds: "0x20 31x5 0x40" },
  },
  {
    alert: "NexusExtractorSilent",
    fires: { nexus_run_active: "1x60", nexus_tick_success_timestamp_seconds: "0+60x20 _x40" },
    silent: { nexus_run_active: "1x60", nexus_tick_success_timestamp_seconds: "0+60x60" },
  },
  {
    alert: "NexusEntityBlocked",
    labels: { entity: "cases" },
    fires: { 'nexus_entity_blocked{entity="cases"}': "0x30 1x30" },
    silent: { 'nexus_entity_blocked{entity="cases"}': "1x30 0x30" },
  },
  {
    alert: "NexusSyncLagging",
    labels: { entity: "cases" },
    fires: { [LAG]: "0+60x60", nexus_sync_interval_seconds: "300x60" },
    silent: { [LAG]: "0+60x14 0x46", nexus_sync_interval_seconds: "300x60" },
  },
  {
    alert: "NexusSyncLagging",
    labels: { entity: "cases" },
    fires: { [LAG]: "301x60", nexus_sync_interval_seconds: "30x60" },
    silent: { [LAG]: "301x60", nexus_sync_interval_seconds: "0x60" },
  },
  {
    alert: "NexusSyncStopped",
    fires: { nexus_sync_stopped: "0x30 1x30" },
    silent: { nexus_sync_stopped: "1x30 0x30" },
  },
  {
    alert: "NexusBatchesFailing",
    labels: { entity: "cases" },
    fires: { 'nexus_batches{entity="cases",state="failed"}': "1x60" },
    silent: { 'nexus_batches{entity="cases",state="open"}': "1x60" },
  },
  {
    alert: "NexusExceptionsOverShare",
    labels: { entity: "patients" },
    fires: { [READ]: "1000x60", [REJECTED]: "60x60" },
    silent: { [READ]: "400x60", [REJECTED]: "60x60" },
  },
  {
    alert: "NexusQueueWithoutWorkers",
    labels: { queue: "load-patients" },
    fires: { [READY]: "3x60", 'nexus_job_seconds_count{queue="content",outcome="done"}': "1x60" },
    silent: {
      [READY]: "3x60",
      'nexus_job_seconds_count{queue="load-patients",outcome="done"}': "0x60",
    },
  },
  {
    alert: "NexusLedgerAndQueueApart",
    labels: { queue: "load-cases" },
    fires: { [OFFERED]: "200x60", [HELD]: "0x60" },
    silent: { [OFFERED]: "200x60", [HELD]: "196x60" },
  },
  {
    alert: "NexusApiSilent",
    fires: { [SCRAPED]: "1x60", nexus_ledger_up: "1x20 _x40" },
    silent: { [SCRAPED]: "1x60", nexus_ledger_up: "0x60" },
  },
  {
    alert: "NexusApiSilent",
    fires: { [SCRAPED]: "1x20 _x40", nexus_ledger_up: "1x20 _x40" },
    silent: { 'up{job="web",service="loader"}': "1x60" },
  },
  {
    alert: "NexusLedgerUnreadable",
    fires: { 'nexus_ledger_up{pod="a"}': "0x60", 'nexus_ledger_up{pod="b"}': "0x60" },
    silent: { 'nexus_ledger_up{pod="a"}': "0x60", 'nexus_ledger_up{pod="b"}': "1x60" },
  },
  {
    alert: "NexusServerSlow",
    labels: { server: "target" },
    fires: { [slow("10")]: "0+1x60", [slow("30")]: "0+10x60", [slow("+Inf")]: "0+10x60" },
    silent: { [slow("10")]: "0+10x60", [slow("30")]: "0+10x60", [slow("+Inf")]: "0+10x60" },
  },
  {
    alert: "NexusConnectionBudget",
    labels: { server: "target" },
    fires: { [pods("loader", "a")]: "50x60", [pods("embedder", "b")]: "41x60", [BUDGET]: "90x60" },
    silent: { [pods("loader", "a")]: "50x60", [pods("embedder", "b")]: "40x60", [BUDGET]: "90x60" },
  },
  {
    alert: "NexusConnectionBudget",
    labels: { server: "target" },
    fires: { [pods("loader", "a")]: "41x60", [BUDGET]: "40x60" },
    // Nobody said what the server gives.
    silent: { [pods("loader", "a")]: "50x60", [BUDGET]: "0x60" },
  },
  {
    alert: "NexusEmbeddingThrottled",
    fires: { [ANSWERED]: "0+10x60", [THROTTLED]: "0+3x60" },
    silent: { [ANSWERED]: "0+10x60", [THROTTLED]: "0+1x60" },
  },
  {
    alert: "NexusEmbeddingThrottled",
    fires: { 'nexus_embedding_paused{reason="stopped"}': "1x60" },
    silent: { 'nexus_embedding_paused{reason="money_cap"}': "1x60" },
  },
  {
    alert: "NexusDifyStuck",
    fires: { [PENDING]: "3x60", [DELETED]: "2x60" },
    silent: { [PENDING]: "3x60", [DELETED]: "0+1x60" },
  },
  {
    alert: "NexusAccountsStuck",
    fires: { nexus_accounts_stalled_seconds: "0x20 121+60x2 0 360+60x36" },
    silent: { nexus_accounts_stalled_seconds: "0x20 121+60x2 0x37" },
  },
  {
    alert: "NexusAccountsStuck",
    fires: { [ACCOUNTS_DUE]: "3x60", 'nexus_accounts_paused{reason="stopped"}': "1x60" },
    silent: { [ACCOUNTS_DUE]: "0x60", 'nexus_accounts_paused{reason="stopped"}': "1x60" },
  },
  {
    alert: "NexusAccountsRefused",
    fires: { 'nexus_accounts_refused{code="other"}': "1x60" },
    silent: { 'nexus_accounts_refused{code="other"}': "1x30 0x30" },
  },
  {
    alert: "NexusAccountsRefused",
    fires: { 'nexus_accounts{state="unwanted"}': "1x60" },
    silent: { [ACCOUNTS_DUE]: "1x60" },
  },
  {
    alert: "NexusMoneyCapNear",
    fires: { nexus_embedding_run_cost_dollars: "9x60", nexus_embedding_cap_dollars: "10x60" },
    silent: { nexus_embedding_run_cost_dollars: "9x60", nexus_embedding_cap_dollars: "0x60" },
  },
  {
    alert: "NexusRestarts",
    labels: { service: "loader" },
    fires: { [startOf("nexus")]: "0x20 1+60x40" },
    silent: { [startOf("nexus")]: "0x30 1x5 2x40", [startOf("web")]: "0x20 1+60x40" },
  },
];
