import { parse } from 'flatted';
import type { IRun, IRunData } from 'n8n-workflow';
import { setTimeout as sleep } from 'node:timers/promises';

/** The owner that `login()` sets up; use it to log in to the editor. */
export const owner = { email: 'owner@example.com', password: 'Journey-0wner', firstName: 'Journey', lastName: 'Owner' };

export interface Workflow {
	id: string;
	name: string;
	versionId: string;
	activeVersionId: string | null;
	active: boolean;
	[field: string]: unknown;
}
export interface ExecutionSummary {
	id: string;
	status: string;
	mode: string;
	startedAt: string;
	stoppedAt: string | null;
}
/** An execution with its data as n8n keeps it in memory; there is none before it has ended. */
export interface Execution extends ExecutionSummary {
	data: IRun['data'] | undefined;
	runData: IRunData;
}
interface PublicationStatus {
	status: 'in_progress' | 'not_published' | 'published' | 'partial' | 'failed';
	liveVersionId: string | null;
	triggers: Array<{ nodeId: string; status: string; errorMessage: string | null }>;
}

/** What the editor does, without the editor: n8n's internal REST API, as the owner. */
export class N8nRest {
	private cookie: string | undefined;

	constructor(readonly url: string) {}

	/** Sets the owner up, or logs in when there is one. Called by the first request that needs it. */
	async login(): Promise<void> {
		const credentials = { emailOrLdapLoginId: owner.email, password: owner.password };
		let response = await this.send('POST', '/rest/owner/setup', owner);
		if (response.status === 400) response = await this.send('POST', '/rest/login', credentials);
		const cookie = response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth='));
		if (!response.ok || cookie === undefined) throw new Error(`n8n refused the login: ${response.status} ${await response.text()}`);
		this.cookie = cookie.split(';')[0];
	}

	/** The value of the login cookie, for a browser. */
	async authCookie(): Promise<string> {
		if (this.cookie === undefined) await this.login();
		return this.cookie!.slice('n8n-auth='.length);
	}

	/** One request; the answer's `data`. @throws with n8n's own words unless the status is 2xx */
	async api<T>(method: string, path: string, body?: unknown): Promise<T> {
		if (this.cookie === undefined) await this.login();
		const response = await this.send(method, path, body);
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return (text === '' ? undefined : (JSON.parse(text) as { data: T }).data) as T;
	}

	private async send(method: string, path: string, body?: unknown): Promise<Response> {
		const headers: Record<string, string> = { 'content-type': 'application/json' };
		if (this.cookie !== undefined) headers.cookie = this.cookie;
		return await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
	}

	/** @returns the id of the new credential */
	async createCredential(name: string, type: string, data: Record<string, unknown>): Promise<string> {
		return (await this.api<{ id: string }>('POST', '/rest/credentials', { name, type, data })).id;
	}

	async createWorkflow(workflow: object): Promise<Workflow> {
		return await this.api('POST', '/rest/workflows', { name: 'Test', settings: {}, pinData: {}, ...workflow });
	}

	async workflow(id: string): Promise<Workflow> {
		return await this.api('GET', `/rest/workflows/${id}`);
	}

	/** Saves without publishing. */
	async update(id: string, workflow: object): Promise<Workflow> {
		return await this.api('PATCH', `/rest/workflows/${id}`, workflow);
	}

	/** Publishes the latest saved version and waits until every trigger of it runs. @throws when one does not start */
	async activate(id: string): Promise<void> {
		const { versionId } = await this.workflow(id);
		await this.api('POST', `/rest/workflows/${id}/activate`, { versionId });
		await this.untilPublished(id);
	}

	/** Waits until every trigger of the published version runs (after the CLI's `publish:workflow`, or a start). @throws when one does not start */
	async untilPublished(id: string): Promise<void> {
		const { activeVersionId } = await this.workflow(id);
		const publication = await this.settled(id, ({ status, liveVersionId }) => status === 'failed' || status === 'partial' || liveVersionId === activeVersionId);
		if (publication.status !== 'published') throw new Error(`Workflow ${id} was not published: ${JSON.stringify(publication)}`);
	}

	/** Saves and publishes. */
	async publish(id: string, workflow: object): Promise<void> {
		await this.update(id, workflow);
		await this.activate(id);
	}

	/** Unpublishes and waits until no trigger of it runs. */
	async deactivate(id: string): Promise<void> {
		await this.api('POST', `/rest/workflows/${id}/deactivate`, {});
		await this.settled(id, ({ status }) => status === 'not_published');
	}

	async publication(id: string): Promise<PublicationStatus> {
		return await this.api('GET', `/rest/workflows/${id}/publication-status`);
	}

	private async settled(id: string, wanted: (publication: PublicationStatus) => boolean): Promise<PublicationStatus> {
		const limit = Date.now() + 60_000;
		for (;;) {
			const publication = await this.publication(id);
			if (publication.status !== 'in_progress' && wanted(publication)) return publication;
			if (Date.now() > limit) throw new Error(`Workflow ${id}: no end of the publication after 60 s: ${JSON.stringify(publication)}`);
			await sleep(50);
		}
	}

	/** All saved executions of a workflow, newest first. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		const found: ExecutionSummary[] = [];
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		let cursor: string | null | undefined;
		do {
			const page = await this.api<{ results: ExecutionSummary[]; nextCursor?: string | null }>('GET',
				`/rest/executions?limit=100&filter=${filter}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
			found.push(...page.results);
			cursor = page.nextCursor;
		} while (cursor);
		return found;
	}

	async execution(id: string): Promise<Execution> {
		const execution = await this.api<ExecutionSummary & { data: string }>('GET', `/rest/executions/${id}`);
		const data = parse(execution.data) as IRun['data'] | undefined;
		return { ...execution, data, runData: data?.resultData?.runData ?? {} };
	}

	/** Runs by hand, as the editor's button does, from the trigger node (up to `destination`), and waits for the end. */
	async run(id: string, trigger: string, destination?: string): Promise<Execution> {
		const destinationNode = destination && { nodeName: destination, mode: 'inclusive' };
		const started = await this.api<{ executionId?: string }>('POST', `/rest/workflows/${id}/run`, { triggerToStartFrom: { name: trigger }, destinationNode });
		if (started.executionId === undefined) throw new Error(`The run waits for the trigger "${trigger}" to fire: ${JSON.stringify(started)}`);
		const limit = Date.now() + 60_000;
		for (;;) {
			const execution = await this.execution(started.executionId);
			if (!['new', 'running'].includes(execution.status)) return execution;
			if (Date.now() > limit) throw new Error(`Execution ${execution.id} still ${execution.status} after 60 s.`);
			await sleep(50);
		}
	}
}
