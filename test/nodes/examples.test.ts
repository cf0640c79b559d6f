import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NodeHelpers, type INode, type INodeParameters } from 'n8n-workflow';

import { canvasOf } from '../../lib/core/canvas/canvas';
import { checkCanvas } from '../../lib/core/canvas/check';
import { example, EXAMPLES, type ExampleNode } from '../support/examples';
import { NodeTypes } from '../support/headless/nodeTypes';

const ROOT = join(__dirname, '../..');
const MOST_BYTES = 150_000;
/** A node with its name and subtitle below it. */
const [WIDTH, HEIGHT] = [176, 150];

/** It needs a module that jest cannot load; the editor shows it in test/e2e/panels.test.ts. */
const UNLOADABLE = 'n8n-nodes-base.emailSend';

const nodeTypes = new NodeTypes();
const isNote = ({ type }: ExampleNode) => type === 'n8n-nodes-base.stickyNote';

describe.each(EXAMPLES)('examples/%s.json', (name) => {
	const { nodes, connections, settings, pinData } = example(name);
	const isJourney = nodes.some(({ type }) => type === 'n8n-nodes-journey.journeyEntryTrigger');

	it('has nothing to warn of', () => {
		expect(checkCanvas(canvasOf(nodes as never, connections as never))).toEqual({ problems: [], warnings: [] });
	});

	it('says in each field what the node reads, and no field is marked red', () => {
		for (const node of nodes.filter(({ type }) => type !== UNLOADABLE)) {
			const { description } = nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
			const parameters = node.parameters as INodeParameters;
			const read = NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node as INode, description);
			expect([node.name, read]).toMatchObject([node.name, parameters]);
			expect([node.name, NodeHelpers.getNodeParametersIssues(description.properties, node as INode, description)]).toEqual([node.name, null]);
		}
	});

	it('names no credentials of the n8n it was made in, and pins nothing', () => {
		expect(nodes.filter((node) => 'credentials' in node)).toEqual([]);
		expect(pinData).toEqual({});
	});

	it('fills no list of executions, and keeps no data that a journey must not be run again with', () => {
		expect(settings).toMatchObject({ executionOrder: 'v1', saveDataSuccessExecution: 'none', saveDataErrorExecution: name === 'health-alert' ? 'all' : 'none' });
		if (!isJourney) expect(nodes.filter(({ type }) => /journey(State|Action)$/.test(type))).toEqual([]);
	});

	it('gives each node an id, a name and a place of its own', () => {
		expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
		expect(new Set(nodes.map((node) => node.name)).size).toBe(nodes.length);
		const drawn = nodes.filter((node) => !isNote(node));
		const hiding = drawn.flatMap((one, at) => drawn.slice(at + 1).filter(({ position: [x, y] }) =>
			Math.abs(x - one.position[0]) < WIDTH && Math.abs(y - one.position[1]) < HEIGHT).map((other) => [one.name, other.name]));
		expect(hiding).toEqual([]);
	});

	it('writes to addresses of nobody', () => {
		const addresses = JSON.stringify(nodes).match(/[\w.]+@[\w.]+|https?:\/\/[\w.-]+/g) ?? [];
		expect(addresses.filter((one) => !/example\.com$/.test(one))).toEqual([]);
	});

	it('is explained, with a picture that is not too large', () => {
		const docs = readFileSync(join(ROOT, 'docs/examples.md'), 'utf8');
		const picture = `images/examples/${name}.png`;
		expect(docs).toContain(`](../examples/${name}.json)`);
		expect(docs).toContain(`](${picture})`);
		expect(existsSync(join(ROOT, 'docs', picture))).toBe(true);
		expect(statSync(join(ROOT, 'docs', picture)).size).toBeLessThan(MOST_BYTES);
		// What it hears of stands there by name.
		const events = nodes.flatMap(({ parameters }) => JSON.stringify(parameters).match(/"event":"[^"]+"/g) ?? []).map((found) => found.slice(9, -1));
		expect(events.filter((event) => !docs.includes(`\`${event}\``))).toEqual([]);
	});
});

it('every pattern is there, and the README leads to them', () => {
	expect(EXAMPLES).toEqual([
		'birthday', 'browse-abandonment', 'cart-abandonment', 'collector', 'feedback-routing', 'health-alert', 'loan-application', 'onboarding',
		'post-purchase', 'reactivation', 'renewal', 'trial-to-paid', 'uninstall',
	]);
	expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('](docs/examples.md)');
});
