import { join } from 'node:path';
import { selectors, type Browser, type Locator, type Page } from 'playwright-core';
import { openBrowser, PICTURES } from './browser';
import type { N8n } from './n8n';

/** What is drawn of a whole canvas, in pixels, before the editor fits it into a view that is wider by three tenths. */
const WIDEST = 1_900;

/** What a panel shows, top to bottom. */
export interface Panel {
	/** Names of fields and of groups of fields. */
	labels: string[];
	/** Text in coloured boxes. */
	notices: string[];
	/** Fields with a red mark. */
	issues: string[];
}

/** n8n's editor in a browser, as the owner sees it. Every picture goes to `.tmp/screenshots`. */
export class Editor {
	private constructor(private readonly n8n: N8n, private readonly browser: Browser, readonly page: Page) {}

	/**
	 * @param n8n started with `editor: true`
	 * @returns undefined, with a printed line, where no Chromium is installed: skip what needs it
	 * @throws in CI (CI=true), where nothing may be skipped
	 */
	static async open(n8n: N8n): Promise<Editor | undefined> {
		const browser = await openBrowser();
		if (!browser) return undefined;
		selectors.setTestIdAttribute('data-test-id');
		const context = await browser.newContext({ viewport: { width: 1500, height: 1500 } });
		context.setDefaultTimeout(60_000);
		await context.addCookies([{ name: 'n8n-auth', value: await n8n.authCookie(), url: n8n.url }]);
		return new Editor(n8n, browser, await context.newPage());
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	/** Opens a workflow and takes a picture of its canvas. @param picture name of the file */
	async openCanvas(workflow: string, picture: string, size = { width: 1500, height: 1500 }): Promise<void> {
		await this.page.setViewportSize(size);
		await this.page.goto(`${this.n8n.url}/workflow/${workflow}`);
		await this.page.getByTestId('canvas-node').first().waitFor();
		await this.still(this.page.getByTestId('canvas'));
		await this.page.screenshot({ path: join(PICTURES, `${picture}.png`) });
	}

	/**
	 * Everything that is on a workflow's canvas, and nothing of the editor around it.
	 *
	 * @param size of what is drawn, at full zoom
	 * @returns a PNG, some 2,300 pixels wide at most, and how many nodes have a red mark
	 */
	async wholeCanvas(workflow: string, size: { width: number; height: number }): Promise<{ png: Buffer; marked: number }> {
		const zoom = Math.min(1, WIDEST / size.width);
		await this.page.setViewportSize({ width: Math.round(size.width * zoom * 1.3) + 300, height: Math.round(size.height * zoom * 1.3) + 300 });
		await this.page.goto(`${this.n8n.url}/workflow/${workflow}`);
		await this.page.getByTestId('canvas-node').first().waitFor();
		await this.page.addStyleTag({ content: '.vue-flow__panel, .vue-flow__background, [data-test-id="canvas-handle-plus-wrapper"] { visibility: hidden !important }' });
		await this.still(this.page.getByTestId('canvas'));
		await this.page.getByTestId('canvas').click({ position: { x: 5, y: 5 } });
		await this.page.keyboard.press('1');
		await this.page.waitForTimeout(1_000); // it zooms in steps
		const boxes = await Promise.all((await this.page.locator('.vue-flow__node').all()).map(async (one) => (await one.boundingBox())!));
		const [left, top] = [Math.min(...boxes.map(({ x }) => x)) - 24, Math.min(...boxes.map(({ y }) => y)) - 24];
		const [right, bottom] = [Math.max(...boxes.map(({ x, width }) => x + width)) + 48, Math.max(...boxes.map(({ y, height }) => y + height)) + 48];
		const png = await this.page.screenshot({ clip: { x: left, y: top, width: right - left, height: bottom - top } });
		return { png, marked: await this.page.getByTestId('node-issues').count() };
	}

	/** Names on the outputs of a node on the open canvas. An output without a name counts as ''. */
	async outputs(node: string): Promise<string[]> {
		const handles = await this.page.locator(`[data-test-id="canvas-node-output-handle"][data-node-name="${node}"]`).allInnerTexts();
		return handles.map((text) => text.trim());
	}

	/** Text at a node on the open canvas: its name, and what is written below it. */
	async subtitle(node: string): Promise<string> {
		const text = await this.node(node).innerText();
		const lines = text.split('\n');
		return lines.slice(lines.indexOf(node) + 1).join(' ');
	}

	/** Opens a node's panel on the open canvas, takes its picture, reads it and closes it. */
	async panel(node: string): Promise<Panel> {
		await this.node(node).dblclick({ position: { x: 20, y: 20 } });
		const fields = this.page.getByTestId('node-parameters');
		await fields.waitFor();
		await this.still(fields);
		await this.picture(fields, node);
		const panel = {
			labels: await visible(fields.getByTestId('input-label')),
			notices: await visible(fields.locator('.notice')),
			issues: (await visible(fields.locator('.has-issues').locator('xpath=ancestor::*[@data-test-id="parameter-item"][1]'))).map(firstLine),
		};
		await this.page.getByTestId('ndv-close-button').click();
		await this.page.getByTestId('ndv').waitFor({ state: 'detached' });
		return { ...panel, labels: panel.labels.map(firstLine) };
	}

	/** Opens the dialog of a credential, takes its picture and reads the names of its fields. */
	async credential(id: string, picture: string): Promise<string[]> {
		await this.page.goto(`${this.n8n.url}/home/credentials/${id}`);
		const dialog = this.page.getByTestId('credential-edit-dialog');
		await dialog.waitFor();
		await this.still(dialog);
		await dialog.screenshot({ path: join(PICTURES, `${picture}.png`) });
		return (await visible(dialog.getByTestId('credential-connection-parameter'))).map(firstLine);
	}

	private node(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	/** The panel from its tabs to its last field. */
	private async picture(fields: Locator, name: string): Promise<void> {
		const box = (await fields.boundingBox())!;
		const parts = await fields.locator('[data-test-id="parameter-item"], .parameter-item, .multi-parameter').all();
		const boxes = await Promise.all(parts.map(async (part) => await part.boundingBox()));
		const last = Math.max(...boxes.map((one) => (one ? one.y + one.height : 0)));
		const top = box.y - 44;
		const height = Math.min(Math.max(last + 24 - top, 120), 1500 - top);
		await this.page.screenshot({ path: join(PICTURES, `${name}.png`), clip: { x: box.x, y: top, width: box.width, height } });
	}

	/** Waits until the text has not changed for a quarter of a second: the editor fetches parts of a panel later. */
	private async still(what: Locator): Promise<void> {
		for (let before = ''; ;) {
			const text = await what.innerText();
			if (text === before) return;
			before = text;
			await this.page.waitForTimeout(250);
		}
	}
}

async function visible(all: Locator): Promise<string[]> {
	const shown = await Promise.all((await all.all()).map(async (one) => ((await one.isVisible()) ? (await one.innerText()).trim() : '')));
	return shown.filter((text) => text !== '');
}

function firstLine(text: string): string {
	return text.split('\n')[0]!.trim();
}
