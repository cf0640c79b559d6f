import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { readSettings } from '../../lib/index';
import { journeyEngine } from '../shared/engine';

const CHOICES = [{ name: 'Skip', value: 'skip' }, { name: 'Send', value: 'send' }];

/** What to do about a customer of whom no consent is known. The first one says what the settings of the store say now. */
export async function consentChoices(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	// A store that is away must not empty the list: what is chosen would look as if it were not there.
	const found = await journeyEngine(this).then(async ({ store }) => await store.tx(readSettings)).catch(() => undefined);
	const now = CHOICES.find(({ value }) => value === found?.unknownConsent);
	return [{ name: now ? `As in Settings (${now.name} Now)` : 'As in Settings', value: 'settings', description: 'Of Journey Control' }, ...CHOICES];
}
