/* Rows as the document types them, and the shapes of its free-form columns. */

import type { Expression, Operator } from '@/lib/rules';
import type { paths } from './schema';

type Get<P extends keyof paths> = paths[P] extends {
    get: { responses: { 200: { content: { 'application/json': infer B } } } };
} ? B extends { data: infer D } ? D : never : never;

type Row<P extends keyof paths> = Get<P> extends { items: (infer R)[] } ? R : never;

export type Instance = Row<'/api/v1/instances'>;
export type InstanceDetail = Get<'/api/v1/instances/{id}'>['instance'];
export type Account = Row<'/api/v1/accounts/ledgers'>;
export type Permissions = Get<'/api/v1/accounts/ledgers/{id}/permissions'>;
export type Change = Row<'/api/v1/account-change-logs'>;
export type Run = Row<'/api/v1/task-runs'>;
export type Credential = Row<'/api/v1/credentials'>;
export type Tag = Row<'/api/v1/tags'>;
export type User = Row<'/api/v1/users'>;
export type Token = Get<'/api/v1/auth/tokens'>['items'][number];
export type Session = Get<'/api/v1/auth/session'>;
export type Health = Get<'/api/v1/health/detailed'>;
export type InstanceStatistics = Get<'/api/v1/instances/statistics'>;

export type Engine = 'postgresql' | 'mysql' | 'sqlserver' | 'oracle';
export const ENGINES: Engine[] = ['postgresql', 'mysql', 'sqlserver', 'oracle'];
export const PORTS: Record<Engine, number> = {
    postgresql: 5432, mysql: 3306, sqlserver: 1433, oracle: 1521,
};
export const ENGINE_NAMES: Record<string, string> = {
    postgresql: 'PostgreSQL', mysql: 'MySQL', mariadb: 'MariaDB',
    sqlserver: 'SQL Server', oracle: 'Oracle',
};

/** A list, or lists by object, or by database and object, or yes and no. */
export type Rights = string[] | { [object: string]: Rights | boolean };

export interface Snapshot {
    version: number;
    categories: Record<string, Rights>;
    type_specific: Record<string, Record<string, unknown>>;
}

export interface Facts {
    capabilities?: string[];
    capability_reasons?: Record<string, string[]>;
    roles?: string[];
}

export interface StaleScope {
    scope: string;
    database: string;
    status: string;
    error_code: string | null;
    known: boolean;
    stale_since: string | null;
}

export interface LifeFact {
    value: string | boolean | null;
    days: number | null;
    evidence: string | null;
    code: string | null;
    reason: string | null;
}

export interface DiffEntry {
    field: string;
    label?: string;
    label_en?: string;
    object?: string;
    database?: string;
    name?: string;
    action?: string;
    permissions?: string[];
    before?: unknown;
    after?: unknown;
    description?: string;
}

export interface HistoryItem {
    id: number;
    change_type: string;
    is_elevation: boolean;
    change_time: string;
    status: string;
    message: string | null;
    privilege_diff: { entries: DiffEntry[] } | DiffEntry[] | null;
    other_diff: { entries: DiffEntry[] } | DiffEntry[] | null;
    session_id: string | null;
}

export interface Version {
    id: number;
    observed_from: string;
    observed_until: string | null;
    previous_run_at: string | null;
    snapshot: Snapshot;
    facts: Facts;
    session_id: string | null;
}

export interface RunItem {
    id: number;
    item_type: string;
    item_key: string;
    item_name: string | null;
    instance_id: number | null;
    status: string;
    attempt: number;
    started_at: string | null;
    completed_at: string | null;
    metrics_json: Record<string, number> | null;
    details_json: {
        message?: string;
        message_en?: string;
        partial?: boolean;
        unknown_scopes?: (string | Partial<StaleScope>)[];
    } | null;
    error_code: string | null;
    error_message: string | null;
    error_detail: string | null;
}

export interface TagRef {
    name: string;
    display_name: string;
}

export type Class = Get<'/api/v1/accounts/classifications'>['classifications'][number];
export type Assignment = Get<'/api/v1/accounts/classifications/assignments'>['assignments'][number];
export type Job = Get<'/api/v1/scheduler/jobs'>[number];

export interface Rule {
    id: number;
    rule_name: string;
    rule_version: number;
    classification_id: number;
    classification_name: string;
    db_type: Engine;
    operator: Operator;
    rule_expression: Expression;
    rule_text: string;
    is_active: boolean;
    superseded_at: string | null;
    created_at: string;
    updated_at: string;
    matched_accounts_count: number;
    versions?: { id: number; rule_version: number; rule_text: string; created_at: string; superseded_at: string | null }[];
}

export interface ClassRef {
    name: string;
    code: string;
    risk_level: number;
}

export interface Point {
    period_start: string;
    period_end: string;
    value_avg: number;
    value_sum: number;
    coverage_days: number;
    expected_days: number;
}

export type Log = Row<'/api/v1/logs'>;

export type Database = Row<'/api/v1/databases/ledgers'>;

export interface SyncStatus {
    value?: string;
    label?: string;
}

export interface TableSize {
    schema_name: string | null;
    table_name: string;
    size_bytes: number;
    data_bytes: number | null;
    index_bytes: number | null;
    row_count: number | null;
}

export type Forecast = Row<'/api/v1/capacity/instances/forecasts'>;
export type Partition = Row<'/api/v1/partitions'>;

export type AuditRow = Row<'/api/v1/audit'>;
