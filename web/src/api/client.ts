/*
 * The one way to the API.  `api` is typed by the OpenAPI document; `ask` gives
 * the data of an answer or throws a Problem that says all there is to say.
 *
 * What every request may meet is dealt with here: a session that ended waits
 * for the sign-in over the page and goes on, a request token that changed is
 * fetched again, and a read that was answered 503 is repeated when the server
 * said it may be.
 */

import createClient from 'openapi-fetch';
import { reactive } from 'vue';
import type { paths } from './schema';

export interface Problem {
    code: string;
    message: string;
    status: number;
    requestId?: string;
    field?: string;
    detail?: string;
    retryAfter?: number;
    extra?: Record<string, unknown>;
}

interface ErrorBody {
    message_code?: string;
    message?: string;
    context?: { request_id?: string };
    extra?: { field?: string; detail?: string } & Record<string, unknown>;
}

export class ApiError extends Error implements Problem {
    code: string;
    status: number;
    requestId?: string;
    field?: string;
    detail?: string;
    retryAfter?: number;
    extra?: Record<string, unknown>;

    constructor(status: number, body: ErrorBody, response?: Response) {
        super(body.message ?? '');
        this.status = status;
        this.code = body.message_code ?? (status ? `HTTP_${status}` : 'NETWORK');
        this.requestId = body.context?.request_id
            ?? response?.headers.get('x-request-id') ?? undefined;
        this.field = body.extra?.field;
        this.detail = body.extra?.detail;
        this.extra = body.extra;
        const after = Number(response?.headers.get('retry-after'));
        this.retryAfter = after > 0 ? after : undefined;
    }
}

/** What the frame shows of the connection. */
export const wire = reactive({
    /** a session ended: the sign-in is open over the page */
    ended: false,
    /** seconds until a read is repeated, 0 when none waits */
    retryIn: 0,
});

let token: string | null = null;
let language = 'zh-CN';
const signedIn: (() => void)[] = [];

export function setToken(value: string | null): void {
    token = value;
}

export function setLanguage(value: string): void {
    language = value;
}

/** Who waited for a session goes on. */
export function resume(): void {
    wire.ended = false;
    signedIn.splice(0).forEach((go) => go());
}

function untilSignedIn(): Promise<void> {
    wire.ended = true;
    return new Promise((go) => signedIn.push(go));
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
    for (let left = Math.min(seconds, 60); left > 0; left--) {
        wire.retryIn = left;
        await new Promise((go) => setTimeout(go, 1000));
        if (signal.aborted) {
            break;
        }
    }
    wire.retryIn = 0;
    signal.throwIfAborted();
}

async function freshToken(): Promise<void> {
    const answer = await fetch('/api/v1/auth/csrf-token');
    if (answer.ok) {
        token = (await answer.json()).data.csrf_token;
    }
}

async function send(request: Request): Promise<Response> {
    const changes = request.method !== 'GET';
    const signingIn = /\/auth\/(login|session)$/.test(request.url);
    const patience = Date.now() + 60000;
    let waits = 0;

    for (let attempt = 1; ; attempt++) {
        const headers = new Headers(request.headers);
        headers.set('Accept-Language', language);
        if (changes) {
            if (token === null) {
                await freshToken();
            }
            headers.set('X-CSRFToken', token ?? '');
        }

        const response = await fetch(new Request(request.clone(), { headers }));
        if (response.ok || attempt - waits > 4) {
            return response;
        }

        // for a minute, less and less often
        if (response.status === 503 && !changes && !signingIn && Date.now() < patience) {
            const after = Number(response.headers.get('retry-after'));
            if (after > 0) {
                await pause(Math.max(after, Math.min(++waits, 5)), request.signal);
                continue;
            }
        }
        if (response.status !== 401 && response.status !== 403) {
            return response;
        }

        const body: ErrorBody = await response.clone().json().catch(() => ({}));
        if (body.message_code === 'AUTHENTICATION_REQUIRED' && !signingIn) {
            await untilSignedIn();
        } else if (body.message_code?.startsWith('CSRF_') && attempt === 1) {
            await freshToken();
        } else {
            return response;
        }
    }
}

export const api = createClient<paths>({
    fetch: send,
    querySerializer: { array: { style: 'form', explode: true } },
});

interface Answer {
    data?: unknown;
    error?: unknown;
    response: Response;
}

type Data<A> = A extends { data: infer B } ? B extends { data: infer D } ? D : undefined : never;

export async function ask<A extends Answer>(call: Promise<A>): Promise<Data<A>> {
    const { data, error, response } = await whole(call);
    if (!response.ok) {
        throw new ApiError(response.status, (error ?? {}) as ErrorBody, response);
    }
    return (data as { data: Data<A> } | undefined)?.data as Data<A>;
}

/** A file of the server, whole; one that was cut is an error. */
export async function file(path: string, query: Record<string, unknown>): Promise<{ blob: Blob; name: string }> {
    const words = Object.entries(query).flatMap(([k, v]) => (Array.isArray(v) ? v : [v])
        .filter((x) => x !== undefined).map((x) => [k, String(x)]));
    try {
        const response = await send(new Request(`${path}?${new URLSearchParams(words)}`));
        if (!response.ok) {
            throw new ApiError(response.status, await response.json().catch(() => ({})), response);
        }
        const name = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'taifish';
        return { blob: await response.blob(), name };
    } catch (e) {
        throw e instanceof ApiError || isAbort(e) ? e : new ApiError(0, {});
    }
}

/** The answer itself, for those who tell 202 from 200. */
export async function whole<A extends Answer>(call: Promise<A>): Promise<A> {
    try {
        return await call;
    } catch (e) {
        if (e instanceof DOMException && e.name === 'AbortError') {
            throw e;
        }
        throw new ApiError(0, {});
    }
}

export function isAbort(e: unknown): boolean {
    return e instanceof DOMException && e.name === 'AbortError';
}

export function problemOf(e: unknown): Problem {
    return e instanceof ApiError ? e
        : { code: 'CLIENT_ERROR', message: String(e), status: 0 };
}
